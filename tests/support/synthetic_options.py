"""The options of a synthetic run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["INCEPTION_LAYERS", "SyntheticRun"]

INCEPTION_LAYERS = tuple(
    zip(
        ("mixed3a", "mixed3b", "mixed4a", "mixed4b", "mixed4c", "mixed4d", "mixed4e", "mixed5a", "mixed5b"),
        (256, 480, 508, 512, 512, 528, 832, 832, 1024),
        strict=True,
    )
)


@dataclass(frozen=True)
class SyntheticRun:
    """The options of a synthetic run; the same options give the same bytes.

    Attributes:
        n_classes: they come in families of four.
        layers: name and number of channels of each, in order from the input.
        n_images: images of each class.
        labels_are_outputs: False leaves out accuracies and prototypes.
        without_visualization: share of channels without a feature visualization.
        influences_per_target: sources of each channel.
        picture_size: side of every picture in pixels.
        seed: of all random numbers.
        n_groups: number of super-classes of neighbours; None for one per family.
        ungrouped: classes without a super-class.
        without_accuracy: classes without accuracy and histogram.
        links: the links in the manifest, which state the measure of influence of each layer.
        influence: the one measure in the manifest's config.
        excitations: every picture states an excitation, from 0.8 to 1.7.
        found_dead: channels without a picture that the manifest lists as dead.
        whole_images: examples are parts of images that the run holds, except every seventh image.
        stories: the stories in the manifest.
    """

    n_classes: int = 12
    layers: Sequence[tuple[str, int]] = (("conv1", 16), ("conv2", 24), ("conv3", 32), ("conv4", 40), ("conv5", 48))
    n_images: int = 200
    labels_are_outputs: bool = True
    without_visualization: float = 0.1
    influences_per_target: int = 5
    picture_size: int = 64
    seed: int = 7
    n_groups: int | None = None
    ungrouped: Sequence[int] = ()
    without_accuracy: Sequence[int] = ()
    links: Sequence[Mapping[str, Any]] | None = None
    influence: str | None = None
    excitations: bool = False
    found_dead: Sequence[tuple[str, int]] = ()
    whole_images: bool = False
    stories: Sequence[Mapping[str, Any]] | None = None
