"""The page of proof in blocks: one class, then all classes, layers and edges in tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from summit_dash.payloads.blocks import (
    Block,
    build_action,
    build_cell,
    build_choice,
    build_element,
    build_head,
    build_term,
)
from summit_dash.payloads.proof import build_class_proof, build_proof, summarize_proof
from summit_dash.run.proofs import EFFECT, PAGERANK
from summit_dash.run.store import RunStore
from summit_dash.run.text import DASH, format_count, format_part, format_percent, format_plural

__all__ = ["build_class_proof_page", "build_proof_page", "judge_layers"]

_MOST = 50
"""Rows of the table at first."""
_NAMES = {PAGERANK: "by PageRank", EFFECT: "by effect"}
_HEADS = [
    "Class",
    build_head("Channels"),
    build_head("Untouched"),
    build_head("Without them", "Accuracy without the graph's channels, all layers at once."),
    build_head("Random", "As many channels of each layer at random, mean over repeats."),
    build_head("Necessity", "What is lost without the channels, less what is lost without as many at random."),
    build_head("Sufficiency", "What is kept with these channels alone."),
    build_head("n", "Images of the class that were measured."),
]
_BETTER = (
    "Classes in which the logarithm of the probability falls further without the channels of the graph in this layer "
    "than without as many random ones, the interval of the difference above 0."
)
_FALL = "How much further it falls, mean over classes with its 95 % interval."
_LAYER_HEADS = [
    "Layer",
    build_head("PageRank: better than random", _BETTER),
    build_head("further fall", _FALL),
    build_head("Effect: better than random", _BETTER),
    build_head("further fall", _FALL),
]
_EDGE_HEADS = [
    "Layer",
    "Measure of influence",
    build_head(
        "AUC",
        "How often an edge has a greater effect than a pair of a target and a random channel that is none of its "
        "sources; 0.5 is chance. Mean over classes.",
    ),
    build_head("Edges"),
    build_head("Lost without an edge", "Mean share of the target that is lost without the source."),
    build_head("Without another"),
]


def build_proof_page(store: RunStore) -> dict[str, list[Block]]:
    """Builds the blocks of `all` classes, of `layers` and of `edges`; none where these were not measured.

    Raises:
        InputError: the run's graphs were not proven.
    """
    found = build_proof(store)
    return {"all": _build_all(store, found), "layers": _build_layers(found), "edges": _build_edges(found)}


def build_class_proof_page(store: RunStore, class_id: int) -> dict[str, list[Block]]:
    """Builds the blocks of one class: a sentence, two figures, and its smallest graphs.

    Raises:
        InputError: the run's graphs were not proven, or not that of this class.
    """
    found = build_class_proof(store, class_id)
    name = store.classes[class_id].short_name
    proof = summarize_proof(store, class_id)
    figures = [
        _build_figure(
            found,
            "curves",
            build_term(
                "All layers at once",
                "Accuracy with channels removed or kept, over their number. Bands are 95 % intervals; the line upright "
                "is the size of the graph.",
            ),
            f"Accuracy over the number of channels of {name}",
        ),
        _build_figure(
            found,
            "layers",
            build_term(
                "Layer by layer",
                "As many channels as the graph has in a layer: above 0 they matter more than random ones do. Lines are "
                "95 % intervals.",
            ),
            f"Each layer beside random channels of {name}",
        ),
    ]
    return {
        "blocks": [
            build_element("h2", name),
            build_element("p", proof["sentence"] if proof else ""),
            build_element("div", *figures, class_="proof-figures"),
            *_build_smallest(found["smallest"]),
        ]
    }


def _build_figure(found: Mapping[str, Any], which: str, title: Block, name: str) -> Block:
    themes = {theme: figures[which] for theme, figures in found["figures"].items()}
    chart = {"figure": {"name": name, "themes": themes, "class": "proof-chart"}}
    return build_element("figure", build_element("figcaption", title), chart, class_="proof-figure")


def _build_smallest(rows: Sequence[Mapping[str, Any]]) -> list[Block]:
    if not rows:
        return []
    words = "; ".join(
        f"{format_plural(row['n_channels'], 'channel')} {_NAMES[row['selection']]} alone keep "
        f"{format_percent(row['accuracy'])} (asked: {format_percent(row['share'])} of the accuracy, "
        f"n = {row['n_images']})"
        for row in rows
    )
    return [build_element("p", f"{words}.", class_="muted")]


def _build_all(store: RunStore, found: Mapping[str, Any]) -> list[Block]:
    replaced = "by 0" if found["replacement"] == "zero" else "by their mean over images"
    how = f"{replaced}, {format_plural(found['n_repeats'] or 1, 'random choice')} each"
    return [
        build_element("h2", "All classes"),
        build_choice(
            "Channels chosen",
            {
                name: (_NAMES[name], _build_of_selection(store, found, of, how))
                for name, of in found["selections"].items()
            },
        ),
    ]


def _build_of_selection(
    store: RunStore, found: Mapping[str, Any], of: Mapping[str, Sequence[Any]], how: str
) -> list[Block]:
    places = [place for place, n in enumerate(of["n_images"]) if n is not None]
    rows = [_build_row(store, found["class_id"][place], {name: of[name][place] for name in of}) for place in places]
    words = f"{format_part(len(rows), found['n_classes'])} classes measured, channels replaced {how}."
    table = {"caption": "Proof of all classes", "heads": _HEADS, "rows": rows, "most": _MOST}
    return [
        build_element("p", words, class_="muted"),
        {"table": {**table, "sorting": {"name": "Necessity", "order": "descending"}}},
    ]


def _build_row(store: RunStore, class_id: int, at: Mapping[str, Any]) -> list[Block]:
    lost = at["random"][0] - at["remove"][0] if at["remove"] and at["random"] else None
    return [
        build_action({"class_id": class_id}, store.classes[class_id].short_name, class_="link"),
        format_count(at["n_channels"]),
        _build_share(at["untouched"]),
        _build_share(at["remove"]),
        _build_share(at["random"]),
        format_percent(lost),
        _build_share(at["keep"]),
        format_count(at["n_images"]),
    ]


def _build_share(measured: Sequence[float] | None) -> Block:
    if measured is None:
        return DASH
    accuracy, low, high = (format_percent(value) for value in measured)
    return build_cell(accuracy, f"{accuracy} [{low}, {high}]")


def _build_layers(found: Mapping[str, Any]) -> list[Block]:
    layers = found["layers"]
    if not layers:
        return []
    rows = [[row["layer"], *_build_beside(row.get(PAGERANK)), *_build_beside(row.get(EFFECT))] for row in layers]
    return [
        build_element("h2", "Layers"),
        build_element("p", judge_layers(layers), class_="muted"),
        {"table": {"caption": "Layers beside random channels", "heads": _LAYER_HEADS, "rows": rows}},
    ]


def _build_beside(found: Mapping[str, Any] | None) -> list[Block]:
    if found is None:
        return [DASH, DASH]
    return [format_part(found["n_better"], found["n_classes"]), _add_half(found["fall"], found["half"], 3)]


def _add_half(value: float, half: float | None, digits: int) -> str:
    return f"{value:.{digits}f}" + ("" if half is None else f" ± {half:.{digits}f}")


def judge_layers(layers: Sequence[Mapping[str, Any]]) -> str:
    """Says in which layers the channels of the published graphs are no better than random ones.

    They are not in fewer than half of the classes, or by a mean whose interval holds 0.
    """
    known = [row for row in layers if row.get(PAGERANK)]
    weak = [row["layer"] for row in known if _is_no_better(row[PAGERANK])]
    if not known:
        return "Layers were not measured by PageRank."
    if not weak:
        return "In every layer, the channels that PageRank chooses matter more to most classes than random ones."
    return (
        f"No better than random channels for most classes, chosen by PageRank: those of {', '.join(weak)}. "
        "Many stand in a graph because they are active everywhere."
    )


def _is_no_better(found: Mapping[str, Any]) -> bool:
    return bool(2 * found["n_better"] < found["n_classes"] or found["fall"] - (found["half"] or 0) <= 0)


def _build_edges(found: Mapping[str, Any]) -> list[Block]:
    if not found["edges"]:
        return []
    rows = [
        [
            row["layer"],
            _name_measure(row["measure"]),
            build_cell(
                _add_half(row["auc"], row["half"], 2),
                f"Mean over {format_plural(row['n_classes'], 'class', 'classes')}, with its 95 % interval.",
            ),
            format_count(row["n_edges"]),
            format_percent(row["edge"]),
            format_percent(row["other"]),
        ]
        for row in found["edges"]
    ]
    words = "Does a channel depend on the sources that the graph shows? Each source is removed alone."
    return [
        build_element("h2", "Edges"),
        build_element("p", words, class_="muted"),
        {"table": {"caption": "Worth of edges by layer", "heads": _EDGE_HEADS, "rows": rows}},
    ]


def _name_measure(name: str | None) -> str:
    return {None: DASH, "traced": "exact influence"}.get(name) or str(name)
