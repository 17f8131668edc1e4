"""Maps that know nothing of the model."""

from __future__ import annotations

import torch

from precompute.explanations.metrics.baselines import draw_random_maps, find_edges


def test_an_edge_is_strong_and_a_plain_area_is_not() -> None:
    image = torch.zeros(1, 3, 5, 6)
    image[..., 3:] = 1.0
    found = find_edges(image)
    assert found.shape == (1, 5, 6)
    assert found[0, :, [2, 3]].eq(4.0).all()
    assert found[0, :, [0, 1, 4, 5]].eq(0.0).all()


def test_random_maps_follow_seed_and_number() -> None:
    found = draw_random_maps(3, (4, 5), 1)
    assert found.shape == (3, 4, 5)
    assert torch.equal(found[:2], draw_random_maps(2, (4, 5), 1))
    assert not torch.equal(found[0], found[1])
    assert not torch.equal(found, draw_random_maps(3, (4, 5), 2))
