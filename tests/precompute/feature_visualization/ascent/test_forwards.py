"""The forward pass up to a layer: same values and gradients as the model's."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from precompute.feature_visualization.ascent.forwards import Forwards, export_for_shape
from precompute.models.graph.exported import ExportedModel

CPU = torch.device("cpu")


class Mixed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = nn.Conv2d(9, 4, 3, padding=1), nn.Conv2d(9, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([functional.relu(self.left(x)), functional.relu(self.right(x))], 1)


class Old(nn.Module):
    """Local response normalization, batch norm, and branches put together, as old networks have them."""

    def __init__(self, size: int = 5, beta: float = 0.75) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 9, 3, 2), nn.BatchNorm2d(9), nn.ReLU())
        self.norm = nn.LocalResponseNorm(size, 0.3, beta, 1.5)
        self.mixed = Mixed()
        self.head = nn.Linear(7, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.mixed(self.norm(self.stem(x))).mean((2, 3)))


def build_model(size: int = 5, beta: float = 0.75) -> ExportedModel:
    torch.manual_seed(0)
    module = Old(size, beta).requires_grad_(False)
    module.stem[1].running_mean.normal_()
    return ExportedModel(module.eval(), (3, 20, 24))


@pytest.mark.parametrize("size", [5, 4])
def test_a_forward_is_the_model_up_to_its_layer(size: int) -> None:
    exported = build_model(size)
    forward = Forwards(exported, ["mixed"], CPU)("mixed")
    names = {getattr(node.target, "__name__", "") for node in forward.graph.graph.nodes}  # type: ignore[attr-defined]
    assert "normalize_local_response" in names
    assert not any("avg_pool3d" in name or "batch_norm" in name for name in names)
    images = torch.randn((3, 3, 20, 24), generator=torch.Generator().manual_seed(0)).requires_grad_()
    old = exported.module
    assert isinstance(old, Old)
    x = old.norm(old.stem(images))
    expected = torch.cat([old.mixed.left(x), old.mixed.right(x)], 1)
    found = forward(images)
    torch.testing.assert_close(found, functional.relu(expected), atol=1e-5, rtol=1e-4)
    gradients = [
        torch.autograd.grad(maps[:, 2].sum(), images, retain_graph=True)[0] for maps in (found, expected.relu())
    ]
    torch.testing.assert_close(*gradients, atol=1e-5, rtol=1e-3)
    before = Forwards(exported, ["mixed"], CPU)("mixed", "negative")(images)
    torch.testing.assert_close(before, expected, atol=1e-5, rtol=1e-4)
    assert before.min() < 0


def test_forwards_are_made_when_asked_for_and_the_last_few_are_kept() -> None:
    forwards = Forwards(build_model(), ["stem", "norm", "mixed"], CPU)
    first = forwards("stem")
    assert forwards("stem") is first
    for layer in ("norm", "mixed"):
        forwards(layer), forwards(layer, "negative"), forwards.build_in_bfloat16(layer)
    assert forwards("stem") is not first


def test_in_bfloat16_a_forward_is_the_same_to_eight_bits_and_the_model_stays_as_it_is() -> None:
    exported = build_model()
    before = {name: value.clone() for name, value in exported.module.state_dict().items()}
    forwards = Forwards(exported, ["stem", "mixed"], CPU)
    images = torch.randn((3, 3, 20, 24), generator=torch.Generator().manual_seed(0)).requires_grad_()
    reduced, full = forwards.build_in_bfloat16("mixed")(images), forwards("mixed")(images)
    assert reduced.dtype == full.dtype == torch.float32
    assert 0 < (reduced - full).abs().max() < 0.03 * full.abs().max()
    gradients = [torch.autograd.grad(maps.square().mean(), images)[0].flatten() for maps in (reduced, full)]
    assert torch.cosine_similarity(*gradients, dim=0) > 0.99
    assert all(torch.equal(value, before[name]) for name, value in exported.module.state_dict().items())
    torch.testing.assert_close(forwards("mixed")(images), full)


def test_a_model_is_exported_at_another_size_where_it_takes_it() -> None:
    exported = build_model()
    assert export_for_shape(exported, (16, 16)).input_size == (3, 16, 16)
    assert export_for_shape(exported, (20, 24)) is exported
    fixed = nn.Sequential(nn.Flatten(), nn.Linear(3 * 20 * 24, 2))
    alone = ExportedModel(fixed, (3, 20, 24))
    assert export_for_shape(alone, (16, 16)) is alone
