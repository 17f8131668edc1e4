"""The config of the pictures that a run draws for itself."""

from __future__ import annotations

from dataclasses import dataclass

from precompute.feature_visualization.ascent.config import OptimizationConfig

__all__ = ["VisualizeConfig"]


@dataclass(frozen=True)
class VisualizeConfig:
    """The settings of the pictures that a run draws for itself. `summit-dash visualize` adds others later.

    Attributes:
        n_channels: greatest number of pictures; channels of most graphs come first.
        size: height and width in pixels; None: `choose_side` decides.
        n_steps: greatest number of steps of Adam.
        batch_size: greatest number of pictures that are optimised together on a CPU; elsewhere memory decides.
        seed: seed of the start and the movements.
        seconds: time limit; None: no limit. It decides the number of pictures, never their content.
    """

    n_channels: int = 128
    size: int | None = None
    n_steps: int = OptimizationConfig.n_steps
    batch_size: int = OptimizationConfig.batch_size
    seed: int = OptimizationConfig.seed
    seconds: float | None = 120.0
