"""The prototypes of a run: keys, replacement, and the facts in the manifest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from precompute.contract.schema import read_table
from precompute.feature_visualization.prototypes.prototype_store import PrototypeStore


def build_row(class_id: int, method: str = "code-space", settings: str = "new") -> dict[str, Any]:
    """Builds a row of a drawn prototype."""
    numbers = {"log_probability": -0.5, "initial_log_probability": -2.0, "n_steps": 3}
    return {"class_id": class_id, "method": method, "image": b"picture", **numbers, "settings": settings}


class Run:
    """A run whose manifest is one mapping."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.facts: Mapping[str, Any] = {}

    def open_store(self) -> PrototypeStore:
        """Opens the store as a new process does."""

        def note(facts: Mapping[str, Any]) -> None:
            self.facts = dict(facts)

        return PrototypeStore(self.path, self.facts, note)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)


def read_keys(run: Run) -> list[tuple[int, str, str]]:
    """Reads class_id, method and settings of the table's rows."""
    rows = read_table(run.path, "prototypes").to_pylist()
    return [(row["class_id"], row["method"], row["settings"]) for row in rows]


def test_prototypes_are_known_by_method_and_settings(run: Run) -> None:
    run.open_store().keep([build_row(0), build_row(7)])
    run.open_store().keep([build_row(3, "picture-space")])
    assert run.open_store().find_known("code-space", "new") == {0, 7}
    run.open_store().fold({"new": {"seed": 0}})
    store = run.open_store()
    assert store.find_known("code-space", "new") == {0, 7}
    assert store.find_known("picture-space", "new") == {3}
    assert store.find_known("code-space", "old") == set()


def test_the_table_is_in_the_order_of_classes_and_methods(run: Run) -> None:
    store = run.open_store()
    store.keep([build_row(5, "picture-space"), build_row(2, "picture-space")])
    store.keep([build_row(5)])
    store.fold({"new": {}})
    assert read_keys(run) == [
        (2, "picture-space", "new"),
        (5, "code-space", "new"),
        (5, "picture-space", "new"),
    ]
    assert run.facts["n_prototypes"] == 3


def test_a_prototype_of_other_settings_takes_the_place_of_the_older_one(run: Run) -> None:
    run.open_store().keep([build_row(0, settings="old"), build_row(1, settings="old")])
    run.open_store().fold({"old": {"seed": 0}})
    run.open_store().keep([build_row(1)])
    run.open_store().fold({"new": {"seed": 1}})
    assert read_keys(run) == [(0, "code-space", "old"), (1, "code-space", "new")]
    assert run.facts["settings"] == {"old": {"seed": 0}, "new": {"seed": 1}}
    run.open_store().keep([build_row(0)])
    run.open_store().fold({})
    assert run.facts["settings"] == {"new": {"seed": 1}}, "no prototype has the old ones any more"


def test_a_second_fold_changes_nothing(run: Run) -> None:
    run.open_store().keep([build_row(0)])
    run.open_store().fold({"new": {"seed": 1}})
    before = read_table(run.path, "prototypes"), run.facts
    run.open_store().fold({"unused": {"seed": 2}})
    assert (read_table(run.path, "prototypes"), run.facts) == before
