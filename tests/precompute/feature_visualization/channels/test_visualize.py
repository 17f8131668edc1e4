"""Requests for pictures that mean nothing: refused before the model is loaded, and the run stays as it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from precompute.contract.errors import InputError
from precompute.contract.lock import hold_run
from precompute.contract.progress import SilentProgress
from precompute.contract.schema import read_table
from precompute.contract.writing import write_table
from precompute.feature_visualization.ascent.config import VisualizationConfig
from precompute.feature_visualization.channels.choice import Channel
from precompute.feature_visualization.channels.visualize import VisualizeRequest, _choose, _read_layers, visualize
from tests.support.sheets import read_files
from tests.support.synthetic_run import SyntheticRun, write_synthetic_run

LAYERS = (("conv1", 12), ("conv2", 20), ("head", 8))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose layer `head` has no positions; no test changes it."""
    options = SyntheticRun(n_classes=4, layers=LAYERS, n_images=10, picture_size=8)
    run = write_synthetic_run(tmp_path_factory.mktemp("made") / "run", options)
    table = read_table(run, "layers").to_pydict()
    table["height"][2] = table["width"][2] = 1
    write_table(run, "layers", table)
    return run


@pytest.mark.parametrize(
    ("change", "rule", "found", "fix"),
    [
        ({"kinds": ("chanel",)}, "one of channel, neuron, negative, diversity", "Found chanel", "Correct --kinds"),
        ({"layers": ("conv3",)}, "The layers of this run are conv1, conv2, head", "no conv3", "Did you mean conv2"),
        ({"layers": ("zzz",)}, "The layers of this run", "There is no zzz", "Correct --layers"),
        ({"channels": (3, 12)}, "The channels of conv1 are 0 to 11", "Found 12", "name the layer that has it"),
        ({"layers": ("conv2",), "channels": (25,)}, "of conv2 are 0 to 19", "Found 25", "Correct --channels"),
        ({"kinds": ("neuron",)}, "at the centre position", "head has no positions", "leave the layer out"),
        ({"config": VisualizationConfig(method="wave")}, "A method is one of fourier", "Found wave", "--method"),
    ],
    ids=["kind", "layer", "strange layer", "channel", "channel of a layer", "neuron", "method"],
)
def test_a_request_that_means_nothing_is_refused(
    run: Path, change: Mapping[str, object], rule: str, found: str, fix: str
) -> None:
    before = read_files(run)
    with pytest.raises(InputError) as refused:
        visualize(replace(VisualizeRequest(run), **change), SilentProgress())  # type: ignore[arg-type]
    assert rule in refused.value.rule and found in refused.value.found and fix in refused.value.fix
    assert read_files(run) == before


def test_a_run_that_another_process_writes_is_left_alone(run: Path) -> None:
    with hold_run(run), pytest.raises(InputError, match="is being written by"):
        visualize(VisualizeRequest(run), SilentProgress())


def test_the_limit_takes_the_channels_of_most_graphs_among_those_asked_for(run: Path) -> None:
    layers = _read_layers(run)
    everything = _choose(VisualizeRequest(run), layers)
    assert set(everything) == {Channel(layer, channel) for layer, n in LAYERS for channel in range(n)}
    request = VisualizeRequest(run, layers=("conv2",), channels=(0, 5, 7, 19))
    some = _choose(request, layers)
    assert some == [channel for channel in everything if channel.layer == "conv2" and channel.channel in (0, 5, 7, 19)]
    assert _choose(replace(request, limit=2), layers) == some[:2]
    assert _choose(replace(request, limit=0), layers) == []


def test_layers_without_positions_are_one_position(run: Path) -> None:
    layers = _read_layers(run)
    assert list(layers) == ["conv1", "conv2", "head"]
    assert layers["head"].n_positions == 1 and layers["conv1"].n_positions == 28 * 28
