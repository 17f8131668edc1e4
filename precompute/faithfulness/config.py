"""The settings of the proof of attribution graphs."""

from __future__ import annotations

from dataclasses import dataclass

from precompute.contract.errors import InputError
from precompute.contract.tables import ALL_LAYERS, SELECTIONS

__all__ = ["ALL_LAYERS", "FACTORS", "REPLACEMENTS", "SELECTIONS", "FaithfulnessConfig"]

REPLACEMENTS = ("mean", "zero")
FACTORS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 6.0, 8.0)
"""Sizes of a curve, as multiples of the channels of the class's graph in a layer; 0: a single channel."""


@dataclass(frozen=True)
class FaithfulnessConfig:
    """The settings of the curves.

    Args:
        images_per_class: the first so many images of a class are run; fewer where it has fewer.
        n_repeats: random choices of channels per size.
        effect_images: effects are estimated on the first so many of these, so that they stay cheap beside the pass that
            made the run however many images the curves rest on.
        replacement: what takes a removed channel's place: `mean`, its mean over the run's images, or `zero`.
        factors: sizes, as multiples of the graph's channels in a layer, ascending; 0 for a single channel.
        layer_factors: the same for curves of one layer alone.
        selections: orders in which channels are taken, some of `SELECTIONS`.
        edge_images: images of a class on which its edges are measured; 0 for none.
        keep_accuracy: the share of a class's accuracy that its smallest graphs keep; None: they are not looked for.
        seed: of the random channels.
        single: every channel of the class's graphs is removed alone too.

    Raises:
        InputError: a value outside its range.
    """

    images_per_class: int = 20
    n_repeats: int = 5
    replacement: str = "mean"
    factors: tuple[float, ...] = FACTORS
    layer_factors: tuple[float, ...] = FACTORS
    selections: tuple[str, ...] = SELECTIONS
    edge_images: int = 5
    keep_accuracy: float | None = None
    seed: int = 0
    single: bool = False
    effect_images: int = 30

    def __post_init__(self) -> None:
        for name, value in (("images per class", self.images_per_class), ("repeats", self.n_repeats)):
            if value < 1:
                raise InputError(
                    f"The number of {name} is at least 1.", f"It was {value}.", "The usual ones are 20 and 5."
                )
        if self.replacement not in REPLACEMENTS:
            raise InputError(
                f"A removed channel is replaced by one of {', '.join(REPLACEMENTS)}.",
                f"Found {self.replacement}.",
                "Correct --replace.",
            )
        unknown = [name for name in self.selections if name not in SELECTIONS]
        if unknown or not self.selections:
            raise InputError(
                f"Channels are chosen by {' or '.join(SELECTIONS)}.",
                f"Found {', '.join(unknown) or 'none'}.",
                "Correct --selection.",
            )
        if self.effect_images < 1:
            raise InputError(
                "Effects are estimated on at least 1 image of a class.",
                f"--effect-images was {self.effect_images}.",
                "The usual number is 50.",
            )
        if self.edge_images < 0:
            raise InputError("--edge-images is at least 0.", f"Found {self.edge_images}.", "0 leaves edges out.")
        if self.keep_accuracy is not None and not 0 < self.keep_accuracy <= 1:
            raise InputError(
                "--keep-accuracy is a share above 0, at most 1.", f"Found {self.keep_accuracy:g}.", "0.9 is usual."
            )
        for factors in (self.factors, self.layer_factors):
            if 1.0 not in factors or list(factors) != sorted(set(factors)) or factors[0] < 0:
                raise InputError(
                    "Sizes are multiples of the graph's own size, ascending, and 1 is among them.",
                    f"Found {', '.join(f'{factor:g}' for factor in factors)}.",
                    "The usual ones are " + ", ".join(f"{factor:g}" for factor in FACTORS) + ".",
                )

    def count_effect_images(self, n_images: int | None = None) -> int:
        """Counts the images that effects are estimated on, of a class of `n_images`; by default, at most."""
        n_run = self.images_per_class if n_images is None else min(n_images, self.images_per_class)
        return min(n_run, self.effect_images)
