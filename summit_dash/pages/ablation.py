"""The page of ablation: what the model says of a class's images without channels that a person chose in the graph.

Its callbacks ask worker processes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component
from flask import current_app

from precompute.contract.errors import InputError
from summit_dash.live.service import EXTENSION, Live, find_obstacle
from summit_dash.live.visits import Visit
from summit_dash.pages import ablation_ids, ids
from summit_dash.pages.ablation_parts import Chosen, build_answer, build_choice
from summit_dash.pages.images_parts import build_message
from summit_dash.pages.page import Page
from summit_dash.run.store import RunStore
from summit_dash.run.stores import Stores

__all__ = ["PAGE", "build_layout", "register_callbacks"]

PAGE = Page("ablation", "Ablation", needs_server=True, order=34, place="Ablation: a class without channels")


def build_layout() -> Component:
    """Builds the empty place of the answer, and the button that ends the wait for it."""
    stores = ("WANTED", "VISIT", "SEEN", "NEXT", "ASK")
    return html.Div(
        [
            *(dcc.Store(id=getattr(ablation_ids, name)) for name in stores),
            html.Div(id=ablation_ids.BODY, className="ablation-body"),
            html.Button("Cancel", id=ablation_ids.CANCEL, type="button", className="images-quiet ablation-cancel"),
        ],
        className="ablation",
    )


def register_callbacks(app: Dash) -> None:
    """Adds the callbacks: what the address asks, the answer as it comes, and its end."""
    app.clientside_callback(
        ClientsideFunction("summit", "wantAblation"), Output(ablation_ids.WANTED, "data"), Input(ids.SELECTION, "data")
    )
    app.clientside_callback(ClientsideFunction("summit", "askAblation"), Input(ablation_ids.NEXT, "data"))
    app.callback(
        Output(ablation_ids.NEXT, "data", allow_duplicate=True),
        Input(ablation_ids.CANCEL, "n_clicks"),
        State(ablation_ids.VISIT, "data"),
        prevent_initial_call=True,
    )(cancel)
    app.callback(
        Output(ablation_ids.BODY, "children"),
        Output(ablation_ids.NEXT, "data"),
        Output(ablation_ids.SEEN, "data"),
        Output(ablation_ids.VISIT, "data"),
        Input(ablation_ids.WANTED, "data"),
        Input(ablation_ids.ASK, "data"),
        State(ablation_ids.VISIT, "data"),
        State(ablation_ids.SEEN, "data"),
        prevent_initial_call=True,
    )(answer)


def cancel(n_clicks: int | None, token: str | None) -> Any:
    """Cancels what a visit waits for."""
    if not n_clicks or token is None:
        return no_update
    live = _get_live()
    visit = live.visits.find(token)
    if visit is not None:
        live.cancel(visit, keep=True)
    return time.time()  # the browser asks once more, and shows that it was cancelled


def answer(
    wanted: dict[str, Any] | None, _: float | None, token: str | None, seen: str | None
) -> tuple[Any, Any, Any, Any]:
    """Shows what is known by now of the class without the channels; the browser asks again while more is computed."""
    live = _get_live()
    visit = live.visits.find(token)
    if wanted is None:  # the page is left: nobody waits any more
        if visit is not None:
            live.keep_only(visit, [])
        return no_update, None, no_update, no_update
    store = _find_store(wanted)
    try:
        obstacle = find_obstacle(store)
        if obstacle is not None:
            raise obstacle
        chosen = read_chosen(store, wanted)
        if visit is None:
            visit = live.visits.open()
        return (*_show(live, visit, store, chosen, seen), visit.token)
    except InputError as problem:
        return build_message(problem), None, str(problem), no_update


def _show(live: Live, visit: Visit, store: RunStore, chosen: Chosen, seen: str | None) -> tuple[Any, Any, Any]:
    head = build_choice(store, chosen)
    if not chosen.mode:
        return head, None, ""
    ticket = live.ablate(visit, store, chosen.class_id, chosen.channels, chosen.mode)
    view = ticket.view
    place = live.workers.ask(ticket)
    live.keep_only(visit, [ticket])
    version = json.dumps([store.name, store.version, chosen, view.state, view.version, place])
    body = no_update if version == seen else [*head, *build_answer(store, chosen, view, place)]
    return body, None if view.is_over else time.time(), version


def read_chosen(store: RunStore, wanted: Mapping[str, Any]) -> Chosen:
    """Reads the class, the channels and the mode that an address asks for; without channels, those of the graph.

    Raises:
        InputError: the run has no such class, or the class has no graph and no channel is named.
    """
    class_id = wanted.get("class_id")
    if not isinstance(class_id, int) or class_id not in store.classes:
        raise InputError("Channels are removed for a class of the run.", "None is chosen.", "Choose one in the list.")
    pins = [str(each) for each in wanted.get("pins") or []]
    mode = wanted.get("mode")
    by_effect = wanted.get("chosen") == "effect" and store.has_graphs_by_effect
    graph = store.graph_by_effect(class_id) if by_effect else store.graph(class_id)
    own = [f"{node.channel.layer}-{node.channel.channel}" for node in graph.nodes]
    if not pins and not own:
        raise InputError(
            "Channels that are removed are those that are pinned in the graph, or all of the graph.",
            f"{store.classes[class_id].short_name} has no graph.",
            "Choose another class.",
        )
    known_mode = str(mode) if mode in ("remove", "keep") else ""
    return Chosen(class_id, tuple(pins or own), known_mode, bool(pins), len(own))


def _get_live() -> Live:
    live: Live = current_app.extensions[EXTENSION]["live"]
    return live


def _find_store(wanted: dict[str, Any]) -> RunStore:
    stores: Stores = current_app.extensions[EXTENSION]["stores"]
    name = str(wanted.get("run"))
    return stores[name if name in stores else next(iter(stores))]
