"""The rules of `deconvolution` and `guided_backprop`: the gradient, rectified at every rectifying activation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from precompute.explanations.backward.operators import RECTIFIERS, is_weighted
from precompute.explanations.backward.step import Signal, Step
from precompute.explanations.backward.weighted import read_weighted

__all__ = ["Rectified"]


@dataclass(frozen=True)
class Rectified:
    """The gradient, of which rectifying activations pass what is positive alone.

    Attributes:
        is_guided: the derivative of the activation counts as well (Springenberg et al. 2015, section 3.4); without
            it, the signal alone decides (Zeiler and Fergus 2014, section 2.1).
    """

    is_guided: bool

    def propagate(self, step: Step, signal: Signal) -> Sequence[Tensor | None]:
        """Computes the signals of the inputs; every operator that has a gradient has a rule."""
        if step.name in RECTIFIERS and isinstance(signal, Tensor):
            positive = signal.clamp_min(0)
            return step.pull(positive) if self.is_guided else [positive]
        if is_weighted(step.model, step.node) and isinstance(signal, Tensor):
            return [read_weighted(step).pull(signal)]
        return step.pull(signal)
