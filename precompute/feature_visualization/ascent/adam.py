"""Adam for a batch of pictures that shrinks while it is optimised."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["Adam"]

_BETA1, _BETA2, _EPSILON = 0.9, 0.999, 1e-8


class Adam:
    """Gradient ascent by Kingma and Ba (2015), algorithm 1, equal to `torch.optim.Adam(maximize=True)`.

    Pictures may leave the batch, and their moments leave with them.

    Args:
        parameters: `(batch, ...)`; `step` changes them in place.
        learning_rate: about the greatest change of a parameter in one step.
    """

    def __init__(self, parameters: Tensor, learning_rate: float) -> None:
        self.parameters = parameters.requires_grad_()
        self._learning_rate = learning_rate
        self._mean, self._square = torch.zeros_like(parameters), torch.zeros_like(parameters)
        self._n_steps = 0

    @torch.no_grad()
    def step(self, gradient: Tensor) -> None:
        """Takes one step up the gradient, `(batch, ...)`."""
        self._n_steps += 1
        self._mean.lerp_(gradient, 1 - _BETA1)
        self._square.mul_(_BETA2).addcmul_(gradient, gradient, value=1 - _BETA2)
        scale = (1 - _BETA2**self._n_steps) ** 0.5
        denominator = self._square.sqrt().div_(scale).add_(_EPSILON)
        self.parameters.addcdiv_(self._mean, denominator, value=self._learning_rate / (1 - _BETA1**self._n_steps))

    @torch.no_grad()
    def keep(self, indices: Tensor) -> None:
        """Drops all pictures but those with these indices in the batch."""
        self.parameters = self.parameters[indices].requires_grad_()
        self._mean, self._square = self._mean[indices], self._square[indices]
