"""Everything that decides what a run contains, as data: seeds and thresholds live here and nowhere else."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from precompute.embedding import EmbeddingConfig
from precompute.graphs.config import GraphConfig

ENGINES = ("local", "ray")
"""Where the units of the pass are made: in this process, or on a Ray cluster."""

PRECISIONS = ("float32", "bfloat16")
"""Of the forward pass over the images; influences are always float32, from the values that it recorded."""

STAGES = ("aggregate", "graphs", "examples", "embedding", "visualize")
"""The stages in order; each reads the tables of the ones before."""


@dataclass(frozen=True)
class AggregateConfig:
    """The one pass over the images (algorithms.md, "Activation" and "Influence").

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


@dataclass(frozen=True)
class ExampleConfig:
    """How dataset examples are stored.

    Attributes:
        size: longest side of a crop in pixels, where it is stored or shown for itself.
        quality: of such a crop, WebP, in percent.
        image_quality: of an image of which several crops are wanted, JPEG, in percent.
        crops_per_image: so many crops of an image are stored as the image, once; fewer each for itself.
    """

    size: int = 128
    quality: int = 80
    image_quality: int = 95
    crops_per_image: int = 8

    def identity(self) -> dict[str, int]:
        """What a run is resumed with: how crops look, and not where they are stored, which earlier runs do not say."""
        return {"size": self.size, "quality": self.quality}


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


@dataclass(frozen=True)
class RunConfig:
    """All of it. `batch_size`, `workers`, `engine` and `actors` change the speed and, on a CPU, no bit of the tables.

    On another device the last bits of a mean may follow the batch size, as its libraries choose their ways by it.
    """

    layers: tuple[str, ...] | None = None
    aggregate: AggregateConfig = field(default_factory=AggregateConfig)
    graphs: GraphConfig = field(default_factory=GraphConfig)
    examples: ExampleConfig = field(default_factory=ExampleConfig)
    embedding: EmbeddingConfig = field(default_factory=EmbeddingConfig)
    visualize: VisualizeConfig = field(default_factory=VisualizeConfig)
    batch_size: int = 16
    workers: int = 2
    device: str = "auto"
    engine: str = "local"
    actors: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """As JSON for the manifest."""
        return asdict(self)
