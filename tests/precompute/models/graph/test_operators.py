"""Names, shapes and kinds of operators, and operators whose influences go by gradient."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from precompute.aggregate.influence.gradient import GradientInfluence
from tests.support.between import Between, Deformed, Volume, record_link


@pytest.fixture(scope="module")
def images() -> Tensor:
    return torch.randn(3, 3, 8, 10, generator=torch.Generator().manual_seed(1))


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


BY_GRADIENT = {
    **{way: Maxout(way) for way in ("max", "maximum", "min", "amax", "max of an axis", "min of an axis")},
    "deformable": Deformed(),
    "volume": Volume(),
    "turned": nn.Sequential(nn.Conv2d(8, 24, 1), nn.PixelShuffle(2)),
}


@pytest.mark.parametrize("name", BY_GRADIENT)
def test_what_cannot_be_traced_is_recorded_and_goes_by_gradient(name: str, images: Tensor) -> None:
    model = Between(BY_GRADIENT[name], 6).eval()
    exported, values, link, measure = record_link(model, images)
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
