"""The colours of the points of the embedding: plain, by accuracy, by group, or by similarity to one class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import NamedTuple

from precompute.contract.errors import InputError
from summit_dash.figures.look import ACCENTS, GROUP_COLORS, RAMPS
from summit_dash.graph.theme import COLOR_SHARED
from summit_dash.run.store import RunStore
from summit_dash.run.text import format_plural

__all__ = ["COLORINGS", "Coloring", "Part", "compute_coloring", "rank_groups"]

COLORINGS = ("plain", "accuracy", "group", "similarity")
"""The ways of colouring the points."""


class Part(NamedTuple):
    """Some classes with one entry in the legend: of one colour, or with a number each on the scale."""

    name: str
    class_ids: Collection[int]
    color: str
    values: Mapping[int, float] | None = None


class Coloring(NamedTuple):
    """The colours of the points, with the title and the colours of the scale, low to high."""

    title: str
    parts: tuple[Part, ...]
    ramp: list[str]


def compute_coloring(store: RunStore, color: str, layer: str, class_id: int | None, theme: str) -> Coloring:
    """Colours the classes of a run.

    Args:
        store: the run.
        color: one of `COLORINGS`.
        layer: layer of the similarities.
        class_id: class that the similarities are to.
        theme: `light` or `dark`.

    Raises:
        InputError: no such colouring, or the run has nothing to colour by.
    """
    if color == "plain":
        return Coloring("", (Part("classes", list(store.classes), ACCENTS[theme]),), [])
    if color == "accuracy":
        return _compute_accuracy_colors(store, theme)
    if color == "group":
        return _compute_group_colors(store, theme)
    if color == "similarity":
        return _compute_similarity_colors(store, layer, class_id, theme)
    raise InputError(f"Points are coloured by {', '.join(COLORINGS)}.", f"Found: {color!r}.", "Choose one of these.")


def _build_scale(store: RunStore, title: str, values: Mapping[int, float], rest: str, theme: str) -> Coloring:
    """Returns the classes with a number, then those without one in grey."""
    without = [class_id for class_id in store.classes if class_id not in values]
    known = Part(format_plural(len(values), "class", "classes"), values, "", values)
    missing = (Part(f"{len(without):,} {rest}", without, COLOR_SHARED),) if without else ()
    return Coloring(f"{title}, {format_plural(len(values), 'class', 'classes')}", (known, *missing), list(RAMPS[theme]))


def _compute_accuracy_colors(store: RunStore, theme: str) -> Coloring:
    values = {
        info.class_id: 100 * info.top1_accuracy for info in store.classes.values() if info.top1_accuracy is not None
    }
    if not values:
        raise InputError("Classes are coloured by their accuracy.", "This run holds none.", "Colour by group instead.")
    return _build_scale(store, "Top-1 accuracy in %", values, "without accuracy", theme)


def rank_groups(store: RunStore) -> list[tuple[str, int]]:
    """Returns the groups with their number of classes, the largest first, then by name."""
    sizes = Counter(info.group for info in store.classes.values() if info.group is not None)
    return sorted(sizes.items(), key=lambda item: (-item[1], item[0].casefold(), item[0]))


def _compute_group_colors(store: RunStore, theme: str) -> Coloring:
    ranked = rank_groups(store)
    if not ranked:
        raise InputError("Classes are coloured by group.", "No class of this run names one.", "Colour by accuracy.")
    colors = dict(zip((group for group, _ in ranked), GROUP_COLORS[theme], strict=False))
    members = {group: [info.class_id for info in store.classes.values() if info.group == group] for group, _ in ranked}
    parts = [Part(f"{group} ({len(members[group]):,})", members[group], color) for group, color in colors.items()]
    rest = [info.class_id for info in store.classes.values() if info.group not in colors]
    left = len(ranked) - len(colors)
    name = format_plural(left, "more group") if left else "no group"
    return Coloring("", (*parts, *([Part(f"{name} ({len(rest):,})", rest, COLOR_SHARED)] if rest else [])), [])


def _compute_similarity_colors(store: RunStore, layer: str, class_id: int | None, theme: str) -> Coloring:
    if class_id is None or not store.has("activations"):
        found = "No class is given." if class_id is None else "The run holds no activation counts."
        raise InputError("Similarity is that to one class.", found, "Give class_id, or colour by group.")
    cosines = store.cosines(store.find_row(class_id))[layer]
    values = {other: float(cosines[row]) for row, other in enumerate(store.classes) if other != class_id}
    name = store.classes[class_id].short_name
    return _build_scale(store, f"Cosine with {name}", values, "itself", theme)
