"""Totals: tables that are complete, and counts that agree between tables."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from precompute.contract.schema import write_manifest
from precompute.contract.validation.facts import Facts
from precompute.contract.validation.totals import find_total_faults
from precompute.contract.writing import write_table
from tests.support.sound_run import MANIFEST, ROWS, Change, describe_findings, pick_rows, set_column, write_sound_run
from tests.support.validation import validate

EDGES = "attribution_graph_edges"
BROKEN: list[tuple[str, Change, str]] = [
    ("classes", set_column("n_images", [2, 3]), "rows in the table images.*class_id 7 states 3, counted 2"),
    ("classes", pick_rows(0), "as many rows as the manifest states n_classes.*has 1 rows, expected 2"),
    ("layers", pick_rows(0), "one row for each of the manifest's layers"),
    ("images", pick_rows(0, 1, 2), "n_images is the number of.*class_id 7 states 2, counted 1"),
    ("activations", pick_rows(0, 1, 2, 3, 4), "one row for each class and each channel.*has 5 rows, expected 6"),
    ("channels", pick_rows(0, 1), "one row for each channel of each layer"),
    (
        "attribution_graphs",
        set_column("n_edges", [2, 2]),
        f"n_edges .* rows in {EDGES}.*class_id 7 states 2, counted 1",
    ),
]


@pytest.mark.parametrize(
    ("name", "change", "message"), BROKEN, ids=[f"{n}-{name}" for n, (name, *_) in enumerate(BROKEN)]
)
def test_a_broken_rule_is_found(tmp_path: Path, name: str, change: Change, message: str) -> None:
    run = write_sound_run(tmp_path)

    write_table(run, name, change(ROWS[name]))

    assert re.search(message, describe_findings(validate(run)))


def test_an_imported_run_may_lack_rows_of_activations(tmp_path: Path) -> None:
    """Its source names the used channels alone."""
    run = write_sound_run(tmp_path)
    write_table(run, "activations", pick_rows(0, 2, 5)(ROWS["activations"]))

    assert "has 3 rows, expected 6" in describe_findings(validate(run))
    write_manifest(run, {**MANIFEST, "imported": {}})
    assert validate(run) == []


def test_unreadable_images_have_no_row(tmp_path: Path) -> None:
    run = write_sound_run(tmp_path)
    dataset = {"name": "toy", "n_images": 9, "n_classes": 2}

    write_manifest(run, {**MANIFEST, "dataset": dataset})

    assert validate(run) == [], "four rows of nine images"


def test_tables_that_were_not_read_have_no_totals() -> None:
    facts = Facts(("stem",), rows={"channels": 5})

    assert list(find_total_faults(facts, {"n_classes": 3, "n_images": 3})) == []


def test_only_the_first_class_with_another_count_is_named() -> None:
    counts = {"class_id": np.array([1, 2, 3]), "n_images": np.array([1, 1, 5])}
    facts = Facts((), kept={"classes": counts, "images": {"class_id": np.array([1, 3, 3, 3, 9])}})

    (total,) = find_total_faults(facts, {})

    assert total[0] == "classes"
    assert total[2] == "Not for 2 classes; first: class_id 2 states 1, counted 0."
