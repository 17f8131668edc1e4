"""Channel attribution: value times gradient, mean over images, the strongest of both signs."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from precompute.contract.errors import InputError
from precompute.explanations.channels.attribution import ChannelAttribution, compute_channel_attribution
from precompute.explanations.explainer import Explainer
from precompute.explanations.target import Target
from tests.reference.channel_attribution import rank_channels, sum_products

TARGETS = [Target(0), Target(1, 2), Target(2), Target(0, 1)]


def test_an_attribution_is_the_sum_of_value_times_gradient(explainer: Explainer, images: Tensor) -> None:
    values, gradients, scores = explainer.read_layer("first", images, TARGETS)
    found = compute_channel_attribution(explainer, "first", images, TARGETS)
    expected = [
        sum_products(*(each.flatten(1).tolist() for each in pair)) for pair in zip(values, gradients, strict=True)
    ]
    torch.testing.assert_close(found.by_image, torch.tensor(expected), rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(found.scores, scores)
    means = found.mean
    strongest = found.find_strongest(3)
    assert [one.channel for one in strongest.channels] == [n for n in rank_channels(means.tolist(), 3) if n >= 0]


def test_the_strongest_hold_a_share_of_the_sum_of_their_sign() -> None:
    found = ChannelAttribution("layer", torch.tensor([[4.0, -1, 2, 0], [2.0, -3, 0, 0]]), torch.zeros(2))
    positive, negative = found.find_strongest(1), found.find_strongest(5, -1)
    assert [(one.channel, one.attribution) for one in positive.channels] == [(0, 3.0)]
    assert positive.share == 0.75
    assert [(one.channel, one.attribution) for one in negative.channels] == [(1, -2.0)]
    assert negative.share == 1
    assert ChannelAttribution("layer", torch.zeros(1, 2), torch.zeros(1)).find_strongest(2).share is None


def test_no_image_and_an_unknown_layer_are_refused(explainer: Explainer, images: Tensor) -> None:
    with pytest.raises(InputError, match="Found none"):
        compute_channel_attribution(explainer, "first", images[:0], [])
    with pytest.raises(InputError, match="first"):
        compute_channel_attribution(explainer, "frist", images, TARGETS)
