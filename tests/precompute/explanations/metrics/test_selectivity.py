"""Selectivity: equal to its definition, in one order and recomputed."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from precompute.contract.errors import InputError
from precompute.explanations.explainer import Explainer
from precompute.explanations.input_range import InputRange
from precompute.explanations.metrics.selectivity import (
    Curves,
    Removal,
    order_patches,
    remove_in_order,
    remove_recomputed,
)
from precompute.explanations.metrics.subject import apply_score
from precompute.explanations.reference_images import smooth_image
from precompute.explanations.target import Target
from tests.reference.map_quality import compute_curve, compute_selectivity

TARGETS = [Target(0), Target(1, 2), Target(2), Target(0, 1)]
ONES = torch.ones(3, 1, 1)
RANGE = InputRange(-ONES, ONES, ONES * 0.0)


@pytest.mark.parametrize("fill", ["mean", "blurred"])
def test_equals_the_definition(explainer: Explainer, images: Tensor, fill: str) -> None:
    removal = Removal(patches=3, fill=fill, steps=9, batch_size=7)
    maps = torch.rand(4, 6, 6, generator=torch.Generator().manual_seed(3))
    curves = remove_in_order(
        apply_score(explainer, TARGETS, batch_size=5), images, order_patches(maps, removal, (6, 6)), RANGE, removal
    )
    fills = smooth_image(images) if fill == "blurred" else torch.zeros_like(images)
    for number, target in enumerate(TARGETS):

        def score(image: np.ndarray, of: Target = target) -> float:
            return float(explainer.compute_scores(torch.from_numpy(image)[None], [of]))

        expected = compute_curve(score, images[number].numpy(), maps[number].numpy(), fills[number].numpy(), 2)
        assert curves.scores[number].tolist() == pytest.approx(expected, rel=1e-4, abs=1e-5)
        area = curves.compute_area()[number].item()
        assert np.isnan(area) if expected[0] <= 0 else area == pytest.approx(compute_selectivity(expected), rel=1e-3)


def add_pixels(images: Tensor, owners: Tensor) -> tuple[Tensor, Tensor]:
    """Returns the sum of the first colour, and its logistic function."""
    total = images[:, 0].flatten(1).sum(1)
    return total, total.sigmoid()


def test_the_area_by_hand_and_fewer_steps() -> None:
    image = torch.zeros(1, 3, 2, 2)
    image[0, 0] = torch.tensor([[4.0, 2.0], [1.0, 1.0]])
    removal = Removal(patches=2, steps=2)
    orders = order_patches(image[:, 0], removal, (2, 2))
    assert orders.tolist() == [[0, 1, 2, 3]]
    curves = remove_in_order(add_pixels, image, orders, RANGE, removal)
    assert curves.counts == (0, 2, 4)
    assert curves.scores.tolist() == [[8.0, 2.0, 0.0]]
    assert curves.compute_area().tolist() == [(5.0 + 1.0) / 2 / 8]
    assert curves.compute_area("probabilities").item() == pytest.approx((0.99966 / 2 + 0.8808 + 0.5 / 2) / 2, abs=1e-3)


def test_a_start_without_evidence_has_no_area() -> None:
    assert Curves(
        torch.tensor([[-1.0, 0.0], [2.0, 2.0]]), torch.ones(2, 2), (0, 1)
    ).compute_area().isnan().tolist() == [
        True,
        False,
    ]


def test_patches_cover_every_pixel_once_where_sides_do_not_divide() -> None:
    numbers = Removal(patches=3, steps=1).number_pixels(7, 5)
    assert numbers.shape == (7, 5)
    assert sorted(numbers.unique().tolist()) == list(range(9))
    assert numbers[:, 0].tolist() == [0, 0, 0, 3, 3, 6, 6]


def test_recomputed_maps_choose_among_what_is_left() -> None:
    image = torch.zeros(2, 3, 2, 2)
    image[:, 0] = torch.tensor([[4.0, 2.0], [1.0, 3.0]])
    asked: list[Tensor] = []

    def explain(images: Tensor, owners: Tensor) -> Tensor:
        asked.append(images)
        # The removed patch looks best, and must not be chosen again; the order turns after the first look.
        return images[:, 0] if len(asked) == 1 else torch.where(images[:, 0] == 0, 9.0, -images[:, 0])

    curves = remove_recomputed(add_pixels, explain, image, RANGE, Removal(patches=2, steps=4))
    assert curves.scores[0].tolist() == [10.0, 6.0, 5.0, 3.0, 0.0]
    assert torch.equal(curves.scores[0], curves.scores[1])
    assert len(asked) == 4


def test_one_order_and_recomputed_agree_for_a_map_that_never_changes(explainer: Explainer, images: Tensor) -> None:
    maps = torch.rand(4, 6, 6, generator=torch.Generator().manual_seed(4))
    removal, score = Removal(patches=3, steps=3), apply_score(explainer, TARGETS)
    once = remove_in_order(score, images, order_patches(maps, removal, (6, 6)), RANGE, removal)
    again = remove_recomputed(score, lambda _, owners: maps[owners], images, RANGE, removal)
    torch.testing.assert_close(once.scores, again.scores)
    torch.testing.assert_close(once.probabilities, again.probabilities)


@pytest.mark.parametrize("options", [{"fill": "grey"}, {"steps": 0}, {"patches": 2, "steps": 5}, {"batch_size": 0}])
def test_a_wrong_setting_is_refused(options: dict[str, object]) -> None:
    with pytest.raises(InputError, match="Patches are removed in 1 to"):
        Removal(**options)
