"""Adam for a batch of pictures that shrinks: the state of each goes with its picture."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["Adam"]

_BETA1, _BETA2, _EPSILON = 0.9, 0.999, 1e-8


class Adam:
    """Gradient ascent after Kingma and Ba (2015), as `torch.optim.Adam(maximize=True)` does it.

    Args:
        parameters: `(batch, ...)`; changed in place by `step`.
        learning_rate: the greatest step of a parameter, nearly.
    """

    def __init__(self, parameters: Tensor, learning_rate: float) -> None:
        self.parameters = parameters.requires_grad_()
        self._learning_rate = learning_rate
        self._mean, self._square = torch.zeros_like(parameters), torch.zeros_like(parameters)
        self._n_steps = 0

    @torch.no_grad()
    def step(self, gradient: Tensor) -> None:
        """One step up the gradient."""
        self._n_steps += 1
        self._mean.lerp_(gradient, 1 - _BETA1)
        self._square.mul_(_BETA2).addcmul_(gradient, gradient, value=1 - _BETA2)
        scale = (1 - _BETA2**self._n_steps) ** 0.5
        denominator = self._square.sqrt().div_(scale).add_(_EPSILON)
        self.parameters.addcdiv_(self._mean, denominator, value=self._learning_rate / (1 - _BETA1**self._n_steps))

    @torch.no_grad()
    def keep(self, places: Tensor) -> None:
        """Goes on with the pictures at these places alone."""
        self.parameters = self.parameters[places].requires_grad_()
        self._mean, self._square = self._mean[places], self._square[places]
