"""Confusions of one class, and those of the whole run."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from precompute.contract.errors import InputError
from summit_dash.figures.confusions import build_confusion_figure, name_sides
from summit_dash.payloads.blocks import Block, build_action, build_folded, build_head
from summit_dash.run.confusion_map import Cell, ConfusionMap, Side, find_strongest, map_classes, map_groups
from summit_dash.run.confusions import Confusions, Pairs, compute_confusions, read_output_names
from summit_dash.run.store import RunStore
from summit_dash.run.text import format_count, format_part, format_percent, format_plural

__all__ = ["build_class_confusions", "build_confusions"]

_MOST = 200
"""Rows of the table at first."""


def build_class_confusions(store: RunStore, class_id: int) -> dict[str, Any]:
    """Builds what a class was taken for, and what was taken for it; arrays along the classes, most images first.

    `share` is that of the images of the class that was taken for another: of `n` for `taken_for`, else of its own `n`.
    `outside` holds outputs that mean none of the run's classes; `name` is None where nothing names them.

    Raises:
        InputError: the run does not hold what its images were taken for, or no output means the class.
    """
    found = compute_confusions(store)
    row = found.find_row(class_id)
    if row is None:
        raise InputError(
            "An image is taken for a class where the model's outputs mean the classes.",
            f"No output of the model means {store.classes[class_id].short_name}.",
            "Choose another class, or say with `--class-outputs` which outputs mean it.",
        )
    n = int(found.n_images[row])
    return {
        "n": n,
        "n_wrong": int(found.n_wrong[row]),
        "taken_for": _list_taken_for(found, class_id, n),
        "outside": _list_outside(store, found, class_id, n),
        "mistaken_for": _list_mistaken_for(found, class_id),
    }


def _list_taken_for(found: Confusions, class_id: int, n: int) -> dict[str, list[Any]]:
    pairs = _sort(found.pairs.select(found.pairs.class_id == class_id))
    return {
        "class_id": pairs.taken_for.tolist(),
        "count": pairs.n_images.tolist(),
        "share": _divide(pairs.n_images, np.full(len(pairs.n_images), n)),
    }


def _list_outside(store: RunStore, found: Confusions, class_id: int, n: int) -> dict[str, list[Any]]:
    pairs = _sort(found.outside.select(found.outside.class_id == class_id))
    names = read_output_names(store) if len(pairs.n_images) else {}
    return {
        "output": pairs.taken_for.tolist(),
        "name": [names.get(output) for output in pairs.taken_for.tolist()],
        "count": pairs.n_images.tolist(),
        "share": _divide(pairs.n_images, np.full(len(pairs.n_images), n)),
    }


def _list_mistaken_for(found: Confusions, class_id: int) -> dict[str, list[Any]]:
    pairs = found.pairs.select(found.pairs.taken_for == class_id)
    n = found.n_images[np.searchsorted(found.class_ids, pairs.class_id)]
    order = np.lexsort((pairs.class_id, -pairs.n_images / n, -pairs.n_images))
    pairs, n = pairs.select(order), n[order]
    return {
        "class_id": pairs.class_id.tolist(),
        "count": pairs.n_images.tolist(),
        "n": n.tolist(),
        "share": _divide(pairs.n_images, n),
    }


def _sort(pairs: Pairs) -> Pairs:
    """Returns pairs of one class, most images first, ties by what they were taken for."""
    return pairs.select(np.lexsort((pairs.taken_for, -pairs.n_images)))


def _divide(part: NDArray[np.int64], whole: NDArray[np.int64]) -> list[float]:
    return [round(share, 4) for share in (part / whole).tolist()]


def build_confusions(store: RunStore) -> dict[str, Any]:
    """Builds the confusions of the whole run: `classes`, a map of the classes, and `groups`, one of the groups or None.

    A map has `sides`, its rows and columns, with `names`, and `cells`, as arrays, `figures` by theme, a sentence in
    `words`, and the cells as a table in `blocks`. `n_outside` counts the wrong images that were taken for none of the
    run's classes. `strongest` lists the pairs of classes of most images. Where there is no pair, `missing` says so.

    Raises:
        InputError: the run does not hold what its images were taken for, or the outputs do not mean its classes.
    """
    found = compute_confusions(store)
    classes, groups = map_classes(store), map_groups(store)
    words = _describe(found)
    cut = _describe_cut(found, len(classes.sides))
    return {
        "n": int(found.n_images.sum()),
        "n_wrong": int(found.n_wrong.sum()),
        "n_outside": int(found.outside.n_images.sum()),
        "n_classes": len(found.class_ids),
        "n_pairs": len(found.pairs.n_images),
        "strongest": _list_pairs(find_strongest(found)),
        "classes": {**_build_map(store, classes, False), "words": f"{words} {cut}".strip()},
        "groups": None if groups is None else {**_build_map(store, groups, True), "words": words},
        **({} if len(found.pairs.n_images) else {"missing": _explain_missing(found)}),
    }


def _describe(found: Confusions) -> str:
    """Says how often the model is wrong."""
    n, wrong, outside = (int(each.sum()) for each in (found.n_images, found.n_wrong, found.outside.n_images))
    share = format_percent(wrong / n if n else None)
    words = f"The model is wrong about {format_part(wrong, n)} images ({share})."
    beyond = f" {format_count(outside)} of these were taken for outputs that mean no class of this run."
    return words + (beyond if outside else "")


def _describe_cut(found: Confusions, n_shown: int) -> str:
    """Says of which classes the rows are, where not of all."""
    if n_shown >= len(found.class_ids):
        return ""
    strongest, pairs = len(find_strongest(found).n_images), format_plural(len(found.pairs.n_images), "pair")
    rows = format_plural(n_shown, "class", "classes")
    return f"Rows are the {rows} of the {format_count(strongest)} strongest of {pairs}."


def _explain_missing(found: Confusions) -> dict[str, str]:
    n, wrong = int(found.n_images.sum()), int(found.n_wrong.sum())
    return {
        "rule": "A cell counts images of a class that were taken for another.",
        "found": f"There are none: {format_part(n - wrong, n)} images are right.",
        "fix": "Choose a class in the list to see its own images.",
    }


def _list_pairs(pairs: Pairs) -> dict[str, list[int]]:
    columns = {"class_id": pairs.class_id, "taken_for": pairs.taken_for, "count": pairs.n_images}
    return {name: column.tolist() for name, column in columns.items()}


def _build_map(store: RunStore, found: ConfusionMap, folded: bool) -> dict[str, Any]:
    """Returns arrays along the sides, and along the cells; `row` and `column` are places in the sides."""
    figures = {theme: build_confusion_figure(store, found, folded, theme) for theme in ("light", "dark")}
    names = name_sides(store, found, folded)
    return {
        "figures": {theme: json.loads(figure.to_json()) for theme, figure in figures.items()},
        "blocks": [_build_table(store, found, names)],
        "names": names,
        "sides": _list_fields(found.sides, ("key", "group", "n_images", "n_wrong")),
        "cells": _list_fields(found.cells, ("row", "column", "n_images", "class_id", "taken_for", "n_strongest")),
    }


def _build_table(store: RunStore, found: ConfusionMap, names: list[str]) -> Block:
    """Builds the cells as a table, most images first, ties by the greater share, then by row and column."""

    def rank(cell: Cell) -> tuple[float, ...]:
        return -cell.n_images, -_share(cell, found.sides[cell.row]), cell.row, cell.column

    heads = ["Class or group", {"name": "Taken for"}, build_head("Images"), build_head("Share"), {"name": ""}]
    rows = [_build_row(store, cell, found.sides[cell.row], names) for cell in sorted(found.cells, key=rank)]
    title = f"As a table, {format_plural(len(rows), 'cell')}"
    return build_folded(title, {"table": {"heads": heads, "rows": rows, "most": _MOST}})


def _build_row(store: RunStore, cell: Cell, side: Side, names: list[str]) -> list[Block]:
    a, b = cell.class_id, cell.taken_for
    words = f"Compare {store.classes[a].short_name} and {store.classes[b].short_name}"
    does = {"class_id": a, "vs": b, "vs_run": None, "view": "compare"}
    share = format_percent(_share(cell, side))
    compare = build_action(does, "Compare", class_="link", aria_label=words)
    return [names[cell.row], names[cell.column], format_part(cell.n_images, side.n_images), share, compare]


def _share(cell: Cell, side: Side) -> float:
    return cell.n_images / side.n_images if side.n_images else 0.0


def _list_fields(rows: tuple[Any, ...], names: tuple[str, ...]) -> dict[str, list[int]]:
    return {name: [getattr(row, name) for row in rows] for name in names}
