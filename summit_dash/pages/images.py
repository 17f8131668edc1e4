"""The page of images: why did the model say that, about this image. Its callbacks ask worker processes."""

from __future__ import annotations

import base64
import binascii
import json
import time
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component
from flask import current_app

from precompute.contract.errors import InputError
from summit_dash.live.service import EXTENSION, Live, find_obstacle
from summit_dash.live.visits import Visit
from summit_dash.pages import ids, images_graph, images_ids
from summit_dash.pages.components import build_icon
from summit_dash.pages.images_answers import Shown, show
from summit_dash.pages.images_graph_tools import build_zoom
from summit_dash.pages.images_parts import build_message
from summit_dash.pages.page import Page
from summit_dash.run.store import RunStore
from summit_dash.run.stores import Stores

__all__ = ["PAGE", "build_layout", "register_callbacks"]

PAGE = Page("images", "Images", needs_server=True, order=32)


def build_layout() -> Component:
    """Builds the place to drop images, the strip of images, and the empty place of the answers."""
    words = [
        build_icon("plus"),
        html.B("Drop images here, or choose files"),
        html.Span("They stay in memory and are forgotten."),
    ]
    upload = dcc.Upload(
        html.Button(words, type="button", className="images-drop"),
        id=images_ids.UPLOAD,
        multiple=True,
        className="images-upload",
        className_active="images-upload is-over",
        style={},
        style_active={},
    )
    return html.Div(
        [
            dcc.Store(id=images_ids.WANTED),
            dcc.Store(id=images_ids.VISIT),
            dcc.Store(id=images_ids.SEEN),
            dcc.Store(id=images_ids.NEXT),
            dcc.Store(id=images_ids.ASK),
            dcc.Store(id=images_ids.PROBE),
            dcc.Store(id=images_ids.ROWS),
            html.Div(id=images_ids.MESSAGE),
            html.Div([upload, html.Div(id=images_ids.STRIP, className="images-strip")], className="images-top"),
            html.Div(
                [
                    html.Button("Cancel", id=images_ids.CANCEL, type="button", className="images-quiet"),
                    html.Button("Forget my images", id=images_ids.CLEAR, type="button", className="images-quiet"),
                    html.Label(
                        [
                            "Opacity of the maps",
                            dcc.Input(id=images_ids.OPACITY, type="range", min=0, max=100, step=5, value=80),
                        ],
                        className="images-opacity",
                    ),
                ],
                className="images-tools",
            ),
            html.Div(id=images_ids.BODY, className="images-body"),
            html.Div(
                [
                    html.Div(
                        [html.Div(id=images_ids.CANVAS, className="images-graph-canvas"), build_zoom()],
                        className="images-graph-stage",
                    ),
                    html.Div(id=images_ids.PROBED, className="images-probe", role="status"),
                ],
                id=images_ids.GRAPH_BOX,
                className="images-graph",
                hidden=True,
            ),
            html.Div(id=images_ids.TABLE, className="images-table"),
        ],
        className="images",
    )


def register_callbacks(app: Dash) -> None:
    """Adds the callbacks: what the address asks, images that arrive or leave, and answers as they come."""
    app.clientside_callback(
        ClientsideFunction("summit", "wantImages"), Output(images_ids.WANTED, "data"), Input(ids.SELECTION, "data")
    )
    app.clientside_callback(ClientsideFunction("summit", "showUpload"), Input(images_ids.VISIT, "data"))
    app.clientside_callback(ClientsideFunction("summit", "askAgain"), Input(images_ids.NEXT, "data"))
    app.clientside_callback(ClientsideFunction("summit", "fadeMaps"), Input(images_ids.OPACITY, "value"))
    app.clientside_callback(ClientsideFunction("summit", "showImageRows"), Input(images_ids.ROWS, "data"))
    app.clientside_callback(
        ClientsideFunction("summit", "probeChannel"),
        Output(images_ids.PROBE, "data"),
        Input(images_ids.GRAPH, "mouseoverNodeData"),
    )
    app.clientside_callback(
        ClientsideFunction("summit", "openProbed"), Input(images_ids.GRAPH, "tapNodeData"), prevent_initial_call=True
    )
    app.callback(
        Output(images_ids.VISIT, "data"),
        Output(images_ids.MESSAGE, "children"),
        Output(images_ids.UPLOAD, "contents"),
        Input(images_ids.UPLOAD, "contents"),
        State(images_ids.UPLOAD, "filename"),
        State(images_ids.VISIT, "data"),
        prevent_initial_call=True,
    )(receive)
    app.callback(
        Output(images_ids.VISIT, "data", allow_duplicate=True),
        Input(images_ids.CLEAR, "n_clicks"),
        State(images_ids.VISIT, "data"),
        prevent_initial_call=True,
    )(forget)
    app.callback(
        Output(images_ids.NEXT, "data", allow_duplicate=True),
        Input(images_ids.CANCEL, "n_clicks"),
        State(images_ids.VISIT, "data"),
        prevent_initial_call=True,
    )(cancel)
    app.callback(
        Output(images_ids.STRIP, "children"),
        Output(images_ids.BODY, "children"),
        Output(images_ids.NEXT, "data"),
        Output(images_ids.SEEN, "data"),
        Output(images_ids.VISIT, "data", allow_duplicate=True),
        Output(images_ids.CANVAS, "children"),
        Output(images_ids.GRAPH_BOX, "hidden"),
        Output(images_ids.PROBED, "children"),
        Output(images_ids.ROWS, "data"),
        Input(images_ids.WANTED, "data"),
        Input(images_ids.VISIT, "data"),
        Input(images_ids.ASK, "data"),
        Input(images_ids.PROBE, "data"),
        State(images_ids.SEEN, "data"),
        prevent_initial_call=True,
    )(answer)


def receive(contents: list[str] | None, names: list[str] | None, known: dict[str, Any] | None) -> tuple[Any, Any, Any]:
    """Takes the images that a person brought; those that are refused are named in a message."""
    if not contents:
        return no_update, no_update, no_update
    live = _get_live()
    visit = _find_visit(live, known)
    added, refused = [], []
    for name, content in zip(names or [], contents, strict=True):
        try:
            added.append(live.visits.add(visit, name, _read_content(name, content)))
        except InputError as problem:
            refused.append(problem)
    message = build_message(refused[0], len(refused)) if refused else None
    return _describe_visit(visit, added[-1] if added else None), message, None


def forget(n_clicks: int | None, known: dict[str, Any] | None) -> Any:
    """Forgets the images of a visit and what was asked about them."""
    if not n_clicks or known is None:
        return no_update
    live = _get_live()
    visit = _find_visit(live, known)
    live.cancel(visit)
    live.visits.clear(visit)
    return _describe_visit(visit, "")


def cancel(n_clicks: int | None, known: dict[str, Any] | None) -> Any:
    """Cancels what a visit waits for."""
    if not n_clicks or known is None:
        return no_update
    live = _get_live()
    visit = live.visits.find(known["token"])
    if visit is not None:
        live.cancel(visit, keep=True)
    return {"at": time.time(), "isNew": True}  # the browser asks once more, and shows that it was cancelled


def answer(
    wanted: dict[str, Any] | None,
    known: dict[str, Any] | None,
    _: float | None,
    probe: dict[str, Any] | None,
    seen: str | None,
) -> tuple[Any, ...]:
    """Shows what is known by now about the image that is asked for; the browser asks again while more is computed."""
    unchanged = (no_update, no_update, no_update, no_update)
    if wanted is None:
        return no_update, no_update, None, no_update, no_update, *unchanged
    live = _get_live()
    store = _find_store(wanted)
    obstacle = find_obstacle(store)
    if obstacle is not None:
        return [], build_message(obstacle), None, "", no_update, [], True, [], None
    visit = live.visits.find((known or {}).get("token"))
    opened = no_update
    if visit is None:
        visit = live.visits.open()
        opened = _describe_visit(visit, None)
    shown: Shown = show(live, visit, store, {**wanted, "probe": probe}, seen)
    ask_again = None if shown.is_over else {"at": time.time(), "isNew": shown.version != seen}
    if shown.version == seen:
        return no_update, no_update, ask_again, no_update, opened, *unchanged
    theme = "dark" if wanted.get("theme") == "dark" else "light"
    identity = json.dumps([shown.elements, theme])
    graph: Any = no_update
    if not shown.elements or visit.shown_graph != identity:
        graph = images_graph.build_canvas(shown.elements, theme) if shown.elements else []
    visit.shown_graph = identity
    boxed = (graph, not shown.elements, shown.probed, shown.table)
    return shown.strip, shown.body, ask_again, shown.version, opened, *boxed


def _get_live() -> Live:
    live: Live = current_app.extensions[EXTENSION]["live"]
    return live


def _find_store(wanted: dict[str, Any]) -> RunStore:
    stores: Stores = current_app.extensions[EXTENSION]["stores"]
    name = str(wanted.get("run"))
    if not stores:
        raise InputError("This page asks the model of a run.", "No run is open here.", "Open one beside the result.")
    return stores[name if name in stores else next(iter(stores))]


def _find_visit(live: Live, known: dict[str, Any] | None) -> Visit:
    """Returns the visit of the page; a new one where it is the first time, or where it was forgotten."""
    return live.visits.find((known or {}).get("token")) or live.visits.open()


def _describe_visit(visit: Visit, show_now: str | None) -> dict[str, Any]:
    """Describes a visit for its page. `show` is the image to open now; empty for none, None to leave it."""
    return {"token": visit.token, "uploads": list(visit.uploads), "show": show_now, "n": visit.n_brought}


def _read_content(name: str, content: str) -> bytes:
    """Reads the content of a file from the form in which the browser sends it."""
    try:
        return base64.b64decode(content.partition(",")[2], validate=True)
    except binascii.Error as problem:
        raise InputError("A file arrives whole.", f"{name} did not.", "Drop it again.") from problem
