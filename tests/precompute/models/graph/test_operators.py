"""Operators beside plain convolutions: what is recorded of them, and their influences, against computations by hand."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision import ops

from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.influence.gradient import GradientInfluence
from precompute.aggregate.influence.registry import choose_measures
from precompute.aggregate.influence.values import Values
from precompute.aggregate.recording import Recorder
from precompute.devices.cores import Parallel
from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.selection import RecordedLayer, select_layers
from precompute.models.provenance.links import Link, derive_links


class Between(nn.Module):
    """A first layer, a second one, and whatever head fits."""

    def __init__(self, second: nn.Module, n_out: int) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU())
        self.second, self.head = second, nn.Linear(n_out, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.second(self.first(x)).flatten(2).mean(2))


@pytest.fixture(scope="module")
def images() -> Tensor:
    return torch.randn(3, 3, 8, 10, generator=torch.Generator().manual_seed(1))


def recorded(module: nn.Module, images: Tensor, influence: str = "auto") -> tuple[ExportedModel, Values, Link, object]:
    exported = ExportedModel(module, (3, 8, 10))
    layers = select_layers(exported, ["first", "second"])
    (link,) = derive_links(exported, layers)
    (measure,) = choose_measures(exported, [link], AggregateConfig(influence=influence))
    with Parallel(torch.device("cpu")) as parallel:
        return exported, Recorder(exported, layers, [measure], parallel)(images).values, link, measure


TRANSPOSED = {
    "plain": nn.ConvTranspose2d(8, 6, 3),
    "strided": nn.ConvTranspose2d(8, 6, 2, 2),
    "odd remainder": nn.ConvTranspose2d(8, 6, 3, 2, 1, output_padding=1),
    "groups": nn.ConvTranspose2d(8, 12, 4, 2, 1, groups=4),
    "channel by channel": nn.ConvTranspose2d(8, 8, 3, 2, 1, groups=8),
    "dilated, uneven": nn.ConvTranspose2d(8, 6, (3, 2), (2, 3), (1, 0), (1, 2), dilation=(2, 3)),
    "padded beyond the kernel": nn.ConvTranspose2d(8, 6, 2, 1, 2),
    "one tap, strided": nn.ConvTranspose2d(8, 6, 1, 2, bias=False),
}


def transposed_influence(layer: nn.ConvTranspose2d, values: Tensor) -> Tensor:
    """Every source channel by itself through the transposed convolution, `(image, target, source)`."""
    per_group = layer.out_channels // layer.groups
    found = torch.zeros(len(values), layer.out_channels, layer.in_channels)
    for source in range(layer.in_channels):
        alone = torch.zeros_like(values)
        alone[:, source] = values[:, source]
        response = functional.conv_transpose2d(
            alone, layer.weight, None, layer.stride, layer.padding, layer.output_padding, layer.groups, layer.dilation
        )
        group = source * layer.groups // layer.in_channels
        targets = slice(group * per_group, (group + 1) * per_group)
        found[:, targets, source] = response.flatten(2).amax(2).clamp_min(0)[:, targets]
    return found


@pytest.mark.parametrize("name", TRANSPOSED)
def test_influences_through_transposed_convolutions(name: str, images: Tensor) -> None:
    layer = TRANSPOSED[name]
    model = Between(nn.Sequential(layer, nn.ReLU()), layer.out_channels).eval()
    exported, values, link, measure = recorded(model, images)
    with torch.no_grad():
        read = model.first(images)
        made = model.second(read)
        assert torch.allclose(exported.sub_graph([exported.output])(images)[0], model(images), atol=1e-6)
        assert torch.allclose(values.maximum(link.target.node).activation, made.flatten(2).amax(2), atol=1e-6)
        expected = transposed_influence(layer, read)
    assert measure.name == "traced"  # type: ignore[attr-defined]
    assert (link.target.n_channels, link.target.height, link.target.width) == tuple(made.shape[1:])
    (influence,) = measure.counted  # type: ignore[attr-defined]
    assert torch.allclose(influence(values), expected, atol=1e-6)
    assert bool(expected.any())


@pytest.mark.parametrize("influence", ["traced", "summit"])
def test_transposed_convolutions_go_with_every_measure(influence: str, images: Tensor) -> None:
    model = Between(nn.ConvTranspose2d(8, 6, 3, 2, groups=2), 6).eval()
    _, values, _, measure = recorded(model, images, influence)
    (counted,) = measure.counted  # type: ignore[attr-defined]
    assert bool(counted(values).any())


class Maxout(nn.Module):
    """The greater of two convolutions, or of groups of channels of one."""

    def __init__(self, way: str) -> None:
        super().__init__()
        self.way, self.one, self.other = way, nn.Conv2d(8, 6, 3, padding=1), nn.Conv2d(8, 6, 1)

    def forward(self, x: Tensor) -> Tensor:
        one, other = self.one(x), self.other(x)
        both = torch.stack([one, other], 2)
        return {
            "max": torch.max(one, other),
            "maximum": torch.maximum(one, other),
            "min": torch.min(one, other),
            "amax": both.amax(2),
            "max of an axis": both.max(dim=2).values,
            "min of an axis": both.min(2)[0],
        }[self.way]


class Deformed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.offsets, self.deformed = nn.Conv2d(8, 18, 3, padding=1), ops.DeformConv2d(8, 6, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.deformed(x, self.offsets(x))


class Volume(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv3d(8, 6, (1, 3, 3), padding=(0, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return self.convolution(x[:, :, None])[:, :, 0]


BY_GRADIENT = {
    **{way: Maxout(way) for way in ("max", "maximum", "min", "amax", "max of an axis", "min of an axis")},
    "deformable": Deformed(),
    "volume": Volume(),
    "turned": nn.Sequential(nn.Conv2d(8, 24, 1), nn.PixelShuffle(2)),
}


@pytest.mark.parametrize("name", BY_GRADIENT)
def test_what_cannot_be_traced_is_recorded_and_goes_by_gradient(name: str, images: Tensor) -> None:
    model = Between(BY_GRADIENT[name], 6).eval()
    exported, values, link, measure = recorded(model, images)
    assert measure.name == "gradient"  # type: ignore[attr-defined]
    read = model.first(images).detach()
    made = model.second(read)
    assert (link.target.n_channels, link.target.height, link.target.width) == tuple(made.shape[1:])
    assert torch.allclose(values.maximum(link.target.node).activation, made.detach().flatten(2).amax(2), atol=1e-5)
    found = GradientInfluence(exported, link, 0.6)(values)
    for image in range(len(images)):
        source = read[image : image + 1].requires_grad_()
        activation = model.second(source)[0].flatten(1).amax(1)
        for channel in found[image].any(1).nonzero()[:, 0].tolist():
            (gradient,) = torch.autograd.grad(activation[channel], source, retain_graph=True)
            expected = (gradient * source)[0].sum((1, 2)).clamp_min(0)
            assert torch.allclose(found[image, channel], expected, rtol=1e-3, atol=1e-5)
    assert bool(found.any())


# --- receptive fields -----------------------------------------------------------------------------------------------


def field_of(second: nn.Module, n_out: int) -> RecordedLayer:
    return select_layers(ExportedModel(Between(second, n_out), (3, 8, 8)), ["second"])[0]


class Along(nn.Module):
    """A convolution along rows that are put one behind another, or across turned maps."""

    def __init__(self, is_turned: bool) -> None:
        super().__init__()
        self.is_turned, self.along, self.across = is_turned, nn.Conv1d(8, 6, 3, padding=1), nn.Conv2d(8, 6, 1)

    def forward(self, x: Tensor) -> Tensor:
        if self.is_turned:
            return self.across(x.transpose(2, 3))
        return self.along(x.flatten(2)).unflatten(2, (8, 8))


@pytest.mark.parametrize("second", [Deformed(), Volume(), Along(is_turned=False), Along(is_turned=True)])
def test_crops_are_whole_images_where_positions_see_more_or_move(second: nn.Module) -> None:
    assert field_of(second, 6).receptive_field is None


def test_the_field_of_a_transposed_convolution_without_stride_is_a_window() -> None:
    field = field_of(nn.ConvTranspose2d(8, 6, 3, padding=1), 6).receptive_field
    assert field is not None
    assert (field.rows.low, field.rows.high) == (-2, 2)
