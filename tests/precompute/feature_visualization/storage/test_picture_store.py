"""The pictures of a run: keys, dead channels, and the facts in the manifest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from precompute.contract.schema import read_table
from precompute.feature_visualization.storage.picture_store import PictureKey, PictureStore

LAYERS = ("z/early", "a.late")


def build_row(layer: str, channel: int, **changes: Any) -> dict[str, Any]:
    """Builds a row of a drawn picture."""
    drawn = {"image": b"picture", "objective_value": 2.0, "n_steps": 8, "initial_objective_value": 0.5}
    key = {"layer": layer, "channel": channel, "kind": "channel"}
    return {**key, **drawn, "excitation": None, "settings": "new"} | changes


class Run:
    """A run whose manifest is one mapping."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.facts: Mapping[str, Any] = {}

    def open_store(self, layers: tuple[str, ...] = LAYERS) -> PictureStore:
        """Opens the store as a new process does."""

        def note(facts: Mapping[str, Any]) -> None:
            self.facts = dict(facts)

        return PictureStore(self.path, layers, self.facts, note)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)


def read_keys(run: Run) -> list[tuple[str, int, str]]:
    """Reads layer, channel and settings of the table's rows."""
    rows = read_table(run.path, "feature_visualizations").to_pylist()
    return [(row["layer"], row["channel"], row["settings"]) for row in rows]


def test_pictures_are_known_before_and_after_they_are_in_the_table(run: Run) -> None:
    keys = {PictureKey("z/early", 3, "channel"), PictureKey("z/early", 4, "channel")}
    run.open_store().keep([build_row("z/early", 3), build_row("z/early", 4, image=None)])
    assert run.open_store().find_known({"new"}) == keys, "one of them is dead"
    run.open_store().fold({"new": {"seed": 0}})
    assert run.open_store().find_known({"new", "other"}) == keys
    assert run.open_store().find_known({"other"}) == set()


def test_the_table_is_in_the_order_of_layers_channels_and_kinds(run: Run) -> None:
    store = run.open_store()
    store.keep([build_row("a.late", 0)])
    store.keep([build_row("z/early", 9), build_row("z/early", 2)])
    store.keep([build_row("z/early", 2, kind="neuron")])
    store.fold({})
    rows = read_table(run.path, "feature_visualizations").to_pylist()
    assert [(row["layer"], row["channel"], row["kind"]) for row in rows] == [
        ("z/early", 2, "channel"),
        ("z/early", 2, "neuron"),
        ("z/early", 9, "channel"),
        ("a.late", 0, "channel"),
    ]


def test_a_dead_channel_keeps_the_picture_of_older_settings(run: Run) -> None:
    store = run.open_store()
    store.keep([build_row("z/early", 1, settings="old")])
    store.fold({"old": {"seed": 0}})
    store.keep([build_row("z/early", 1, image=None)])
    store.fold({"new": {"seed": 1}})
    assert read_keys(run) == [("z/early", 1, "old")]
    assert run.facts["dead"] == [["z/early", 1, "channel", "new"]]
    assert run.facts["settings"] == {"old": {"seed": 0}, "new": {"seed": 1}}
    assert run.facts["layers"]["z/early"]["n_dead"] == 0, "it has a picture"


def test_a_picture_takes_a_channel_off_the_list_of_dead_ones(run: Run) -> None:
    run.open_store().keep([build_row("z/early", 1, image=None, settings="old")])
    run.open_store().fold({"old": {"seed": 0}})
    assert run.facts["layers"]["z/early"]["n_dead"] == 1
    run.open_store().keep([build_row("z/early", 1)])
    run.open_store().fold({"new": {"seed": 1}})
    assert run.facts["dead"] == [] and run.facts["settings"] == {"new": {"seed": 1}}
    assert read_keys(run) == [("z/early", 1, "new")]


def test_pictures_of_layers_that_the_run_no_longer_has_are_dropped(run: Run) -> None:
    store = run.open_store()
    store.keep([build_row("z/early", 0)])
    store.keep([build_row("a.late", 0)])
    store.fold({"new": {}})
    fewer = run.open_store(("a.late",))
    fewer.fold({})
    assert read_keys(run) == [("a.late", 0, "new")] and list(run.facts["layers"]) == ["a.late"]


def test_an_imported_picture_is_not_a_drawn_one(run: Run) -> None:
    store = run.open_store()
    unknown = dict.fromkeys(("objective_value", "n_steps", "initial_objective_value"))
    store.keep([build_row("z/early", 0), build_row("z/early", 1, **unknown)])
    assert store.find_drawn() == {PictureKey("z/early", 0, "channel"): True, PictureKey("z/early", 1, "channel"): False}


def test_the_counts_of_a_layer_are_of_the_kind_channel_alone(run: Run) -> None:
    """An excitation of exactly 1 is as strong as the best example, and does not beat it."""
    store = run.open_store()
    excitations = (0.5, 1.0, 1.5, None)
    store.keep([build_row("z/early", c, excitation=excitation) for c, excitation in enumerate(excitations)])
    store.keep([build_row("z/early", 0, kind="neuron", excitation=3.0)])
    store.keep([build_row("z/early", 7, image=None)])
    store.fold({})
    assert run.facts["layers"]["z/early"] == {
        "n_pictures": 4,
        "n_compared": 3,
        "n_beating_best_example": 1,
        "n_dead": 1,
    }
    assert run.facts["n_pictures"] == 5
    assert run.facts["layers"]["a.late"] == dict.fromkeys(run.facts["layers"]["z/early"], 0)


def test_facts_of_other_writers_stay_and_those_of_earlier_versions_go(run: Run) -> None:
    run.facts = {"side": 64, "n_dead_channels": 3}
    store = run.open_store()
    store.fold({})
    assert run.facts["side"] == 64 and "n_dead_channels" not in run.facts


def test_a_layers_name_may_hold_a_slash(run: Run) -> None:
    run.open_store().keep([build_row("z/early", 0)])
    (path,) = (run.path / "parts" / "visualize").iterdir()
    assert path.name == "z%2Fearly-0-channel-new.parquet"
