from __future__ import annotations

import pytest
import torch

from precompute.models.graph.layout import Layout
from precompute.transfer.head_modules import HeadPlan, Standardize, build_head

MAPS = Layout(1, 4, (3, 5))
TOKENS = Layout(2, 4, (2, 3), tokens=(1, 2, 3, 4, 5, 6))


@pytest.mark.parametrize("kind", ["linear", "mlp", "conv1x1", "conv3x3"])
@pytest.mark.parametrize("pooling", ["mean", "max", "both"])
def test_heads_take_maps_and_tokens(kind: str, pooling: str) -> None:
    plan = HeadPlan(kind, 4, 7, pooling, 6)
    assert build_head(plan, MAPS, None)(torch.randn(2, 4, 3, 5)).shape == (2, 7)
    assert build_head(plan, TOKENS, None)(torch.randn(2, 7, 4)).shape == (2, 7)


def test_a_class_token_is_no_position() -> None:
    head = build_head(HeadPlan("linear", 4, 7, "mean"), TOKENS, None)
    value = torch.randn(2, 7, 4)
    changed = value.clone()
    changed[:, 0] = 100
    torch.testing.assert_close(head(changed), head(value))


def test_standardising_takes_means_and_deviations_of_channels() -> None:
    values = 3 + 2 * torch.randn(50, 4, 3, 5)
    values[:, 2] = 1.5  # a constant channel is only moved
    norm = Standardize(4)
    norm.fit(values.mean((0, 2, 3)), (values**2).mean((0, 2, 3)))
    found = norm(values)
    torch.testing.assert_close(found.mean((0, 2, 3)), torch.zeros(4), atol=1e-4, rtol=0)
    deviations = found.std((0, 2, 3), correction=0)
    torch.testing.assert_close(deviations[[0, 1, 3]], torch.ones(3), atol=1e-3, rtol=0)
    assert deviations[2] < 1e-3
