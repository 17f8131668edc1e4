"""Adam against torch's own, and pictures that leave its batch."""

from __future__ import annotations

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
