"""The key of a table: sorted and unique, also across pieces and row groups."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precompute.contract.validation.facts import Batch
from precompute.contract.validation.order import KeyOrder
from precompute.contract.writing import write_table
from tests.support.sound_run import ROWS, Change, describe_findings, pick_rows, set_column, write_sound_run
from tests.support.validation import validate

BROKEN: list[tuple[str, Change, str]] = [
    ("classes", pick_rows(1, 0), "Rows are sorted by class_id.*first: row 1"),
    ("layers", pick_rows(1, 0), "Rows are sorted by layer"),
    ("images", set_column("image_id", [0, 1, 1, 4]), "No two rows have the same image_id.*first: row 2"),
    ("activations", pick_rows(2, 0, 1, 3, 4, 5), "sorted by class_id, layer, channel.*row 1 .*layer stem"),
    ("influences", pick_rows(0, 0, 1, 2), "No two rows have the same class_id, target_layer"),
    ("example_images", pick_rows(1, 0), "Rows are sorted by image_id"),
    ("embeddings", pick_rows(2, 3, 0, 1), "Rows are sorted by layer, class_id"),
    ("prototypes", pick_rows(1, 0, 2), "Rows are sorted by class_id, method"),
]


@pytest.mark.parametrize(
    ("name", "change", "message"), BROKEN, ids=[f"{n}-{name}" for n, (name, *_) in enumerate(BROKEN)]
)
def test_a_broken_rule_is_found(tmp_path: Path, name: str, change: Change, message: str) -> None:
    run = write_sound_run(tmp_path)

    write_table(run, name, change(ROWS[name]))

    assert re.search(message, describe_findings(validate(run)))


def test_order_is_held_across_row_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = write_sound_run(tmp_path)
    monkeypatch.setattr("precompute.contract.validation.tables._ROWS_PER_BATCH", 1)
    assert validate(run) == []

    write_table(run, "activations", pick_rows(0, 1, 2, 2, 4, 3)(ROWS["activations"]))

    shown = describe_findings(validate(run))
    assert "No two rows have the same class_id, layer, channel. | Not in 1 row; first: row 3" in shown
    assert (
        "Rows are sorted by class_id, layer, channel (layers from the input on). | Not in 1 row; first: row 5" in shown
    )


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=12), st.integers(1, 5))
def test_pieces_of_any_size_give_the_faults_of_the_whole(rows: list[tuple[int, int]], size: int) -> None:
    order = KeyOrder(["class_id", "rank"])
    below, equal = list[bool](), list[bool]()
    for start in range(0, len(rows), size):
        piece = np.array(rows[start : start + size])
        found = list(order.find_faults(Batch({"class_id": piece[:, 0], "rank": piece[:, 1]}, {})))
        below += found[0].rows.tolist()
        equal += found[1].rows.tolist()

    pairs = list(zip(rows[1:], rows[:-1], strict=True))
    assert below == [False] * bool(rows) + [row < previous for row, previous in pairs]
    assert equal == [False] * bool(rows) + [row == previous for row, previous in pairs]


def test_text_is_in_order_of_the_alphabet() -> None:
    batch = Batch({"kind": pa.array(["channel", "negative", "diversity-0"])}, {})

    below, equal = KeyOrder(["kind"]).find_faults(batch)

    assert below.rows.tolist() == [False, False, True] and not equal.rows.any()


def test_a_layer_that_is_unknown_has_no_position_in_the_order() -> None:
    batch = Batch({"layer": np.array([1, -1, 0, 1])}, {})

    below, _ = KeyOrder(["layer"]).find_faults(batch)

    assert not below.rows.any(), "neither the unknown layer nor the one after it can be out of order"
