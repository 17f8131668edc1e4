"""The gradient as a walk, and the rules of `deconvolution` and `guided_backprop`, which rectify it at activations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from precompute.explanations.backward.operators import RECTIFIERS, is_weighted
from precompute.explanations.backward.step import Signal, Step
from precompute.explanations.backward.weighted import read_weighted

__all__ = ["Gradient", "Rectified"]


class Gradient:
    """The gradient: every operator has its vector-Jacobian product."""

    def propagate(self, step: Step, signal: Signal) -> Sequence[Tensor | None]:
        """Computes the gradient by the step's inputs from that by its output."""
        if isinstance(signal, Tensor) and is_weighted(step.model, step.node):
            return [read_weighted(step).pull(signal)]
        return step.pull(signal)


@dataclass(frozen=True)
class Rectified(Gradient):
    """The gradient, of which rectifying activations pass what is positive alone.

    Attributes:
        is_guided: the derivative of the activation counts as well (Springenberg et al. 2015, section 3.4); without
            it, the signal alone decides (Zeiler and Fergus 2014, section 2.1).
    """

    is_guided: bool

    def propagate(self, step: Step, signal: Signal) -> Sequence[Tensor | None]:
        """Computes the signals of the step's inputs; every operator that has a gradient has a rule."""
        if step.name not in RECTIFIERS or not isinstance(signal, Tensor):
            return super().propagate(step, signal)
        positive = signal.clamp_min(0)
        return step.pull(positive) if self.is_guided else [positive]
