"""Units of images: predictions and ties, and images whose numbers are not finite."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.finite import FiniteCheck
from precompute.aggregate.influence.registry import choose_measures
from precompute.aggregate.influence.values import Values
from precompute.aggregate.making import open_maker
from precompute.aggregate.reading import ReadImage
from precompute.aggregate.recording import Recording
from precompute.aggregate.stage import MadeUnit, PassInputs, PassSpeed, make_units
from precompute.aggregate.units import ImageRows, Unit, UnitKey, UnitStore, pack, plan_units
from precompute.contract.errors import InputError
from precompute.contract.labelled import LabelledImage
from precompute.contract.progress import Advance, SilentProgress
from precompute.datasets.images import ImageSource
from precompute.datasets.labels.label_outputs import Meaning
from precompute.datasets.labels.output_match import ModelOutputs
from precompute.devices.cores import Parallel
from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.selection import select_layers
from precompute.models.provenance.links import derive_links
from precompute.models.sources.preprocess import Preprocess
from tests.support.toy_pass import ArraySource
from tests.support.units import assert_units_alike

SIDE = 8
PREPROCESS = Preprocess(SIDE, SIDE, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
BLACK = np.zeros((SIDE, SIDE, 3), np.uint8)


class Net(nn.Module):
    """Two layers without biases, so that a black image is black in all of them."""

    def __init__(
        self,
        between: Callable[[Tensor], Tensor] = lambda x: x,
        end: Callable[[Tensor], Tensor] = lambda x: x,
        n_outputs: int = 6,
    ) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Sequential(nn.Conv2d(3, 6, 3, bias=False), nn.ReLU())
        self.second = nn.Sequential(nn.Conv2d(6, 5, 3, bias=False), nn.ReLU())
        self.head = nn.Linear(5, n_outputs, bias=False)
        self.between, self.end = between, end

    def forward(self, x: Tensor) -> Tensor:
        return self.end(self.head(self.second(self.between(self.first(x))).mean((2, 3))))


def build_inputs(net: nn.Module, outputs: Mapping[int, tuple[int, ...]], influence: str = "traced") -> PassInputs:
    model = ExportedModel(net, (3, SIDE, SIDE))
    layers = select_layers(model, ["first", "second"])
    measures = choose_measures(model, derive_links(model, layers), AggregateConfig(influence=influence))
    named, meaning = ModelOutputs(model.n_outputs), Meaning(outputs, "file")
    return PassInputs(model, layers, measures, PREPROCESS, cast(ImageSource, None), named, meaning)


def make_unit(
    inputs: PassInputs,
    images: Sequence[NDArray[np.uint8] | None],
    class_id: int = 0,
    batch: int = 16,
    count_by: str = "image",
) -> Unit:
    read = [
        ReadImage(LabelledImage(index, class_id, f"{index}.png"), pixels, "" if pixels is not None else "torn")
        for index, pixels in enumerate(images)
    ]
    speed = PassSpeed(batch, 0, torch.device("cpu"), count_by)
    with open_maker(inputs, AggregateConfig(), speed, 2) as maker:
        return maker.make(class_id, read, lambda n=1: None)


def draw_noise(n: int) -> list[NDArray[np.uint8]]:
    return list(np.random.default_rng(1).integers(0, 256, (n, SIDE, SIDE, 3), dtype=np.uint8))


def run_net(net: nn.Module, images: Sequence[NDArray[np.uint8]]) -> Tensor:
    with torch.no_grad():
        found: Tensor = net.eval()(PREPROCESS.build_tensor(np.stack(images)))
    return found.double()


# --- predictions and ties -------------------------------------------------------------------------------------------


def test_a_head_of_zeros_has_the_accuracies_of_topk() -> None:
    net = Net(n_outputs=12)
    nn.init.zeros_(net.head.weight)
    inputs, images = build_inputs(net, {c: (c,) for c in range(12)}), draw_noise(2)
    rows = [make_unit(inputs, images, class_id).images for class_id in range(12)]
    assert np.mean([row.in_top5 for row in rows]) == pytest.approx(5 / 12)
    assert np.mean([row.predicted_class_id == c for c, row in enumerate(rows)]) == pytest.approx(1 / 12)
    assert all(np.allclose(row.true_probability, 1 / 12) for row in rows)


@pytest.mark.parametrize("outputs", [(5,), (2,), (0, 11), (9, 10, 11)])
def test_ties_go_to_the_lower_output_also_for_classes_of_several(outputs: tuple[int, ...]) -> None:
    net = Net(end=lambda x: (x * 4).round(), n_outputs=12)
    images = draw_noise(12)
    rows = make_unit(build_inputs(net, {0: outputs}), images, batch=5).images
    logits = run_net(net, images)
    orders = [sorted(range(12), key=lambda k, row=row: (-row[k], k)) for row in logits.tolist()]  # type: ignore[misc]
    assert any(len(set(row)) < 12 for row in logits.tolist()), "there are ties"
    assert rows.predicted_class_id.tolist() == [order[0] for order in orders]
    assert rows.in_top5.tolist() == [bool(set(outputs) & set(order[:5])) for order in orders]
    probability = logits.softmax(1)
    np.testing.assert_allclose(rows.true_probability, probability[:, list(outputs)].sum(1), rtol=1e-5)
    np.testing.assert_allclose(rows.predicted_probability, probability.amax(1), rtol=1e-5)


def test_of_sigmoids_a_class_has_the_greatest() -> None:
    net, images = Net(end=torch.sigmoid), draw_noise(4)
    rows = make_unit(build_inputs(net, {0: (1, 4)}), images).images
    probability = run_net(net, images)
    np.testing.assert_allclose(rows.true_probability, probability[:, [1, 4]].amax(1), rtol=1e-5)
    np.testing.assert_allclose(rows.predicted_probability, probability.amax(1), rtol=1e-5)
    assert rows.predicted_class_id.tolist() == probability.argmax(1).tolist()


# --- images without finite numbers ----------------------------------------------------------------------------------


def replace_black(value: float) -> Callable[[Tensor], Tensor]:
    """Builds an end of a net that replaces the logits of a black image, which are 0, by another value."""
    return lambda x: torch.where((x == 0).all(1, keepdim=True), torch.full_like(x, value), x)


def divide_by_norm(x: Tensor) -> Tensor:
    return x / x.square().sum((1, 2, 3), keepdim=True).sqrt()


def add_root(x: Tensor) -> Tensor:
    return 1 + x + 0 * x.square().sum((1, 2, 3), keepdim=True).sqrt()


FAILING: dict[str, tuple[nn.Module, str, str]] = {
    "NaN logits": (Net(end=lambda x: x / x.norm(dim=1, keepdim=True)), "traced", "the logits are NaN or infinite"),
    "infinite logits": (Net(end=replace_black(torch.inf)), "traced", "the logits are NaN or infinite"),
    "logits of minus infinity": (Net(end=replace_black(-torch.inf)), "traced", "the logits are NaN or infinite"),
    "a layer": (Net(between=divide_by_norm), "gradient", "layer second yields NaN or infinity"),
    "gradients alone": (Net(between=add_root), "gradient", "influences on layer second are NaN or infinite"),
}


@pytest.mark.parametrize("count_by", ["image", "batch"])
@pytest.mark.parametrize("outputs", [{0: (0,)}, {}], ids=["with outputs", "without"])
@pytest.mark.parametrize("name", FAILING)
def test_an_image_without_finite_numbers_is_as_if_it_could_not_be_read(
    name: str, outputs: dict[int, tuple[int, ...]], count_by: str
) -> None:
    net, influence, reason = FAILING[name]
    inputs, sound = build_inputs(net, outputs, influence), draw_noise(5)
    images = [BLACK, *sound[:2], BLACK, *sound[2:], BLACK]
    torn = make_unit(inputs, [None if image is BLACK else image for image in images], batch=3, count_by=count_by)
    assert torn.images.image_id.tolist() == [1, 2, 4, 5, 6]
    for batch in (1, 3, 16):
        unit = make_unit(inputs, images, batch=batch, count_by=count_by)
        assert unit.skipped == {f"{index}.png": reason for index in (0, 3, 7)}, batch
        if count_by == "image":  # otherwise last bits follow the place of an image in its batch
            assert pack(replace(unit, skipped={}), "") == pack(replace(torn, skipped={}), ""), batch
        assert_units_alike(unit, torn)


def test_values_that_influences_read_between_layers_count_as_well() -> None:
    inputs = build_inputs(Net(), {})
    between = next(node for node in inputs.model.graph.nodes if node.name.startswith("mean"))
    raw = {layer.node: torch.ones(3, layer.n_channels, 2, 2) for layer in inputs.layers} | {between: torch.ones(3, 5)}
    raw[between][1, 2] = -torch.inf
    recording = Recording(torch.ones(3, 6), Values(raw, inputs.model.layouts))
    with Parallel(torch.device("cpu"), 1) as parallel:
        problems = FiniteCheck(inputs.layers, False, parallel).find_problems(recording)
    assert problems == ["", "values between the layers are NaN or infinite", ""]


def test_a_class_of_such_images_alone_is_empty() -> None:
    unit = make_unit(build_inputs(FAILING["NaN logits"][0], {0: (0,)}), [BLACK, BLACK, None], batch=2)
    assert len(unit.images.image_id) == 0 and len(unit.skipped) == 3
    assert all(layer.activation_sum.sum() == 0 for layer in unit.layers)


@pytest.mark.parametrize("name", ["layer second yields", "the logits are"])
def test_a_model_that_yields_no_numbers_for_noise_either_is_refused(name: str) -> None:
    net = Net(between=lambda x: x / 0) if name.startswith("layer") else Net(end=lambda x: (x - 100).log())
    inputs = build_inputs(net, {}, "gradient")
    with pytest.raises(InputError, match=rf"Not those of 0\.png, nor of noise: {name}.* \(mean, std, scale\)"):
        make_unit(inputs, draw_noise(3))


def test_masked_outputs_are_no_failure() -> None:
    mask = torch.arange(6) % 2 == 1
    net, images = Net(end=lambda x: x.masked_fill(mask, -torch.inf)), draw_noise(3)
    unit = make_unit(build_inputs(net, {0: (1, 2)}), images)
    assert unit.skipped == {}
    expected = run_net(net, images).softmax(1)[:, 2]
    np.testing.assert_allclose(unit.images.true_probability, expected, rtol=1e-5)


# --- the units of a run ---------------------------------------------------------------------------------------------


class CountingEngine:
    """An engine that makes empty files, in half a second of which a quarter is spent waiting."""

    def __init__(self) -> None:
        self.made: list[UnitKey] = []

    def make(
        self, units: Mapping[UnitKey, Sequence[LabelledImage]], fingerprint: str, advance: Advance
    ) -> Generator[MadeUnit, None, None]:
        for key, images in units.items():
            self.made.append(key)
            yield MadeUnit(key, pack(EMPTY, fingerprint), 0.5, 0.125)
            advance(len(images))


EMPTY = Unit(ImageRows.make_empty(), [], [], {})


def test_only_the_units_that_are_missing_are_made(tmp_path: Path) -> None:
    source = ArraySource({0: draw_noise(3), 1: draw_noise(1)})
    units, store = plan_units(source, 2), UnitStore(tmp_path, "this run")
    store.write(UnitKey(0, 1), pack(EMPTY, "this run"))
    store.write(UnitKey(1, 0), pack(EMPTY, "another run"))
    engine = CountingEngine()
    assert make_units(store, units, "this run", engine, SilentProgress()) == 0.25
    assert engine.made == [(0, 0), (1, 0)] and all(store.has(key) for key in units)
    assert make_units(store, units, "this run", engine, SilentProgress()) is None
    assert len(engine.made) == 2
