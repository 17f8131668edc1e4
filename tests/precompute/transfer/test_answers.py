"""The training of a head as a job of a dashboard: every epoch is reported, and a cancelled one keeps its best head."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from precompute.contract.transfer_tables import read_transfer_manifest, read_transfer_table
from precompute.transfer.answers import train_head

OPTIONS = {"kind": "mlp", "n_epochs": 2, "n_unfrozen": 0, "learning_rate": 0.02}


class Cancelled(BaseException):
    """The end of a job that nobody wants."""


def test_epochs_are_reported_and_the_head_is_in_the_table(small_result: Path) -> None:
    heard: list[tuple[int, int, Any]] = []
    train_head(str(small_result), "late@bits", OPTIONS, lambda *told: heard.append(told))
    parts = [part for _, _, part in heard if part is not None]
    assert [(part["fold"], part["epoch"]) for part in parts] == [(f, e) for f in (0, 1, None) for e in (1, 2)]
    assert heard[-1][:2] == (6, 6) and all(part["loss"] > 0 and 0 <= part["accuracy"] <= 1 for part in parts)
    assert [row["head"] for row in read_transfer_table(small_result, "learned").to_pylist()] == ["mlp"]


def test_a_cancelled_training_keeps_the_best_head_and_ends_as_it_was_told(small_result: Path) -> None:
    def report(n_done: int, n_total: int, part: Any = None) -> None:
        if n_done == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        train_head(str(small_result), "late@bits", {**OPTIONS, "kind": "conv1x1"}, report)
    head = read_transfer_manifest(small_result)["heads"]["late@bits+conv1x1"]
    assert head["fingerprint"] is None
    assert (small_result / "heads" / "late@bits+conv1x1" / "weights.safetensors").is_file()
