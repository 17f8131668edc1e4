"""The page of images: why did the model say that, about this image. Its callbacks ask worker processes."""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from precompute.contract.errors import InputError
from summit_dash.live.visits import Visit
from summit_dash.pages import images_graph, images_ids
from summit_dash.pages.asking import Asking, Question, Reply, describe_visit, find_store, find_visit, get_live
from summit_dash.pages.components import build_icon
from summit_dash.pages.images_answers import Shown, ask_at_once, show
from summit_dash.pages.images_graph_tools import build_zoom
from summit_dash.pages.images_parts import build_message, open_image
from summit_dash.pages.page import Page

__all__ = ["ASKING", "PAGE", "build_layout", "register_callbacks"]

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
            *ASKING.build_stores(),
            dcc.Store(id=images_ids.BROUGHT),
            dcc.Store(id=images_ids.PROBE),
            dcc.Store(id=images_ids.ROWS),
            html.Div(id=images_ids.MESSAGE),
            html.Div([upload, html.Div(id=images_ids.STRIP, className="images-strip")], className="images-top"),
            html.Div(
                [
                    ASKING.build_cancel(),
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
    ASKING.register(app)
    visit = ASKING.name("visit")
    app.clientside_callback(ClientsideFunction("summit", "showUpload"), Input(images_ids.BROUGHT, "data"))
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
        Output(visit, "data"),
        Output(images_ids.BROUGHT, "data"),
        Output(images_ids.MESSAGE, "children"),
        Output(images_ids.UPLOAD, "contents"),
        Input(images_ids.UPLOAD, "contents"),
        State(images_ids.UPLOAD, "filename"),
        State(visit, "data"),
        State(ASKING.name("wanted"), "data"),
        prevent_initial_call=True,
    )(receive)
    app.callback(
        Output(visit, "data", allow_duplicate=True),
        Output(images_ids.BROUGHT, "data", allow_duplicate=True),
        Output(ASKING.name("next"), "data", allow_duplicate=True),
        Input(images_ids.CLEAR, "n_clicks"),
        State(visit, "data"),
        prevent_initial_call=True,
    )(forget)


def receive(
    contents: list[str] | None,
    names: list[str] | None,
    known: dict[str, Any] | None,
    wanted: dict[str, Any] | None = None,
) -> tuple[Any, Any, Any, Any]:
    """Takes the images that a person brought; those that are refused are named in a message.

    The model looks at the last one at once: the browser asks for it when it knows its name, which takes a moment.

    Args:
        contents: of the files, as the browser sends them.
        names: of the files.
        known: the visit.
        wanted: what the address asked before; None while another page is shown.

    Returns:
        The visit, the image to open, the message, and nothing in place of the contents.
    """
    if not contents:
        return no_update, no_update, no_update, no_update
    live = get_live()
    visit = find_visit(live, known)
    added, refused = [], []
    for name, content in zip(names or [], contents, strict=True):
        try:
            added.append(live.visits.add(visit, name, _read_content(name, content)))
        except InputError as problem:
            refused.append(problem)
    message = build_message(refused[0], len(refused)) if refused else None
    if added and wanted is not None:
        with contextlib.suppress(InputError):  # the browser asks again, and shows it
            ask_at_once(live, visit, find_store(wanted), {**wanted, **open_image(added[-1])})
    return describe_visit(visit), _bring(visit, added[-1] if added else None), message, None


def forget(n_clicks: int | None, known: dict[str, Any] | None) -> tuple[Any, Any, Any]:
    """Forgets the images of a visit and what was asked about them."""
    if not n_clicks or known is None:
        return no_update, no_update, no_update
    live = get_live()
    visit = find_visit(live, known)
    live.cancel(visit)
    live.visits.clear(visit)
    return describe_visit(visit), _bring(visit, ""), ASKING.ask_again()


def _bring(visit: Visit, image: str | None) -> dict[str, Any]:
    """Describes what the page opens now: an image; empty for none; None to leave it. It differs each time."""
    return {"show": image, "n": visit.n_brought}


def _show(question: Question) -> Reply:
    """Shows what is known by now about the image that is asked for."""
    live, visit, store, wanted, (probe,), seen = question
    shown: Shown = show(live, visit, store, {**wanted, "probe": probe}, seen)
    if shown.version == seen:
        return Reply(None, shown.version, shown.is_over)
    theme = "dark" if wanted.get("theme") == "dark" else "light"
    identity = json.dumps([shown.elements, theme])
    graph: Any = no_update
    if not shown.elements or visit.shown_graph != identity:
        graph = images_graph.build_canvas(shown.elements, theme) if shown.elements else []
    visit.shown_graph = identity
    parts = (shown.strip, shown.body, graph, not shown.elements, shown.probed, shown.table)
    return Reply(parts, shown.version, shown.is_over)


def _refuse(problem: InputError) -> tuple[Any, ...]:
    return [], build_message(problem), [], True, [], None


def _read_content(name: str, content: str) -> bytes:
    """Reads the content of a file from the form in which the browser sends it."""
    try:
        return base64.b64decode(content.partition(",")[2], validate=True)
    except binascii.Error as problem:
        raise InputError("A file arrives whole.", f"{name} did not.", "Drop it again.") from problem


ASKING = Asking(
    PAGE.key,
    (
        "class_id",
        "image",
        "target",
        "against",
        "tab",
        "at",
        "by",
        "over",
        "reference",
        "preset",
        "samples",
        "as",
        "pins",
    ),
    (
        Output(images_ids.STRIP, "children"),
        Output(images_ids.BODY, "children"),
        Output(images_ids.CANVAS, "children"),
        Output(images_ids.GRAPH_BOX, "hidden"),
        Output(images_ids.PROBED, "children"),
        Output(images_ids.ROWS, "data"),
    ),
    _show,
    _refuse,
    inputs=(Input(images_ids.PROBE, "data"),),
)
"""The questions of this page."""
