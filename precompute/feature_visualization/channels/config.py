"""The config of the pictures that a run draws for itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class VisualizeConfig:
    """The pictures of channels that a run draws for itself; others are added later.

    Attributes:
        n_channels: how many at most, those of most graphs first.
        size: height and width in pixels; None: 128, or the model's input where that is smaller.
        n_steps: of optimisation.
        batch_size: pictures optimised together, at most.
        seed: of the start and the movements.
        seconds: in which they are drawn; None: however long all of them take. Changes which pictures there are, and
            no picture.
    """

    n_channels: int = 128
    size: int | None = None
    n_steps: int = 128
    batch_size: int = 16
    seed: int = 0
    seconds: float | None = 120.0
