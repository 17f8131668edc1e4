"""The pictures of a run: the table, interruptions, and pictures that are there already."""

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

from precompute.contract.errors import InputError
from precompute.contract.progress import SilentProgress
from precompute.contract.schema import VISUALIZATION_KINDS, locate_table, read_table
from precompute.contract.writing import write_table
from precompute.feature_visualization.ascent.config import IMAGENET_COLOUR, VisualizationConfig
from precompute.feature_visualization.ascent.image_statistics import measure_statistics
from precompute.feature_visualization.channels.choice import Channel
from precompute.feature_visualization.channels.draw_pictures import (
    build_visualizations,
    draw_pictures,
    list_table_kinds,
    read_statistics,
)
from precompute.feature_visualization.channels.visualize import KINDS
from tests.support.drawn_run import CONFIG, DEAD, N_CHANNELS, Forwards, build_drawing, make_run


def build_all(
    run: Path, config: VisualizationConfig = CONFIG, forwards: Forwards | None = None, n_channels: int = N_CHANNELS
) -> Mapping[str, int]:
    report = build_visualizations(run, build_drawing(run, config, forwards), n_channels, SilentProgress())
    return {layer: counts["n_dead"] for layer, counts in report.facts["layers"].items() if counts["n_dead"]}


def read_keys(run: Path) -> list[tuple[str, int, str]]:
    table = read_table(run, "feature_visualizations", ["layer", "channel", "kind"])
    return [(row["layer"], row["channel"], row["kind"]) for row in table.to_pylist()]


def test_the_table_is_sorted_in_model_order_and_leaves_dead_channels_out(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    report = build_visualizations(run, build_drawing(run), N_CHANNELS, SilentProgress())
    drawn = [("z/early", 0), ("z/early", 1), ("z/early", 3), ("a.late", 1), ("a.late", 2)]
    assert read_keys(run) == [(*key, "channel") for key in drawn]
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
    build_all(whole, forwards=complete)
    with pytest.raises(KeyboardInterrupt):
        build_all(broken, forwards=Forwards(stop_after))
    assert not locate_table(broken, "feature_visualizations").exists()
    parts = {path: path.stat().st_mtime_ns for path in (broken / "parts" / "visualize").glob("*")}
    per_batch = CONFIG.n_steps + 3  # and the start, the end, the stored pictures
    assert len(parts) == stop_after // per_batch
    rest = Forwards()
    assert build_all(broken, forwards=rest) == {"z/early": 1}
    assert sum(rest.calls.values()) == sum(complete.calls.values()) - per_batch * len(parts)
    name = "feature_visualizations"
    assert locate_table(broken, name).read_bytes() == locate_table(whole, name).read_bytes()


def test_finished_batches_of_another_config_and_damaged_ones_are_drawn_again(tmp_path: Path) -> None:
    run, other = make_run(tmp_path / "run"), make_run(tmp_path / "other")
    changed = replace(CONFIG, learning_rate=0.2)
    for stopped, config in ((run, CONFIG), (other, changed)):
        with pytest.raises(KeyboardInterrupt):
            build_all(stopped, config, Forwards(31))
    next((other / "parts" / "visualize").glob("z%2Fearly-0-*.parquet")).write_bytes(b"no table")
    complete, again, damaged = Forwards(), Forwards(), Forwards()
    build_all(make_run(tmp_path / "fresh"), changed, complete)
    build_all(run, changed, again)
    build_all(other, changed, damaged)
    assert again.calls == complete.calls
    assert sum(damaged.calls.values()) == sum(complete.calls.values()) - (CONFIG.n_steps + 3)
    tables = {locate_table(tmp_path / r, "feature_visualizations").read_bytes() for r in ("run", "other", "fresh")}
    assert len(tables) == 1


def test_no_channels_give_an_empty_table(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    assert build_all(run, n_channels=0) == {}
    assert read_keys(run) == []


def test_a_run_without_graphs_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="attribution_graph_nodes"):
        build_all(tmp_path)


def test_pictures_are_added_to_those_that_are_there(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    build_all(run, n_channels=2)
    first = {row["channel"]: row for row in read_table(run, "feature_visualizations").to_pylist()}
    forwards = Forwards()
    wanted = [Channel("z/early", c) for c in (0, 3, DEAD)]
    report = draw_pictures(
        run, build_drawing(run, forwards=forwards), wanted, ("channel", "neuron"), progress=SilentProgress()
    )
    assert (report.n_drawn, report.n_there) == (3, 1)
    assert read_keys(run) == [
        ("z/early", 0, "channel"),
        ("z/early", 0, "neuron"),
        ("z/early", 3, "channel"),
        ("z/early", 3, "neuron"),
        ("a.late", 2, "channel"),
    ]
    assert forwards.calls["a.late"] == 0
    assert read_table(run, "feature_visualizations").to_pylist()[0] == first[0]
    again = Forwards()
    report = draw_pictures(
        run, build_drawing(run, forwards=again), wanted, ("channel", "neuron"), progress=SilentProgress()
    )
    assert (report.n_drawn, report.n_there, sum(again.calls.values())) == (0, 6, 0)


def test_pictures_drawn_in_another_way_take_the_place_of_older_ones(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    build_all(run, n_channels=2)
    wanted = [Channel("a.late", 2)]
    draw_pictures(run, build_drawing(run, replace(CONFIG, seed=7)), wanted, progress=SilentProgress())
    rows = read_table(run, "feature_visualizations").to_pylist()
    facts = json.loads((run / "facts.json").read_text())
    assert [facts["settings"][row["settings"]]["seed"] for row in rows] == [0, 7]
    assert facts["n_pictures"] == 2


def test_four_pictures_of_a_channel_are_four_rows(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    config = replace(CONFIG, batch_size=8)
    draw_pictures(run, build_drawing(run, config), [Channel("z/early", 0)], ("diversity",), progress=SilentProgress())
    assert read_keys(run) == [("z/early", 0, f"diversity-{n}") for n in range(4)]


def test_a_table_of_an_earlier_version_is_kept_and_added_to(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    build_all(run, n_channels=2)
    path = locate_table(run, "feature_visualizations")
    pq.write_table(pq.read_table(path).drop_columns(["excitation", "settings"]), path)
    draw_pictures(run, build_drawing(run), [Channel("a.late", 1)], progress=SilentProgress())
    rows = read_table(run, "feature_visualizations").to_pylist()
    assert [(row["channel"], row["settings"] is None) for row in rows] == [(0, True), (1, False), (2, True)]


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
        build_all(run, replace(CONFIG, method="maco"))


def test_excitation_is_the_stored_picture_against_the_best_example(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    maxima = {"layer": ["z/early"] * 2, "channel": [0, 1], "max_activation": [2.0, 0.0]}
    counts = {"n_classes": [1, 1], "activation_fraction": [0.5, 0.5], "is_dead": [False] * 2, "is_outlier": [False] * 2}
    write_table(run, "channels", {**maxima, **counts})
    forwards = Forwards()
    draw_pictures(
        run, build_drawing(run, forwards=forwards), [Channel("z/early", c) for c in (0, 1)], progress=SilentProgress()
    )
    first, second = read_table(run, "feature_visualizations").to_pylist()
    pixels = torch.from_numpy(np.array(Image.open(io.BytesIO(first["image"])))).permute(2, 0, 1)[None] / 255
    with torch.no_grad():
        greatest = forwards.compute_early(pixels)[0, 0].max().item()
    assert first["excitation"] == pytest.approx(greatest / 2)
    assert second["excitation"] is None


def test_kinds_in_the_table_are_those_of_the_schema() -> None:
    kinds = [kind for asked in KINDS for kind in list_table_kinds(asked)]
    assert tuple(kinds) == VISUALIZATION_KINDS


def test_only_maco_reads_the_magnitude_of_the_images(tmp_path: Path) -> None:
    """The magnitude would otherwise change the fingerprint of pictures that do not depend on it."""
    run = make_run(tmp_path / "run")
    rng = np.random.default_rng(0)
    write_examples(run, [rng.integers(0, 256, (16, 16, 3)).astype(np.uint8) for _ in range(2)])
    plain = read_statistics(run, ("z/early", "a.late"), CONFIG)
    maco = read_statistics(run, ("z/early", "a.late"), replace(CONFIG, method="maco"))
    assert plain.magnitude is None and maco.magnitude is not None
    assert maco.magnitude.shape == (3, 16, 9)
    assert plain.fingerprint != maco.fingerprint and plain.colour == maco.colour


def test_a_run_without_images_takes_the_colours_of_imagenet(tmp_path: Path) -> None:
    statistics = read_statistics(make_run(tmp_path / "run"), ("z/early", "a.late"), CONFIG)
    assert (statistics.colour, statistics.n_images) == (IMAGENET_COLOUR, 0)
