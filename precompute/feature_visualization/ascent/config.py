"""Everything that decides what a picture looks like, as data; needs no torch."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = [
    "DIVERSITY",
    "IMAGENET_COLOUR",
    "METHODS",
    "PRECISIONS",
    "ColourMatrix",
    "OptimizationConfig",
    "PlateauConfig",
    "TransformConfig",
    "VisualizationConfig",
]

ColourMatrix = tuple[tuple[float, ...], ...]
"""`matrix[colour][component]`: what one unit of each decorrelated component adds to red, green and blue, or to grey."""

IMAGENET_COLOUR: ColourMatrix = ((0.26, 0.09, 0.02), (0.27, 0.00, -0.05), (0.27, -0.09, 0.03))
"""Root of the covariance of ImageNet's pixels in [0, 1], as published with Lucid (Olah et al. 2017)."""

METHODS = ("fourier", "pixel", "maco")
"""What is optimised: the spectrum, the pixels, or the phases alone under a given magnitude (Fel et al. 2023)."""

PRECISIONS = ("auto", "float32", "bfloat16")
"""Of the steps; `auto` is bfloat16 where that is faster and the model allows it."""

LEARNING_RATES: Mapping[str, float] = {"fourier": 0.1, "pixel": 0.05, "maco": 0.1}
"""Of Adam, in units of the parameters: the spectrum starts at 0.01, pixels too, phases are radians."""

DIVERSITY = 4
"""Pictures of a channel that are drawn at once and repel one another."""


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
class PlateauConfig:
    """When a picture is done before its last step.

    Attributes:
        window: steps over which the objective is averaged, because movements make it noisy; 0 never stops.
        min_gain: a window that gains less than this share of the whole rise so far is the last.
    """

    window: int = 32
    min_gain: float = 0.01


@dataclass(frozen=True)
class OptimizationConfig:
    """How a picture is optimised.

    Attributes:
        size: height and width of the picture and of the model's input, pixels; one number for both.
        n_steps: steps of Adam at most.
        method: one of `METHODS`.
        learning_rate: of Adam; None for that of `LEARNING_RATES`.
        batch_size: pictures optimised together. They depend on it by rounding alone, which deep networks amplify:
            after a hundred steps the picture shows the same thing in other places.
        seed: of the start and the movements.
        redirected_steps: first steps in which a silent channel's ReLUs pass a gradient.
        diversity_weight: of the repulsion of the pictures of one channel, as a share of the objective.
        transforms: movements at every step.
        plateau: when to stop early.
    """

    size: int | tuple[int, int] = 128
    n_steps: int = 128
    method: str = "fourier"
    learning_rate: float | None = None
    batch_size: int = 16
    seed: int = 0
    redirected_steps: int = 16
    diversity_weight: float = 1.0
    transforms: TransformConfig = field(default_factory=TransformConfig)
    plateau: PlateauConfig = field(default_factory=PlateauConfig)

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return (self.size, self.size) if isinstance(self.size, int) else self.size

    @property
    def step_size(self) -> float:
        """The learning rate that holds."""
        return LEARNING_RATES[self.method] if self.learning_rate is None else self.learning_rate


@dataclass(frozen=True)
class VisualizationConfig(OptimizationConfig):
    """What the stage draws, and how.

    Attributes:
        n_channels: pictures to draw at most, over all layers.
        webp_quality: 0 to 100.
        device: where the forwards' parameters are.
        threads: batches drawn side by side on a CPU; None takes one per core.
        precision: of the steps, one of `PRECISIONS`.
    """

    n_channels: int = 200
    webp_quality: int = 85
    device: str = "cpu"
    threads: int | None = None
    precision: str = "auto"

    @property
    def settings(self) -> dict[str, object]:
        """What decides a channel's picture, but for rounding, as plain values for the manifest."""
        fields = dataclasses.asdict(self)
        for name in ("n_channels", "batch_size", "device", "threads"):
            del fields[name]
        if self.precision == "float32":  # as it was in runs that do not tell
            del fields["precision"]
        return {**fields, "size": list(self.shape), "learning_rate": self.step_size}

    def fingerprint(self, statistics: str = "") -> str:
        """Equal for configs that draw the same picture for a channel, but for rounding.

        Args:
            statistics: the fingerprint of the images' statistics that the pictures start from.
        """
        text = json.dumps([self.settings, statistics], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]
