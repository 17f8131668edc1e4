from __future__ import annotations

import pytest
import torch
from torch import Tensor

from precompute.faithfulness.replacement import build_replacement, list_tokens, replace_channels, summarize_tokens
from precompute.models.graph.layout import Layout

MAPS = Layout(1, 3, (2, 2))
CHANNELS_LAST = Layout(3, 3, (2, 2))
TOKENS = Layout(2, 3, (2, 2), tokens=(1, 2, 3, 4))
"""Tokens in a row, of which the first is a class token."""
FLAT = Layout(1, 3, (2, 2), is_flat=True)
VECTOR = Layout(1, 3, (1, 1))
CASES = {
    "maps": (MAPS, (1, 3, 2, 2)),
    "last": (CHANNELS_LAST, (1, 2, 2, 3)),
    "tokens": (TOKENS, (1, 5, 3)),
    "flat": (FLAT, (1, 12)),
    "vector": (VECTOR, (1, 3)),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> tuple[Layout, Tensor]:
    layout, shape = CASES[request.param]
    return layout, torch.arange(float(torch.tensor(shape).prod())).view(shape)


def test_each_position_gets_its_channels_mean(case: tuple[Layout, Tensor]) -> None:
    layout, value = case
    replacement = build_replacement(summarize_tokens(value, layout)[0], layout, tuple(value.shape))
    assert replacement.shape == value.shape
    maps, means = layout.view_maps(value), layout.view_maps(replacement)
    for channel in range(3):
        assert torch.equal(means[0, channel], maps[0, channel].mean().expand(layout.grid))


def test_a_class_token_gets_its_own_mean() -> None:
    value = torch.randn(4, 5, 3)
    summary = summarize_tokens(value, TOKENS)
    assert summary.shape == (4, 3, 2)
    replacement = build_replacement(summary.mean(0), TOKENS, (1, 5, 3))
    assert torch.allclose(replacement[0, 0], value[:, 0].mean(0))
    assert torch.allclose(replacement[0, 2], value[:, 1:].mean((0, 1)))


def test_channels_are_replaced_row_by_row(case: tuple[Layout, Tensor]) -> None:
    layout, value = case
    both = torch.cat([value, value + 100])
    kept = torch.tensor([[True, False, True], [False, True, True]])
    found = replace_channels(both, kept, torch.full_like(value, -1.0), layout)
    for row in range(2):
        tokens, before = list_tokens(found, layout)[row], list_tokens(both, layout)[row]
        for channel in range(3):
            expected = before[channel] if kept[row, channel] else torch.full_like(before[channel], -1.0)
            assert torch.equal(tokens[channel], expected)
