"""The config of the pass over the images: thresholds live here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass

PRECISIONS = ("float32", "bfloat16")
"""Of the forward pass over the images; influences are always float32, from the values that it recorded."""


@dataclass(frozen=True)
class AggregateConfig:
    """The one pass over the images (Hohman et al. 2020, section 6).

    Attributes:
        activation_mass: share of a layer's total activation that an image's set of strongest channels reaches.
        top_k: influences kept per target channel and image.
        influence: the measure: `traced` follows convolutions exactly, `summit` counts as Summit published it,
            `gradient` is gradient x activation, `auto` is traced, and gradient where nothing can be traced.
        n_examples: dataset examples kept per channel, over all classes and per class.
        outlier_fraction: channels in the sets of more than this fraction of all images are flagged; None: none are.
        outlier_channels: channels flagged by name, such as `mixed3a-67`.
        exclude_outliers: leave flagged channels out of the graphs.
        chunk_size: images of one class that are a unit of work: what an interrupted run loses at most, and what
            workers share out. Sums are taken over each chunk, then over the chunks.
        precision: of the forward pass, one of `PRECISIONS`.
    """

    activation_mass: float = 0.03
    top_k: int = 5
    influence: str = "auto"
    n_examples: int = 10
    outlier_fraction: float | None = None
    outlier_channels: tuple[str, ...] = ()
    exclude_outliers: bool = False
    chunk_size: int = 1000
    precision: str = "float32"
