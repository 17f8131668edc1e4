"""The semantic map: the strongest channels of every cell, and the heat of one class or two."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from precompute.contract.errors import InputError
from precompute.explanations.channels.semantic_map import ORDERS, build_semantic_map
from precompute.explanations.explainer import Explainer
from precompute.explanations.target import Target
from tests.reference.channel_attribution import rank_channels

SCALE = torch.tensor([0.5, 0.0, 2.0, 1.0])


@pytest.mark.parametrize("order", ORDERS)
def test_each_cell_has_its_strongest_channels(explainer: Explainer, images: Tensor, order: str) -> None:
    values, gradients, scores = explainer.read_layer("first", images[:1], [Target(1, 2)])
    strengths = {
        "value": values[0],
        "relative": values[0] * torch.tensor([2.0, 0, 0.5, 1]).view(-1, 1, 1),
        "attribution": (values * gradients)[0],
    }[order]
    found = build_semantic_map(explainer, "first", images[0], Target(1, 2), order, SCALE, n_channels=3)
    assert found.channels.shape == (6, 6, 3)
    for row in range(6):
        for column in range(6):
            expected = rank_channels(strengths[:, row, column].tolist(), 3)
            assert found.channels[row, column].tolist() == expected
            for channel, strength in zip(expected, found.strengths[row, column], strict=True):
                wanted = 0 if channel < 0 else float(strengths[channel, row, column])
                assert float(strength) == pytest.approx(wanted, rel=1e-4, abs=1e-6)
    assert found.score == pytest.approx(float(scores[0]), abs=1e-5)


def test_two_classes_have_a_heat_each(explainer: Explainer, images: Tensor) -> None:
    one = build_semantic_map(explainer, "first", images[0], Target(1))
    two = build_semantic_map(explainer, "first", images[0], Target(1, 2))
    values, gradients, _ = explainer.read_layer("first", images[:1], [Target(1, 2)])
    assert one.heat_against is None and two.heat_against is not None
    torch.testing.assert_close(one.heat, two.heat)
    torch.testing.assert_close(two.heat - two.heat_against, (values * gradients)[0].sum(0), rtol=1e-4, atol=1e-5)


def test_an_unknown_order_and_a_missing_scale_are_refused(explainer: Explainer, images: Tensor) -> None:
    with pytest.raises(InputError, match="Did you mean value"):
        build_semantic_map(explainer, "first", images[0], Target(0), "values")
    with pytest.raises(InputError, match="has no table"):
        build_semantic_map(explainer, "first", images[0], Target(0), "relative")
