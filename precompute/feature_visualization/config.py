"""Everything that decides what a picture looks like, as data; needs no torch."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass, field

__all__ = ["IMAGENET_COLOUR", "ColourMatrix", "OptimizationConfig", "TransformConfig", "VisualizationConfig"]

ColourMatrix = tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, float, float]]
"""`matrix[rgb][component]`: what one unit of each decorrelated component adds to red, green and blue."""

IMAGENET_COLOUR: ColourMatrix = ((0.26, 0.09, 0.02), (0.27, 0.00, -0.05), (0.27, -0.09, 0.03))
"""Root of the covariance of ImageNet's pixels in [0, 1], as published with Lucid (Olah et al. 2017)."""


@dataclass(frozen=True)
class TransformConfig:
    """How far the picture moves.

    Attributes:
        jitter: greatest shift before scaling and rotating, as a fraction of the picture's side.
        scale: greatest change of size, as a fraction: 0.1 is from 0.9 to 1.1 times.
        rotation: greatest turn to either side, degrees.
        final_jitter: greatest shift after scaling and rotating, as a fraction of the side.
    """

    jitter: float = 0.0625
    scale: float = 0.1
    rotation: float = 10.0
    final_jitter: float = 0.03125


@dataclass(frozen=True)
class OptimizationConfig:
    """How a picture is optimised.

    Attributes:
        size: side of the picture and of the model's input, pixels.
        n_steps: steps of Adam.
        learning_rate: of Adam, in units of the spectrum (starts at 0.01).
        batch_size: channels optimised together. Pictures depend on it by rounding alone, which deep networks amplify:
            after a hundred steps the picture shows the same thing in other places.
        seed: of the start and the movements.
        redirected_steps: first steps in which a silent channel's ReLUs pass a gradient.
        colour: see `ColourMatrix`.
        transforms: movements at every step.
    """

    size: int = 128
    n_steps: int = 128
    learning_rate: float = 0.1
    batch_size: int = 16
    seed: int = 0
    redirected_steps: int = 16
    colour: ColourMatrix = IMAGENET_COLOUR
    transforms: TransformConfig = field(default_factory=TransformConfig)


@dataclass(frozen=True)
class VisualizationConfig(OptimizationConfig):
    """What the stage draws, and how.

    Attributes:
        n_channels: pictures to draw at most, over all layers.
        webp_quality: 0 to 100.
        device: where the forwards' parameters are.
        threads: batches drawn side by side on a CPU; None takes one per core.
    """

    n_channels: int = 200
    webp_quality: int = 85
    device: str = "cpu"
    threads: int | None = None

    @property
    def fingerprint(self) -> str:
        """Equal for configs that draw the same picture for a channel, but for rounding."""
        fields = dataclasses.asdict(self)
        for name in ("n_channels", "batch_size", "device", "threads"):
            del fields[name]
        return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()
