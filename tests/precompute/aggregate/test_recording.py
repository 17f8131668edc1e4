"""One forward pass that records layers and all values that measures read."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.recording import Recorder
from precompute.contract.errors import InputError
from precompute.devices.cores import Parallel
from tests.support.toy_network import CPU, IMAGES, ExportedToy, Toy, export_toy


@pytest.fixture(scope="module")
def toy() -> ExportedToy:
    return export_toy()


@pytest.mark.parametrize("threads", [1, 2])
def test_values_are_those_of_the_modules(toy: ExportedToy, threads: int) -> None:
    module = Toy().eval()
    measure = toy.choose_measure(AggregateConfig())
    with Parallel(CPU, threads) as parallel, torch.no_grad():
        recording = Recorder(toy.model, toy.layers, [measure], parallel)(IMAGES)
        first = torch.relu(module.first(IMAGES))
        assert torch.equal(recording.values[toy.layers[0].node], first)
        assert torch.equal(recording.logits, module(IMAGES))
        (between,) = (node for node in measure.nodes if node.name == "relu_1")
        assert torch.equal(recording.values[between], torch.relu(module.reduce(first)))


def test_layers_and_what_measures_read_is_held_and_nothing_else(toy: ExportedToy) -> None:
    measure = toy.choose_measure(AggregateConfig())
    with Parallel(CPU, 1) as parallel:
        n_bytes = [
            Recorder(toy.model, layers, measures, parallel).bytes_per_image
            for layers, measures in (([], []), (toy.layers, []), (toy.layers, [measure]))
        ]
    # Channels, positions, bytes of a float32; the measure reads two middle channels and the one of the shortcut.
    assert n_bytes == [0, (3 + 4) * 2 * 4, (3 + 4 + 2 + 1) * 2 * 4]


def test_bfloat16_of_the_forward_pass_is_recorded_as_float32(toy: ExportedToy) -> None:
    with Parallel(CPU, 1) as parallel:
        recording = Recorder(toy.model, toy.layers, [], parallel, "bfloat16")(IMAGES / 3)
    assert recording.logits.dtype == torch.float32
    first = recording.values[toy.layers[0].node]
    assert first.dtype == torch.float32 and torch.equal(first, first.bfloat16().float())


def test_an_operator_that_refuses_bfloat16_is_reported(toy: ExportedToy, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*given: object) -> None:
        raise RuntimeError("expected Float\nbut found BFloat16")

    monkeypatch.setattr(Recorder, "_run", fail)
    with Parallel(CPU, 1) as parallel:
        Recorder(toy.model, toy.layers, [], parallel)
        with pytest.raises(InputError, match=r"The forward pass fails: expected Float\s+Leave --precision out\."):
            Recorder(toy.model, toy.layers, [], parallel, "bfloat16")


def test_a_layer_that_is_recorded_twice_is_held_once(toy: ExportedToy) -> None:
    again = replace(toy.layers[0], name="again")
    with Parallel(CPU, 1) as parallel:
        once, twice = (
            Recorder(toy.model, layers, [], parallel).bytes_per_image for layers in (toy.layers, [*toy.layers, again])
        )
    assert once == twice
