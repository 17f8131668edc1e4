"""Adam against torch's own, its first step by hand, and pictures that leave its batch."""

from __future__ import annotations

import pytest
import torch

from precompute.feature_visualization.ascent.adam import Adam


def test_adam_is_adam_and_forgets_those_that_leave() -> None:
    generator = torch.Generator().manual_seed(0)
    start, gradients = torch.randn((3, 4), generator=generator), torch.randn((9, 3, 4), generator=generator)
    expected = start.clone().requires_grad_()
    optimizer = torch.optim.Adam([expected], lr=0.1, maximize=True)
    mine = Adam(start.clone(), 0.1)
    for step, gradient in enumerate(gradients):
        expected.grad = gradient
        optimizer.step()
        if step == 5:
            mine.keep(torch.tensor([0, 2]))
        mine.step(gradient if step < 5 else gradient[[0, 2]])
    torch.testing.assert_close(mine.parameters, expected[[0, 2]])


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_the_first_step_is_the_learning_rate_whatever_the_size_of_the_gradient(scale: float) -> None:
    """Both moments are corrected for their start at 0: their quotient is the sign of the gradient."""
    adam = Adam(torch.tensor([[1.0, 2.0, 3.0]]), 0.25)
    adam.step(scale * torch.tensor([[4.0, -0.5, 0.0]]))
    assert adam.parameters.tolist()[0] == pytest.approx([1.25, 1.75, 3.0], abs=1e-5)


def test_parameters_change_in_place_and_still_take_gradients() -> None:
    parameters = torch.zeros((2, 3))
    adam = Adam(parameters, 0.1)
    adam.step(torch.ones((2, 3)))
    assert parameters.detach().flatten().tolist() == pytest.approx([0.1] * 6)
    adam.keep(torch.tensor([1]))
    assert adam.parameters.requires_grad and adam.parameters.is_leaf and adam.parameters.shape == (1, 3)


def test_a_batch_from_which_all_have_left_is_empty() -> None:
    adam = Adam(torch.zeros((2, 3)), 0.1)
    adam.keep(torch.tensor([], dtype=torch.long))
    adam.step(torch.zeros((0, 3)))
    assert adam.parameters.shape == (0, 3)
