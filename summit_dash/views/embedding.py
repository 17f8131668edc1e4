"""The classes as points, one layout per layer, with the strip of layers above."""

from __future__ import annotations

from itertools import takewhile
from typing import Any

import plotly.graph_objects as go
from dash import ClientsideFunction, Dash, Input, Output, Patch, State, dcc, html
from dash.development.base_component import Component

from summit_dash import ids
from summit_dash.components import build_action, build_empty_state, build_icon, build_problem
from summit_dash.figures import MARKED, build_embedding, mark_labels, mark_trace
from summit_dash.store import InputError, RunStore
from summit_dash.stores import Stores
from summit_dash.text import class_labels

__all__ = ["build_layout", "build_strip", "register_callbacks", "short_layer_names"]

_CONFIG = {"displayModeBar": False, "scrollZoom": True, "doubleClick": "reset", "responsive": True}
_TOOLS = (("in", "plus", "Zoom in"), ("out", "minus", "Zoom out"), ("reset", "fit", "Show all classes"))


def build_layout(stores: Stores) -> Component:
    tools = [
        html.Button(build_icon(icon), type="button", className="icon-button small",
                    **{"data-embedding": what, "aria-label": tip, "data-tip": tip})
        for what, icon, tip in _TOOLS
    ]  # fmt: skip
    stage = html.Div(
        [
            dcc.Graph(id=ids.EMBEDDING, config=_CONFIG, figure=_build_blank(), className="embedding-plot"),
            html.Div(html.Span(), id=ids.EMBEDDING_LABEL, className="embedding-label", hidden=True),
            html.Div(id=ids.EMBEDDING_EMPTY, className="embedding-empty"),
            html.Div(tools, className="embedding-tools"),
        ],
        className="embedding-stage",
    )
    strip = html.Nav(
        build_strip(stores.pick(None)), id=ids.LAYER_STRIP, className="layer-strip", **{"aria-label": "Layer"}
    )
    return html.Div([dcc.Store(id=ids.EMBEDDING_SHOWN), strip, stage], className="embedding")


def _build_blank() -> go.Figure:
    return build_embedding({}, {}, {})


def short_layer_names(layers: list[str]) -> list[str]:
    """The names without what all of them begin with: 3a, 3b of mixed3a, mixed3b. Whole where little would be left."""
    prefix = _common_prefix(layers).rstrip("0123456789")
    if len(layers) < 2 or any(len(name) == len(prefix) for name in layers):
        return layers
    return [name[len(prefix) :].lstrip("._-") for name in layers]


def _common_prefix(names: list[str]) -> str:
    """What all names begin with, character by character."""
    same = takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
    return "".join(letters[0] for letters in same)


def build_strip(store: RunStore) -> list[Component]:
    """A button per layer, in order from the input."""
    names = store.layer_names
    infos = store.layers
    return [
        build_action(
            short,
            {"layer": name},
            "layer",
            f"{name}: {infos[name].n_channels:,} channels, each position sees {infos[name].receptive_field:,} px",
            **{"data-layer": name, "aria-pressed": "false"},
        )
        for name, short in zip(names, short_layer_names(names), strict=True)
    ]


def register_callbacks(app: Dash, stores: Stores) -> None:
    app.clientside_callback(ClientsideFunction("summit", "bindEmbedding"), Input(ids.EMBEDDING, "figure"))

    @app.callback(
        Output(ids.EMBEDDING, "figure"),
        Output(ids.EMBEDDING_EMPTY, "children"),
        Output(ids.EMBEDDING_SHOWN, "data"),
        Input(ids.EMBEDDING_PART, "data"),
        Input(ids.THEME, "data"),
        State(ids.EMBEDDING_SHOWN, "data"),
        prevent_initial_call=True,
    )
    def show_embedding(part: dict | None, theme: str, shown: list | None) -> tuple:
        store, now = stores.pick((part or {}).get("run")), [(part or {}).get("run"), (part or {}).get("layer"), theme]
        points, problem = find_points(store, (part or {}).get("layer"))
        if part is None or problem:
            return build_embedding({}, {}, {}), problem, None
        names, marked = _names(store), {"selected": part["class_id"], "compared": part["vs"]}
        is_same = now == shown
        figure = patch_marks(points, names, marked, theme) if is_same else build_embedding(points, names, marked, theme)
        return figure, None, now


def find_points(store: RunStore, layer: str | None) -> tuple[dict[int, tuple[float, float]], Component | None]:
    """The points of a layer, or what is in the way."""
    if layer is None or layer not in store.layers:
        return {}, build_empty_state(
            f"A layer is one of {', '.join(store.layer_names)}.",
            f"The link says layer={layer}.",
            "Choose a layer above.",
        )
    try:
        return store.embedding(layer), None
    except InputError as problem:
        return {}, build_problem(problem)


def patch_marks(
    points: dict[int, tuple[float, float]], names: dict[int, str], marked: dict[str, int | None], theme: str
) -> Patch:
    """Only the labelled points change: the layer is the same."""
    figure: Any = Patch()
    for place, trace in enumerate(MARKED, start=1):
        for key, value in mark_trace(trace, points, marked, theme).items():
            figure["data"][place][key] = value
    figure["layout"]["annotations"] = mark_labels(points, names, marked, theme)
    return figure


def _names(store: RunStore) -> dict[int, str]:
    return {class_id: " ".join(filter(None, label)) for class_id, label in class_labels(store.classes).items()}
