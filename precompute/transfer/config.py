"""The config of a comparison of cuts."""

from __future__ import annotations

from dataclasses import dataclass

from precompute.contract.errors import InputError

__all__ = ["ADVISED", "COSTS", "POOLINGS", "TransferConfig"]

POOLINGS = ("mean", "max", "both")
"""The ways to take the positions of a channel together; `both` has a mean and a maximum of every channel."""
COSTS = ("multiply_adds", "parameters", "milliseconds")
"""The columns of the table `cuts` by which a cut can be called cheap."""

ADVISED = "advised"
"""The word for the advised cut, where cuts are named."""


@dataclass(frozen=True)
class TransferConfig:
    """The settings on which the figures depend.

    Attributes:
        pooling: one of `POOLINGS`: the features of a head.
        n_folds: parts of the images, each held out once.
        penalties: the candidates of the squared penalty of a linear head, per training image, strongest first.
        n_inner_folds: parts of the training images by which the penalty is chosen.
        seed: of the folds.

    Raises:
        InputError: a word or a number is not one of those.
    """

    pooling: str = "mean"
    n_folds: int = 5
    penalties: tuple[float, ...] = (10.0, 1.0, 0.1, 0.01, 0.001, 0.0001)
    n_inner_folds: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        if self.pooling not in POOLINGS:
            raise InputError(f"The poolings are {', '.join(POOLINGS)}.", f"Found {self.pooling}.", "Correct --pooling.")
        if self.n_folds < 2:
            raise InputError(
                "There are at least 2 folds: one is held out, the others are trained on.",
                f"Found {self.n_folds}.",
                "Leave --folds out for its default.",
            )
