"""The settings that decide what a picture looks like. The module needs no torch."""

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
    "SIDE",
    "ColourMatrix",
    "OptimizationConfig",
    "PlateauConfig",
    "TransformConfig",
    "VisualizationConfig",
    "choose_side",
]

ColourMatrix = tuple[tuple[float, ...], ...]
"""The matrix `matrix[colour][component]` from decorrelated components to red, green and blue, or to grey."""

IMAGENET_COLOUR: ColourMatrix = ((0.26, 0.09, 0.02), (0.27, 0.00, -0.05), (0.27, -0.09, 0.03))
"""The root of the covariance of ImageNet's pixels in [0, 1] (Olah et al. 2017, published with Lucid)."""

METHODS = ("fourier", "pixel", "maco")
"""The methods: a spectrum, pixels, or phases under a given magnitude (Fel et al. 2023) are optimised."""

PRECISIONS = ("auto", "float32", "bfloat16")
"""The precisions of the steps; `auto` is bfloat16 if that is faster and the model allows it."""

LEARNING_RATES: Mapping[str, float] = {"fourier": 0.1, "pixel": 0.05, "maco": 0.1}
"""Adam's learning rate by method, in units of the parameters. Spectrum and pixels start at 0.01; phases are radians."""

SIDE = 128
"""Height and width of a picture in pixels, unless the model's input is smaller or another size is asked for."""

DIVERSITY = 4
"""The number of pictures of a channel that are drawn together and repel one another."""


@dataclass(frozen=True)
class TransformConfig:
    """The bounds of the random movements of a picture.

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
    """The rule by which a picture is finished before its last step.

    Attributes:
        window: steps over which the objective is averaged, because movements make it noisy; 0 turns the rule off.
        min_gain: the window that gains less than this share of the whole rise so far is the last one.
    """

    window: int = 32
    min_gain: float = 0.01


@dataclass(frozen=True)
class OptimizationConfig:
    """The settings of gradient ascent on a picture.

    Attributes:
        size: height and width of the picture and of the model's input, pixels, or one number for both.
        n_steps: steps of Adam at most.
        method: one of `METHODS`.
        learning_rate: Adam's; None: that of `LEARNING_RATES`.
        batch_size: pictures optimised together. Another batch size changes a picture only by rounding, but deep
            networks amplify that: after a hundred steps the picture shows the same thing at other positions.
        seed: seed of the start and the movements.
        redirected_steps: number of first steps in which the ReLUs of a silent channel pass a gradient.
        diversity_weight: weight of the repulsion between the pictures of one channel, as a share of the objective.
        transforms: bounds of the movements at every step.
        plateau: rule for an early stop.
    """

    size: int | tuple[int, int] = SIDE
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
        """Height and width, pixels."""
        return (self.size, self.size) if isinstance(self.size, int) else self.size

    @property
    def step_size(self) -> float:
        """The learning rate: the one that was set, or the method's own."""
        return LEARNING_RATES[self.method] if self.learning_rate is None else self.learning_rate


@dataclass(frozen=True)
class VisualizationConfig(OptimizationConfig):
    """The settings of pictures that go into a run.

    Attributes:
        webp_quality: WebP quality, 0 to 100.
        device: device of the model's parameters and of the pictures.
        threads: batches drawn side by side on a CPU; None: one per core.
        precision: precision of the steps, one of `PRECISIONS`.
    """

    webp_quality: int = 85
    device: str = "cpu"
    threads: int | None = None
    precision: str = "auto"

    @property
    def settings(self) -> dict[str, object]:
        """The settings that change a picture by more than rounding, as plain values for the manifest."""
        fields = dataclasses.asdict(self)
        for name in ("batch_size", "device", "threads"):
            del fields[name]
        if self.precision == "float32":  # runs of earlier versions have no such key
            del fields["precision"]
        return {**fields, "size": list(self.shape), "learning_rate": self.step_size}

    def compute_fingerprint(self, statistics: str = "") -> str:
        """Computes a name that is equal for configs whose pictures differ by rounding alone.

        Args:
            statistics: fingerprint of the image statistics that the pictures take over.
        """
        text = json.dumps([self.settings, statistics], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def choose_side(height: int, width: int) -> int:
    """Returns the side in pixels of a picture whose size nobody asked for.

    Args:
        height, width: size of the model's input, pixels.
    """
    return min(SIDE, height, width)
