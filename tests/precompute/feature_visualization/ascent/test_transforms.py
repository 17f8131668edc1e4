"""Movements of pictures against a slow reference."""

from __future__ import annotations

import math

import pytest
import torch

from precompute.feature_visualization.ascent.config import TransformConfig
from precompute.feature_visualization.ascent.transforms import draw_transforms, transform
from tests.reference.visualization import move_point

STILL = TransformConfig(jitter=0, scale=0, rotation=0, final_jitter=0)
CONFIG = TransformConfig(jitter=0.1, scale=0.2, rotation=30, final_jitter=0.05)


def test_a_matrix_is_shift_scale_turn_shift() -> None:
    matrices = draw_transforms(CONFIG, 5, torch.Generator().manual_seed(3))
    again = torch.Generator().manual_seed(3)
    first, zoom, angle, last = (2 * torch.rand(s, generator=again) - 1 for s in ((5, 2), (5,), (5,), (5, 2)))
    for step in range(5):
        movement = {
            "first_x": 0.2 * first[step, 0].item(),
            "first_y": 0.2 * first[step, 1].item(),
            "zoom": 1 + 0.2 * zoom[step].item(),
            "angle": math.radians(30) * angle[step].item(),
            "last_x": 0.1 * last[step, 0].item(),
            "last_y": 0.1 * last[step, 1].item(),
        }
        for point in ((0.0, 0.0), (1.0, 0.0), (-0.3, 0.7)):
            found = matrices[step] @ torch.tensor([*point, 1.0])
            assert found.tolist() == pytest.approx(move_point(point, movement), abs=1e-5)


def test_standing_still_changes_nothing() -> None:
    pictures = torch.rand((2, 3, 9, 9), generator=torch.Generator().manual_seed(0))
    matrices = draw_transforms(STILL, 2, torch.Generator())
    torch.testing.assert_close(transform(pictures, matrices), pictures)


def test_a_shift_moves_the_picture_and_lets_grey_in() -> None:
    pictures = torch.zeros((1, 3, 8, 8))
    pictures[..., 2] = 1
    one_pixel = torch.tensor([[[1.0, 0.0, 2 / 8], [0.0, 1.0, 0.0]]])
    moved = transform(pictures, one_pixel)[0, 0, 0]
    assert moved.tolist() == pytest.approx([0, 1, 0, 0, 0, 0, 0, 0.5], abs=1e-5)


def test_each_picture_moves_by_its_own_matrix() -> None:
    pictures = torch.rand((4, 3, 12, 12), generator=torch.Generator().manual_seed(0))
    matrices = draw_transforms(CONFIG, 4, torch.Generator().manual_seed(1))
    alone = torch.cat([transform(pictures[b : b + 1], matrices[b : b + 1]) for b in range(4)])
    torch.testing.assert_close(transform(pictures, matrices), alone)


def test_movements_stay_within_their_bounds() -> None:
    """The linear part is a turn divided by the zoom, so its determinant is one over the square of the zoom."""
    matrices = draw_transforms(CONFIG, 500, torch.Generator().manual_seed(0))
    zoom = torch.linalg.det(matrices[:, :, :2]) ** -0.5
    assert 0.8 - 1e-5 <= zoom.min() < 0.85 and 1.15 < zoom.max() <= 1.2 + 1e-5
    angle = torch.atan2(matrices[:, 1, 0], matrices[:, 0, 0]).rad2deg()
    assert -30.001 <= angle.min() < -25 and 25 < angle.max() <= 30.001
    farthest = 2 * 0.1 + 2 * 0.05 * math.sqrt(2) / 0.8
    assert 0.1 < matrices[:, :, 2].abs().max() <= farthest + 1e-5


def test_a_longer_run_of_steps_draws_other_movements_of_the_same_seed() -> None:
    """Movements of all steps are drawn together: the number of steps is part of what decides a picture."""
    short, long = (draw_transforms(CONFIG, n, torch.Generator().manual_seed(0)) for n in (4, 8))
    again = draw_transforms(CONFIG, 4, torch.Generator().manual_seed(0))
    assert torch.equal(short, again) and not torch.equal(short, long[:4])


def test_a_picture_of_one_colour_channel_moves_like_one_of_three() -> None:
    grey = torch.rand((2, 1, 10, 10), generator=torch.Generator().manual_seed(0))
    matrices = draw_transforms(CONFIG, 2, torch.Generator().manual_seed(1))
    moved = transform(grey.expand(-1, 3, -1, -1), matrices)
    torch.testing.assert_close(transform(grey, matrices).expand(-1, 3, -1, -1), moved)


def test_a_picture_that_is_moved_away_is_grey() -> None:
    away = torch.tensor([[[1.0, 0.0, 5.0], [0.0, 1.0, 0.0]]])
    assert torch.equal(transform(torch.ones((1, 3, 6, 6)), away), torch.full((1, 3, 6, 6), 0.5))
