"""The config of a comparison of cuts."""

from __future__ import annotations

from dataclasses import dataclass

from precompute.contract.errors import InputError

__all__ = ["ADVISED", "COSTS", "HEADS", "POOLINGS", "HeadConfig", "TransferConfig"]

POOLINGS = ("mean", "max", "both")
"""The ways to take the positions of a channel together; `both` has a mean and a maximum of every channel."""
COSTS = ("multiply_adds", "parameters", "milliseconds")
"""The columns of the table `cuts` by which a cut can be called cheap."""

HEADS = ("linear", "mlp", "conv1x1", "conv3x3")
"""The kinds of heads: one linear map, or another map with a ReLU before it, of features or of the maps of the layer."""
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


@dataclass(frozen=True)
class HeadConfig:
    """The settings of a head that is trained by gradient descent on a chosen cut.

    Attributes:
        kind: one of `HEADS`.
        n_unfrozen: recorded layers before the cut whose weights are trained too, from the cut backwards.
        n_epochs: at most.
        learning_rate: of the head; the backbone's is a tenth of it.
        batch_size: images of a step.
        patience: epochs without a smaller loss on the validation part before training ends.
        n_hidden: channels between the two maps of a head that is not linear.
        weight_decay: of AdamW.
        seed: of the first weights and of the order of images.

    Raises:
        InputError: a word or a number is not one of those.
    """

    kind: str = "linear"
    n_unfrozen: int = 0
    n_epochs: int = 40
    learning_rate: float = 1e-3
    batch_size: int = 32
    patience: int = 6
    n_hidden: int = 128
    weight_decay: float = 1e-4
    seed: int = 0

    def __post_init__(self) -> None:
        if self.kind not in HEADS:
            raise InputError(f"The heads are {', '.join(HEADS)}.", f"Found {self.kind}.", "Correct --head.")
        for name, value, least in (
            ("unfreeze", self.n_unfrozen, 0),
            ("epochs", self.n_epochs, 1),
            ("learning-rate", self.learning_rate, 1e-9),
        ):
            if not value >= least:
                raise InputError(f"--{name} is at least {least}.", f"Found {value}.", f"Correct --{name}.")

    @property
    def is_learned(self) -> bool:
        """True where the head is trained by gradient descent."""
        return self.kind != "linear" or self.n_unfrozen > 0

    @property
    def suffix(self) -> str:
        """The end of the name of a saved head's folder; empty for a plain linear head."""
        kind = "" if self.kind == "linear" else f"+{self.kind}"
        return f"{kind}+unfrozen{self.n_unfrozen}" if self.n_unfrozen else kind
