"""The config of the pass over the images: thresholds live here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass

from precompute.contract.glossary import INFLUENCE_MEASURES

AUTO = "auto"
"""The choice of the first measure by rank that applies to a link."""

MEASURES = (AUTO, *INFLUENCE_MEASURES)
"""The choices of `--influence`."""

WAYS = (AUTO, "batch", "image")
"""The choices of `--pass`: the images of a batch as a whole, or one by one; `auto` by the device."""

PRECISIONS = ("float32", "bfloat16")
"""The choices for the forward pass over the images; influences are always float32, from the recorded values."""


@dataclass(frozen=True)
class AggregateConfig:
    """The one pass over the images (Hohman et al. 2020, section 6).

    Attributes:
        activation_mass: share of a layer's total activation that an image's set of strongest channels reaches.
        top_k: influences kept per target channel and image.
        influence: one of `MEASURES`; the glossary of the contract explains each measure.
        n_examples: dataset examples kept per channel, over all classes and per class.
        outlier_fraction: channels in the sets of more than this fraction of all images are flagged; None: none are.
        outlier_channels: channels flagged by name, such as `mixed3a-67`.
        exclude_outliers: leave flagged channels out of the graphs.
        chunk_size: images of one class in a unit of work. A unit is the most that an interrupt run loses, and the
            piece that workers share out. Sums are taken over each chunk, then over the chunks.
        precision: of the forward pass, one of `PRECISIONS`.
    """

    activation_mass: float = 0.03
    top_k: int = 5
    influence: str = AUTO
    n_examples: int = 10
    outlier_fraction: float | None = None
    outlier_channels: tuple[str, ...] = ()
    exclude_outliers: bool = False
    chunk_size: int = 1000
    precision: str = "float32"
