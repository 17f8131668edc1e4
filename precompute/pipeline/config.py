"""The config of a run: that of every stage, and what changes its speed alone."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from precompute.aggregate.config import AUTO, AggregateConfig
from precompute.embedding.config import EmbeddingConfig
from precompute.examples.config import ExampleConfig
from precompute.feature_visualization.channels.config import VisualizeConfig
from precompute.graphs.config import GraphConfig

ENGINES = ("local", "ray")
"""The makers of the units of the pass: this process, or a Ray cluster."""

SPEED = ("batch_size", "workers", "device", "engine", "actors", "gpus", "count_by")
"""Fields of `RunConfig` that change how fast a run is made, and no count of its tables."""


@dataclass(frozen=True)
class RunConfig:
    """All of it. `batch_size`, `workers`, `engine` and `actors` change the speed and, on a CPU, no bit of the tables.

    On another device, or where `count_by` is `batch`, the last bits of a mean may follow the batch size, as libraries
    choose their ways by it.
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
    gpus: int | None = None
    count_by: str = AUTO

    def to_dict(self) -> dict[str, Any]:
        """Returns the config as plain values, for the manifest."""
        return asdict(self)
