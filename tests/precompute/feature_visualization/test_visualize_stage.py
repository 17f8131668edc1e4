"""The stage `visualize`: what is chosen, what is written, what survives an interruption."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from precompute.errors import InputError
from precompute.feature_visualization.config import VisualizationConfig
from precompute.feature_visualization.optimize import LayerForward
from precompute.feature_visualization.stage import build_visualizations, choose_channels
from precompute.progress import SilentProgress
from precompute.schema import read_table, table_path, write_table

DEAD = 4
CONFIG = VisualizationConfig(n_channels=6, size=16, n_steps=12, batch_size=2, threads=1)

# class: (layer, channel, activation_count)
NODES = {
    0: [("z/early", 0, 5), ("z/early", 1, 9), ("z/early", DEAD, 1), ("a.late", 2, 3)],
    1: [("z/early", 0, 5), ("z/early", 3, 9), ("z/early", DEAD, 1), ("a.late", 2, 3)],
    2: [("z/early", 0, 5), ("a.late", 1, 9), ("a.late", 2, 3), ("a.late", 0, 2)],
}


class Forwards:
    """Two layers; counts the calls of each and can be interrupted after some."""

    def __init__(self, stop_after: int | None = None) -> None:
        torch.manual_seed(0)
        self.first, self.second = nn.Conv2d(3, 5, 3), nn.Conv2d(5, 3, 3)
        with torch.no_grad():
            self.first.bias += 0.2
            self.first.weight[DEAD], self.first.bias[DEAD] = 0, -1
        self.calls = {"z/early": 0, "a.late": 0}
        self.stop_after = stop_after

    def early(self, x: Tensor) -> Tensor:
        return self._count("z/early", functional.relu(self.first(x)))

    def late(self, x: Tensor) -> Tensor:
        return self._count("a.late", self.second(functional.relu(self.first(x))).mean((2, 3)))

    def _count(self, layer: str, output: Tensor) -> Tensor:
        self.calls[layer] += 1
        if self.stop_after is not None and sum(self.calls.values()) > self.stop_after:
            raise KeyboardInterrupt
        return output

    @property
    def by_layer(self) -> Mapping[str, LayerForward]:
        return {"z/early": self.early, "a.late": self.late}


def normalize(pictures: Tensor) -> Tensor:
    return pictures


def make_run(run: Path) -> Path:
    run.mkdir()
    rows = [(c, *node) for c, nodes in NODES.items() for node in nodes]
    names = ("class_id", "layer", "channel", "activation_count")
    columns = {name: [row[i] for row in rows] for i, name in enumerate(names)}
    write_table(run, "attribution_graph_nodes", {**columns, "pagerank_score": [0.1] * len(rows)})
    return run


def build(run: Path, config: VisualizationConfig = CONFIG, forwards: Forwards | None = None) -> Mapping[str, int]:
    by_layer = (forwards or Forwards()).by_layer
    return build_visualizations(run, config, by_layer, normalize, SilentProgress()).n_dead_channels


def keys(run: Path) -> list[tuple[str, int, str]]:
    table = read_table(run, "feature_visualizations", ["layer", "channel", "kind"])
    return [(row["layer"], row["channel"], row["kind"]) for row in table.to_pylist()]


def test_channels_of_most_graphs_come_first(tmp_path: Path) -> None:
    run, layers = make_run(tmp_path / "run"), ("z/early", "a.late")
    order = [("z/early", 0), ("a.late", 2), ("z/early", DEAD), ("z/early", 1), ("z/early", 3), ("a.late", 1)]
    for n in range(len(order) + 1):
        assert set(choose_channels(run, n, layers)) == set(order[:n])
    assert choose_channels(run, 100, layers) == [
        *[("z/early", c) for c in (0, 1, 3, 4)],
        *[("a.late", c) for c in range(3)],
    ]


def test_the_table_is_sorted_in_model_order_and_leaves_dead_channels_out(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    report = build_visualizations(run, CONFIG, Forwards().by_layer, normalize, SilentProgress())
    drawn = [("z/early", 0), ("z/early", 1), ("z/early", 3), ("a.late", 1), ("a.late", 2)]
    assert keys(run) == [(*key, "channel") for key in drawn]
    assert (report.n_pictures, report.n_dead_channels) == (5, {"z/early": 1})
    for row in read_table(run, "feature_visualizations").to_pylist():
        picture = Image.open(io.BytesIO(row["image"]))
        assert (picture.format, picture.size) == ("WEBP", (16, 16))
        assert row["objective_value"] > row["initial_objective_value"]
        assert row["n_steps"] == 12
    assert not (run / "parts" / "visualize").exists()


@pytest.mark.parametrize("stop_after", [1, 14, 20, 29])
def test_an_interrupted_stage_goes_on_and_ends_in_the_same_bytes(tmp_path: Path, stop_after: int) -> None:
    whole, broken = make_run(tmp_path / "whole"), make_run(tmp_path / "broken")
    complete = Forwards()
    build(whole, forwards=complete)
    with pytest.raises(KeyboardInterrupt):
        build(broken, forwards=Forwards(stop_after))
    assert not table_path(broken, "feature_visualizations").exists()
    parts = {path: path.stat().st_mtime_ns for path in (broken / "parts" / "visualize").glob("*")}
    per_batch = CONFIG.n_steps + 2
    assert len(parts) == stop_after // per_batch
    rest = Forwards()
    assert build(broken, forwards=rest) == {"z/early": 1}
    assert sum(rest.calls.values()) == sum(complete.calls.values()) - per_batch * len(parts)
    name = "feature_visualizations"
    assert table_path(broken, name).read_bytes() == table_path(whole, name).read_bytes()


def test_finished_batches_of_another_config_and_damaged_ones_are_drawn_again(tmp_path: Path) -> None:
    run, other = make_run(tmp_path / "run"), make_run(tmp_path / "other")
    changed = replace(CONFIG, learning_rate=0.2)
    for stopped, config in ((run, CONFIG), (other, changed)):
        with pytest.raises(KeyboardInterrupt):
            build(stopped, config, Forwards(29))
    (other / "parts" / "visualize" / "z%2Fearly-0.parquet").write_bytes(b"no table")
    complete, again, damaged = Forwards(), Forwards(), Forwards()
    build(make_run(tmp_path / "fresh"), changed, complete)
    build(run, changed, again)
    build(other, changed, damaged)
    assert again.calls == complete.calls
    assert sum(damaged.calls.values()) == sum(complete.calls.values()) - (CONFIG.n_steps + 2)
    tables = {table_path(tmp_path / r, "feature_visualizations").read_bytes() for r in ("run", "other", "fresh")}
    assert len(tables) == 1


def test_no_channels_give_an_empty_table(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    assert build(run, replace(CONFIG, n_channels=0)) == {}
    assert keys(run) == []


def test_a_run_without_graphs_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="attribution_graph_nodes"):
        build(tmp_path)


def test_a_layer_without_forward_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"a\.late"):
        choose_channels(make_run(tmp_path / "run"), 3, ("z/early",))
