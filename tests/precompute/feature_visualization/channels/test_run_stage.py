"""The stage `visualize`: what is chosen, what is written, what survives an interruption."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from precompute.contract.errors import InputError
from precompute.contract.progress import SilentProgress
from precompute.contract.schema import read_table, table_path, write_table
from precompute.feature_visualization.ascent.config import IMAGENET_COLOUR, VisualizationConfig
from precompute.feature_visualization.ascent.image_statistics import measure_statistics
from precompute.feature_visualization.ascent.optimize import LayerForward
from precompute.feature_visualization.channels.choice import Channel, choose_channels, rank_channels
from precompute.feature_visualization.channels.draw_pictures import build_visualizations, draw_pictures, read_statistics
from precompute.feature_visualization.channels.drawing import Drawing

DEAD, N_CHANNELS = 4, 6
CONFIG = VisualizationConfig(size=16, n_steps=12, batch_size=2, threads=1)

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

    def __call__(self, layer: str, kind: str) -> LayerForward:
        return {"z/early": self.early, "a.late": self.late}[layer]


def normalize(pictures: Tensor) -> Tensor:
    return pictures


def make_run(run: Path) -> Path:
    run.mkdir()
    rows = [(c, *node) for c, nodes in NODES.items() for node in nodes]
    names = ("class_id", "layer", "channel", "activation_count")
    columns = {name: [row[i] for row in rows] for i, name in enumerate(names)}
    write_table(run, "attribution_graph_nodes", {**columns, "pagerank_score": [0.1] * len(rows)})
    return run


def build(
    run: Path, config: VisualizationConfig = CONFIG, forwards: Forwards | None = None, n_channels: int = N_CHANNELS
) -> Mapping[str, int]:
    report = build_visualizations(run, drawing(run, config, forwards), n_channels, SilentProgress())
    return {layer: counts["n_dead"] for layer, counts in report.facts["layers"].items() if counts["n_dead"]}


def drawing(run: Path, config: VisualizationConfig = CONFIG, forwards: Forwards | None = None) -> Drawing:
    """What the stage is given; its facts are kept in a file, as the manifest keeps them."""
    path = run / "facts.json"
    facts = json.loads(path.read_text()) if path.is_file() else {}
    return Drawing(
        forwards or Forwards(),
        normalize,
        ("z/early", "a.late"),
        config,
        facts,
        lambda found: path.write_text(json.dumps(found)) and None,
    )


def keys(run: Path) -> list[tuple[str, int, str]]:
    table = read_table(run, "feature_visualizations", ["layer", "channel", "kind"])
    return [(row["layer"], row["channel"], row["kind"]) for row in table.to_pylist()]


def test_channels_of_most_graphs_come_first(tmp_path: Path) -> None:
    run, layers = make_run(tmp_path / "run"), ("z/early", "a.late")
    order = [("z/early", 0), ("a.late", 2), ("z/early", DEAD), ("z/early", 1), ("z/early", 3), ("a.late", 1)]
    for n in range(len(order) + 1):
        assert choose_channels(run, n, layers) == order[:n]
    assert choose_channels(run, 100, layers) == [*order, ("a.late", 0)]


def test_the_table_is_sorted_in_model_order_and_leaves_dead_channels_out(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    report = build_visualizations(run, drawing(run), N_CHANNELS, SilentProgress())
    drawn = [("z/early", 0), ("z/early", 1), ("z/early", 3), ("a.late", 1), ("a.late", 2)]
    assert keys(run) == [(*key, "channel") for key in drawn]
    assert (report.n_drawn, report.n_there, report.dead) == (5, 0, (("z/early", DEAD, "channel"),))
    (settings,) = report.facts["settings"]
    assert report.facts["settings"][settings]["seed"] == CONFIG.seed
    assert report.facts["dead"] == [["z/early", DEAD, "channel", settings]]
    for row in read_table(run, "feature_visualizations").to_pylist():
        picture = Image.open(io.BytesIO(row["image"]))
        assert (picture.format, picture.size) == ("WEBP", (16, 16))
        assert row["objective_value"] > row["initial_objective_value"]
        assert row["n_steps"] == 12
        assert row["settings"] == settings
        assert row["excitation"] is None, "the run does not tell the greatest activation"
    assert not (run / "parts" / "visualize").exists()


@pytest.mark.parametrize("stop_after", [1, 15, 20, 31])
def test_an_interrupted_stage_goes_on_and_ends_in_the_same_bytes(tmp_path: Path, stop_after: int) -> None:
    whole, broken = make_run(tmp_path / "whole"), make_run(tmp_path / "broken")
    complete = Forwards()
    build(whole, forwards=complete)
    with pytest.raises(KeyboardInterrupt):
        build(broken, forwards=Forwards(stop_after))
    assert not table_path(broken, "feature_visualizations").exists()
    parts = {path: path.stat().st_mtime_ns for path in (broken / "parts" / "visualize").glob("*")}
    per_batch = CONFIG.n_steps + 3  # and the start, the end, the stored pictures
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
            build(stopped, config, Forwards(31))
    next((other / "parts" / "visualize").glob("z%2Fearly-0-*.parquet")).write_bytes(b"no table")
    complete, again, damaged = Forwards(), Forwards(), Forwards()
    build(make_run(tmp_path / "fresh"), changed, complete)
    build(run, changed, again)
    build(other, changed, damaged)
    assert again.calls == complete.calls
    assert sum(damaged.calls.values()) == sum(complete.calls.values()) - (CONFIG.n_steps + 3)
    tables = {table_path(tmp_path / r, "feature_visualizations").read_bytes() for r in ("run", "other", "fresh")}
    assert len(tables) == 1


def test_no_channels_give_an_empty_table(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    assert build(run, n_channels=0) == {}
    assert keys(run) == []


def test_a_run_without_graphs_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="attribution_graph_nodes"):
        build(tmp_path)


def test_a_layer_without_forward_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"a\.late"):
        choose_channels(make_run(tmp_path / "run"), 3, ("z/early",))


def test_pictures_are_added_to_those_that_are_there(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    build(run, n_channels=2)
    first = {row["channel"]: row for row in read_table(run, "feature_visualizations").to_pylist()}
    forwards = Forwards()
    wanted = [Channel("z/early", c) for c in (0, 3, DEAD)]
    report = draw_pictures(
        run, drawing(run, forwards=forwards), wanted, ("channel", "neuron"), progress=SilentProgress()
    )
    assert (report.n_drawn, report.n_there) == (3, 1)
    assert keys(run) == [
        ("z/early", 0, "channel"),
        ("z/early", 0, "neuron"),
        ("z/early", 3, "channel"),
        ("z/early", 3, "neuron"),
        ("a.late", 2, "channel"),
    ]
    assert forwards.calls["a.late"] == 0
    assert read_table(run, "feature_visualizations").to_pylist()[0] == first[0]
    again = Forwards()
    report = draw_pictures(run, drawing(run, forwards=again), wanted, ("channel", "neuron"), progress=SilentProgress())
    assert (report.n_drawn, report.n_there, sum(again.calls.values())) == (0, 6, 0)


def test_pictures_drawn_in_another_way_take_the_place_of_older_ones(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    build(run, n_channels=2)
    wanted = [Channel("a.late", 2)]
    draw_pictures(run, drawing(run, replace(CONFIG, seed=7)), wanted, progress=SilentProgress())
    rows = read_table(run, "feature_visualizations").to_pylist()
    facts = json.loads((run / "facts.json").read_text())
    assert [facts["settings"][row["settings"]]["seed"] for row in rows] == [0, 7]
    assert facts["n_pictures"] == 2


def test_four_pictures_of_a_channel_are_four_rows(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    config = replace(CONFIG, batch_size=8)
    draw_pictures(run, drawing(run, config), [Channel("z/early", 0)], ("diversity",), progress=SilentProgress())
    assert keys(run) == [("z/early", 0, f"diversity-{n}") for n in range(4)]


def test_a_table_of_an_earlier_version_is_kept_and_added_to(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    build(run, n_channels=2)
    path = table_path(run, "feature_visualizations")
    pq.write_table(pq.read_table(path).drop_columns(["excitation", "settings"]), path)
    draw_pictures(run, drawing(run), [Channel("a.late", 1)], progress=SilentProgress())
    rows = read_table(run, "feature_visualizations").to_pylist()
    assert [(row["channel"], row["settings"] is None) for row in rows] == [(0, True), (1, False), (2, True)]


def test_all_channels_are_ranked_those_of_graphs_first(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    ranked = rank_channels(run, {"z/early": 6, "a.late": 3})
    assert ranked[:3] == [("z/early", 0), ("a.late", 2), ("z/early", DEAD)]
    assert ranked[-2:] == [("z/early", 2), ("z/early", 5)]
    assert len(set(ranked)) == len(ranked) == 9
    assert rank_channels(tmp_path, {"a": 2}) == [("a", 0), ("a", 1)], "a run without graphs"


def write_examples(run: Path, images: list[np.ndarray]) -> None:
    n = len(images)
    buffers = [io.BytesIO() for _ in images]
    for image, buffer in zip(images, buffers, strict=True):
        Image.fromarray(image).save(buffer, "WEBP", lossless=True)
    columns = {name: [0] * n for name in ("rank", "x0", "y0", "x1", "y1")}
    rows = {"layer": ["a.late"] * n, "channel": list(range(n)), "class_id": [-1] * n, "activation": [1.0] * n}
    pictures = [buffer.getvalue() for buffer in buffers]
    write_table(run, "dataset_examples", {**columns, **rows, "image_id": [3, 4, 3][:n], "image": pictures})


def test_colours_are_those_of_the_runs_own_images(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (16, 16, 3)).astype(np.uint8) for _ in range(3)]
    images[2] = images[0]  # the same image excites two channels most
    write_examples(run, images)
    found = read_statistics(run, ("z/early", "a.late"), CONFIG)
    expected = measure_statistics(np.stack(images[:2]))
    assert (found.n_images, found.colour) == (2, expected.colour)
    assert read_statistics(run, ("a.late", "z/early"), CONFIG).colour == IMAGENET_COLOUR, "no examples there"


def test_maco_without_images_is_an_input_error(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    with pytest.raises(InputError, match="examples"):
        build(run, replace(CONFIG, method="maco"))


def test_excitation_is_the_stored_picture_against_the_best_example(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    maxima = {"layer": ["z/early"] * 2, "channel": [0, 1], "max_activation": [2.0, 0.0]}
    counts = {"n_classes": [1, 1], "activation_fraction": [0.5, 0.5], "is_dead": [False] * 2, "is_outlier": [False] * 2}
    write_table(run, "channels", {**maxima, **counts})
    forwards = Forwards()
    draw_pictures(
        run, drawing(run, forwards=forwards), [Channel("z/early", c) for c in (0, 1)], progress=SilentProgress()
    )
    first, second = read_table(run, "feature_visualizations").to_pylist()
    pixels = torch.from_numpy(np.array(Image.open(io.BytesIO(first["image"])))).permute(2, 0, 1)[None] / 255
    with torch.no_grad():
        greatest = forwards.early(pixels)[0, 0].max().item()
    assert first["excitation"] == pytest.approx(greatest / 2)
    assert second["excitation"] is None
