"""Two classes: the second one's picker, the legend with counts, a number per layer, and where they part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import ClientsideFunction, Dash, Input, html
from dash.development.base_component import Component
from dash_mantine_components import Select

from summit_dash import ids
from summit_dash.class_groups import group_classes
from summit_dash.comparison import PARTING_JACCARD, Comparison, LayerComparison, Part
from summit_dash.components import build_action, build_empty_state, build_icon, build_measure
from summit_dash.measures import Link, measure_names
from summit_dash.store import ClassInfo, RunStore
from summit_dash.stores import Stores
from summit_dash.text import DASH, accuracy_tip, class_labels, percent, plural

__all__ = [
    "build_facts",
    "build_gutter",
    "build_invitation",
    "build_lead",
    "build_legend",
    "build_options",
    "build_picker",
    "register_callbacks",
]

_JACCARD = "Jaccard: shared channels over all channels of the two graphs in this layer."
_COSINE = "Cosine of the two classes' activation counts over all channels of the layer."


def build_picker(stores: Stores) -> Component:
    """Chooses the second class; opening it compares."""
    select = Select(
        id=ids.VERSUS,
        data=build_options(stores.pick(None)),
        searchable=True,
        clearable=False,
        limit=80,
        placeholder="compare with…",
        size="xs",
        w=168,
        nothingFoundMessage="No class matches.",
        maxDropdownHeight=320,
        comboboxProps={"shadow": "md"},
    )
    lead = html.Span(build_lead(None, None), id=ids.VERSUS_LEAD, className="lead")
    return html.Div([lead, select, html.Span(id=ids.VERSUS_FACTS, className="lead")], className="picker")


def build_options(store: RunStore) -> list[dict[str, Any]]:
    """The classes to choose from, under their groups where they have any."""
    labels = {class_id: " ".join(filter(None, label)) for class_id, label in class_labels(store.classes).items()}
    options = {class_id: {"value": str(class_id), "label": label} for class_id, label in labels.items()}
    groups = group_classes(store.classes)
    if not groups:
        return list(options.values())
    return [{"group": group.name, "items": [options[class_id] for class_id in group.class_ids]} for group in groups]


def register_callbacks(app: Dash) -> None:
    app.clientside_callback(ClientsideFunction("summit", "chooseVersus"), Input(ids.VERSUS, "value"))


def build_invitation(name: str) -> Component:
    """The comparison before its second class is chosen."""
    return build_empty_state(
        "A comparison takes two classes.",
        f"{name} is the first.",
        "Choose the second one above, or with ⇄ on a row of the list.",
    )


def build_lead(info: ClassInfo | None, first: int | None) -> list[Component]:
    """What stands before the picker: the button that swaps the two classes, and B's badge."""
    if info is None:
        return [html.Span("vs", className="muted")]
    swap = build_action(
        build_icon("swap"),
        {"class_id": info.class_id, "vs": first},
        "icon-button small",
        "Swap A and B",
        **{"aria-label": "Swap A and B"},
    )
    return [swap, html.Span("B", className="badge badge-b")]


def build_facts(info: ClassInfo) -> list[Component]:
    """Images and accuracy of the second class."""
    images = html.Span(plural(info.n_images, "image"), className="muted")
    return [images, html.Span(percent(info.top1_accuracy), className="number", **{"data-tip": accuracy_tip(info)})]


def build_legend(comparison: Comparison, a: str, b: str, links: Sequence[Link] = ()) -> Component:
    """The three parts with their counts, the sentence that names the parting layer, the measure of influence."""
    keys: list[Component | None] = [
        _build_key(part, name, comparison, measure_names(links))
        for part, name in ((Part.ONLY_A, f"only {a}"), (Part.SHARED, "shared"), (Part.ONLY_B, f"only {b}"))
    ]
    keys.append(build_measure(links))
    return html.Div([html.Div(keys, className="keys"), build_sentence(comparison)], className="comparison")


def _build_key(part: Part, name: str, comparison: Comparison, measures: str) -> Component:
    n = comparison.count(part)
    edges = sum(found is part for found in comparison.edges.values())
    tip = f"{name}: {plural(n, 'channel')}, {plural(edges, 'influence')}" + (f" ({measures})" if measures else "")
    return html.Span(
        [html.Span(className=f"swatch {part.value}"), html.B(str(n)), html.Span(name, className="key-name")],
        className="key",
        **{"data-tip": tip, "data-part": part.value},
    )


def build_sentence(comparison: Comparison) -> Component:
    """Where the two part, in words."""
    if comparison.parting_layer is None:
        words = ["They share half or more of their channels up to the last layer."]
    else:
        layer = comparison.parting_layer
        words = [
            "They part at ",
            build_action(layer, {"layer": layer}, "link"),
            ": from there on, less than half is shared.",
        ]
    tip = f"The first layer from the input from which the Jaccard of the channels stays below {PARTING_JACCARD}."
    return html.Span(words, className="parting", **{"data-tip": tip})


def build_gutter(comparison: Comparison) -> list[Component]:
    """Per layer a bar in three parts with Jaccard and cosine, at the height of its row."""
    rows = [
        _build_row(layer, layer.layer == comparison.parting_layer)
        for layer in comparison.layers
        if layer.jaccard is not None
    ]
    return [
        *rows,
        html.Div("they part here ↑", className="parting-line", **{"data-parting": comparison.parting_layer or ""}),
    ]


def _build_row(layer: LayerComparison, parts: bool) -> Component:
    pieces = [(Part.ONLY_A, layer.n_only_a), (Part.SHARED, layer.n_shared), (Part.ONLY_B, layer.n_only_b)]
    bar = html.Span(
        [html.Span(className=part.value, style={"flexGrow": n}) for part, n in pieces if n], className="parts"
    )
    cosine = DASH if layer.cosine is None else f"{layer.cosine:.2f}"
    tip = (
        f"{layer.layer}: {layer.n_shared} shared, {layer.n_only_a} only A, {layer.n_only_b} only B. "
        f"{_JACCARD} {_COSINE}"
    )
    numbers = html.Span(
        [html.Span(["J ", html.B(f"{layer.jaccard or 0:.2f}")]), html.Span(["cos ", html.B(cosine)])],
        className="row-numbers",
    )
    return build_action(
        [html.Span(layer.layer, className="row-layer"), bar, numbers],
        {"layer": layer.layer},
        "gutter-row compared" + (" parting-row" if parts else ""),
        tip,
        **{"data-layer": layer.layer},
    )
