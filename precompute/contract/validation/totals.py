"""Rules that hold for whole tables of a run, against each other and against the manifest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from precompute.contract.tables import SELECTIONS
from precompute.contract.validation.facts import Facts, Integers

__all__ = ["find_total_faults"]


def find_total_faults(facts: Facts, dataset: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Compares whole tables with each other and with the manifest's `dataset`.

    Yields:
        Name of the table, broken rule, what was found.
    """
    yield from _check_completeness(facts)
    stated = dataset.get("n_classes")
    if "classes" in facts.rows and isinstance(stated, int) and stated != facts.rows["classes"]:
        rule = "It has as many rows as the manifest states n_classes."
        yield "classes", rule, _describe_difference(facts.rows["classes"], stated)
    stated = dataset.get("n_images")
    if "images" in facts.rows and isinstance(stated, int) and stated < facts.rows["images"]:
        rule = "It has at most as many rows as the manifest states n_images; unreadable images have none."
        yield "images", rule, f"It has {facts.rows['images']:,} rows, stated are {stated:,}."
    if "classes" in facts.kept and "images" in facts.kept:
        rule = "n_images is the number of the class's rows in the table images."
        classes, images = facts.kept["classes"], facts.kept["images"]
        yield from _compare_by_class("classes", rule, classes["class_id"], classes["n_images"], images["class_id"])
    graphs = facts.kept.get("attribution_graphs")
    for table, name in (("attribution_graph_nodes", "n_nodes"), ("attribution_graph_edges", "n_edges")):
        if graphs is not None and table in facts.kept:
            rule = f"{name} is the number of the class's rows in {table}."
            for selection in range(len(SELECTIONS)):
                mine, rows = graphs["selection"] == selection, facts.kept[table]
                of_selection = rows["class_id"][rows["selection"] == selection]
                stated_ids, counts = graphs["class_id"][mine], graphs[name][mine]
                yield from _compare_by_class("attribution_graphs", rule, stated_ids, counts, of_selection)


def _check_completeness(facts: Facts) -> Iterator[tuple[str, str, str]]:
    layers = facts.kept.get("layers")
    if layers is None:
        return
    if facts.layer_names and facts.rows["layers"] != len(facts.layer_names):
        rule = "It has one row for each of the manifest's layers."
        yield "layers", rule, _describe_difference(facts.rows["layers"], len(facts.layer_names))
    channels = int(layers["n_channels"].sum())
    if "channels" in facts.rows and facts.rows["channels"] != channels:
        yield (
            "channels",
            "It has one row for each channel of each layer.",
            _describe_difference(facts.rows["channels"], channels),
        )
    if "activations" in facts.rows and "classes" in facts.rows and not facts.is_imported:
        expected = facts.rows["classes"] * channels
        if facts.rows["activations"] != expected:
            rule = "It has one row for each class and each channel of each layer, zeros included."
            yield "activations", rule, _describe_difference(facts.rows["activations"], expected)


def _compare_by_class(
    table: str, rule: str, class_ids: Integers, stated: Integers, rows: Integers
) -> Iterator[tuple[str, str, str]]:
    ids, counts = np.unique(rows, return_counts=True)
    counted = dict(zip(ids.tolist(), counts.tolist(), strict=True))
    pairs = zip(class_ids.tolist(), stated.tolist(), strict=True)
    wrong = [(c, n, counted.get(c, 0)) for c, n in pairs if counted.get(c, 0) != n]
    if wrong:
        class_id, n, rows_found = wrong[0]
        classes = "class" if len(wrong) == 1 else "classes"
        found = f"Not for {len(wrong):,} {classes}; first: class_id {class_id} states {n:,}, counted {rows_found:,}."
        yield table, rule, found


def _describe_difference(found: int, expected: int) -> str:
    return f"It has {found:,} rows, expected {expected:,}."
