"""Transposed convolutions: values and influences, against computations by hand."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.support.between import Between, record_link


@pytest.fixture(scope="module")
def images() -> Tensor:
    return torch.randn(3, 3, 8, 10, generator=torch.Generator().manual_seed(1))


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


def compute_transposed_influence(layer: nn.ConvTranspose2d, values: Tensor) -> Tensor:
    """Computes the influence of every source channel by itself, `(image, target, source)`."""
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
    exported, values, link, measure = record_link(model, images)
    with torch.no_grad():
        read = model.first(images)
        made = model.second(read)
        assert torch.allclose(exported.build_sub_graph([exported.output])(images)[0], model(images), atol=1e-6)
        assert torch.allclose(values.find_maximum(link.target.node).activation, made.flatten(2).amax(2), atol=1e-6)
        expected = compute_transposed_influence(layer, read)
    assert measure.name == "traced"  # type: ignore[attr-defined]
    assert (link.target.n_channels, link.target.height, link.target.width) == tuple(made.shape[1:])
    (influence,) = measure.counted  # type: ignore[attr-defined]
    assert torch.allclose(influence(values), expected, atol=1e-6)
    assert bool(expected.any())


@pytest.mark.parametrize("influence", ["traced", "summit"])
def test_transposed_convolutions_go_with_every_measure(influence: str, images: Tensor) -> None:
    model = Between(nn.ConvTranspose2d(8, 6, 3, 2, groups=2), 6).eval()
    _, values, _, measure = record_link(model, images, influence)
    (counted,) = measure.counted  # type: ignore[attr-defined]
    assert bool(counted(values).any())
