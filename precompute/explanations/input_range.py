"""The values that a model's input can take: least, greatest, and those of the mean colour."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from precompute.models.sources.preprocess import Preprocess

__all__ = ["InputRange"]


@dataclass(frozen=True)
class InputRange:
    """The values of one pixel after preprocessing, each `(channel, 1, 1)`, float32.

    Attributes:
        low: of a pixel without light.
        high: of a pixel in full light.
        mean: of the mean colour.
    """

    low: Tensor
    high: Tensor
    mean: Tensor

    @classmethod
    def from_preprocess(cls, preprocess: Preprocess) -> InputRange:
        """Computes the range from a model's preprocessing.

        The mean colour is the mean that the preprocessing subtracts; the middle grey where it subtracts none.
        """
        low, high = (preprocess.normalize(torch.full((1, 3, 1, 1), light))[0] for light in (0.0, 1.0))
        mean = torch.zeros_like(low) if any(preprocess.mean) else (low + high) / 2
        return cls(low, high, mean)
