"""The one state: what a person does becomes an action, an action becomes the next selection and the next address."""

from __future__ import annotations

from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, dcc, no_update
from dash.development.base_component import Component

from summit_dash import ids
from summit_dash.selection import Selection, apply_action, is_history_step
from summit_dash.stores import Stores, complete

__all__ = ["build_layout", "parts_of", "register_callbacks"]

_PART_FIELDS: dict[str, tuple[str, ...]] = {
    ids.SIDEBAR_PART: ("run", "class_id", "layer"),
    ids.EMBEDDING_PART: ("run", "class_id", "vs", "layer", "view"),
    ids.GRAPH_PART: ("run", "class_id", "vs", "view", "unread"),
    ids.PANEL_PART: ("run", "class_id", "vs", "view", "layer", "channel", "unread"),
}


def build_layout() -> list[Component]:
    names = (ids.ACTION, ids.SELECTION, ids.ADDRESS, *ids.PARTS)
    return [dcc.Store(id=name) for name in names]


def parts_of(selection: Selection) -> dict[str, dict[str, Any]]:
    """What each view reads of the selection."""
    fields = selection.to_dict()
    parts = {part: {name: fields[name] for name in names} for part, names in _PART_FIELDS.items()}
    if selection.view != "compare":
        parts[ids.GRAPH_PART]["vs"] = parts[ids.EMBEDDING_PART]["vs"] = None
    if selection.channel is None and not selection.text_of("channel"):
        parts[ids.PANEL_PART] = {"channel": None}
    return parts


def register_callbacks(app: Dash, stores: Stores) -> None:
    app.clientside_callback(ClientsideFunction("summit", "boot"), Output(ids.ACTION, "data"), Input(ids.PAGE, "id"))
    app.clientside_callback(ClientsideFunction("summit", "showAddress"), Input(ids.ADDRESS, "data"))
    app.clientside_callback(ClientsideFunction("summit", "showSelection"), Input(ids.SELECTION, "data"))

    @app.callback(
        Output(ids.SELECTION, "data"),
        Output(ids.ADDRESS, "data"),
        *[Output(part, "data") for part in ids.PARTS],
        Input(ids.ACTION, "data"),
        State(ids.SELECTION, "data"),
        prevent_initial_call=True,
    )
    def select(action: dict[str, Any], data: dict[str, Any] | None) -> list[Any]:
        before = Selection.from_dict(data) if data else None
        after = complete(apply_action(before or Selection(), action), stores)
        old = parts_of(before) if before else {}
        parts = [part if old.get(name) != part else no_update for name, part in parts_of(after).items()]
        if before == after:
            return [no_update] * (2 + len(parts))
        return [after.to_dict(), _address(before, after, action), *parts]


def _address(before: Selection | None, after: Selection, action: dict[str, Any]) -> Any:
    """The query to show. Going back and forward shows its own; a link that cannot be read stays as it is."""
    if after.unread:
        return no_update
    is_step = before is not None and "query" not in action and is_history_step(before, after)
    return {"query": after.to_query(), "push": is_step}
