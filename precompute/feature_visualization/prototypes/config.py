"""The settings that decide what a prototype looks like. The module needs no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from precompute.contract.schema import PROTOTYPE_METHODS
from precompute.feature_visualization.ascent.config import OptimizationConfig, PlateauConfig, TransformConfig

__all__ = ["CODE_SPACE", "PICTURE_SPACE", "PrototypeConfig"]

CODE_SPACE, PICTURE_SPACE = PROTOTYPE_METHODS
_RATES: Mapping[str, float] = {CODE_SPACE: 0.03, PICTURE_SPACE: 0.1}
_PENALTIES: Mapping[str, float] = {CODE_SPACE: 0.0003, PICTURE_SPACE: 1.0}
_MOVEMENTS = TransformConfig(jitter=0.06, scale=0.08, rotation=5.0, final_jitter=0.0)


@dataclass(frozen=True)
class PrototypeConfig:
    """The settings of prototypes.

    Attributes:
        shape: height and width of the model's input, pixels.
        n_steps: greatest number of steps of Adam.
        seed: seed of starts and movements.
        batch_size: number of classes that are optimised together.
        n_candidates: number of codes to choose a start from, if the generator has no typical ones.
        penalties: lambda by method.
        learning_rates: Adam's by method, of codes in units of their standard deviation, and of spectra.
        transforms: bounds of the movements at every step, see `OptimizationConfig`.
        plateau: rule for an early stop.
        webp_quality: WebP quality, 0 to 100.
        device: device of the model's parameters.
        threads: batches drawn side by side on a CPU; None: one per core.
    """

    shape: tuple[int, int] = (224, 224)
    n_steps: int = 36
    seed: int = OptimizationConfig.seed
    batch_size: int = 8
    n_candidates: int = 128
    penalties: Mapping[str, float] = field(default_factory=lambda: dict(_PENALTIES))
    learning_rates: Mapping[str, float] = field(default_factory=lambda: dict(_RATES))
    transforms: TransformConfig = _MOVEMENTS
    plateau: PlateauConfig = field(default_factory=lambda: PlateauConfig(window=0))
    webp_quality: int = 90
    device: str = "cpu"
    threads: int | None = None

    def build_optimization(self, method: str) -> OptimizationConfig:
        """Builds the settings of gradient ascent by a method."""
        return OptimizationConfig(
            size=self.shape,
            n_steps=self.n_steps,
            learning_rate=self.learning_rates[method],
            batch_size=self.batch_size,
            seed=self.seed,
            redirected_steps=0,  # a class always has a gradient
            transforms=self.transforms,
            plateau=self.plateau,
        )
