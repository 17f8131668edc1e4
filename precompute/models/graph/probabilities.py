"""Probabilities of outputs and classes from logits, for every part of precompute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["Probabilities", "rank_outputs"]


@dataclass(frozen=True)
class Probabilities:
    """The probabilities of outputs and of classes.

    Attributes:
        are_exclusive: exactly one output is right. Then probabilities are a softmax, and the probability of a class of
            several outputs is the sum of theirs. Otherwise each output has its own sigmoid, and a class of several
            outputs the greatest of theirs, because their sum is no probability.
    """

    are_exclusive: bool = True

    def compute_for_outputs(self, logits: Tensor) -> Tensor:
        """Computes the probability of every output, `(batch, output)`, from logits of the same shape."""
        return logits.softmax(1) if self.are_exclusive else logits.sigmoid()

    def compute_for_class(self, logits: Tensor, outputs: Sequence[int]) -> Tensor:
        """Computes the probability of one class for each row, `(batch,)`.

        Args:
            logits: `(batch, output)`.
            outputs: indices of the outputs of the class.
        """
        chosen = self.compute_for_outputs(logits)[:, list(outputs)]
        return chosen.sum(1) if self.are_exclusive else chosen.amax(1)

    def choose_for_classes(self, probability: Tensor, outputs: Tensor) -> Tensor:
        """Computes the probability of a class for each row, `(batch,)`; NaN where the class has no outputs.

        Args:
            probability: of every output, `(batch, output)`.
            outputs: `(batch, output)` of bool: True for the outputs of the row's class.
        """
        chosen = torch.where(outputs, probability, 0)
        found = chosen.sum(1) if self.are_exclusive else chosen.amax(1)
        return torch.where(outputs.any(1), found, torch.nan)

    def compute_log_for_classes(self, logits: Tensor, outputs: Tensor) -> Tensor:
        """Computes the natural logarithm of the probability of a class for each row, `(batch,)`.

        Args:
            logits: `(batch, output)`.
            outputs: `(batch, output)` of bool: True for the outputs of the row's class, at least one per row.
        """
        chosen = logits.masked_fill(~outputs, -torch.inf)
        if self.are_exclusive:
            return chosen.logsumexp(1) - logits.logsumexp(1)
        return functional.logsigmoid(chosen.amax(1))


def rank_outputs(logits: Tensor) -> Tensor:
    """Sorts the outputs of every row by probability, `(batch, output)`: the greatest first, ties by the lower index."""
    return logits.sort(dim=1, descending=True, stable=True).indices
