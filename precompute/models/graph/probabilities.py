"""How probabilities come of logits: the one place where the pass, pictures and whatever else take them from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["Probabilities", "ranked"]


@dataclass(frozen=True)
class Probabilities:
    """The probabilities of outputs and of classes.

    Attributes:
        are_exclusive: one output is right: softmax, and a class of several outputs has the sum of theirs. Otherwise
            several may be right: each output has its own sigmoid, and a class of several outputs the greatest of
            theirs, because their sum is no probability.
    """

    are_exclusive: bool = True

    def of_outputs(self, logits: Tensor) -> Tensor:
        """Computes the probability of every output, `(batch, output)` to the same."""
        return logits.softmax(1) if self.are_exclusive else logits.sigmoid()

    def of_class(self, logits: Tensor, outputs: Sequence[int]) -> Tensor:
        """Computes the probability of the class that some outputs mean, `(batch,)`."""
        chosen = self.of_outputs(logits)[:, list(outputs)]
        return chosen.sum(1) if self.are_exclusive else chosen.amax(1)

    def log_of_classes(self, logits: Tensor, outputs: Tensor) -> Tensor:
        """Computes the natural logarithm of the probability of a class for each row, `(batch,)`.

        Args:
            logits: `(batch, output)`.
            outputs: `(batch, output)` of bool: which outputs mean the row's class, at least one.
        """
        chosen = logits.masked_fill(~outputs, -torch.inf)
        if self.are_exclusive:
            return chosen.logsumexp(1) - logits.logsumexp(1)
        return functional.logsigmoid(chosen.amax(1))


def ranked(logits: Tensor) -> Tensor:
    """Orders the outputs of every row, the most probable first; ties by the lower output, `(batch, output)`."""
    return logits.sort(dim=1, descending=True, stable=True).indices
