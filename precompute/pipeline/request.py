"""The request of a run, as a person makes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from precompute.datasets.labels.label_outputs import AUTO
from precompute.models.sources.loaded import ModelConfig
from precompute.pipeline.config import RunConfig

__all__ = ["LabelOptions", "RunRequest"]


@dataclass(frozen=True)
class LabelOptions:
    """A person's statements about labels and outputs.

    Attributes:
        allow_outside: accept paths in a manifest that lead out of its folder.
        class_outputs: which outputs of the model mean each class: `auto`, another word of `read_meaning`, or a file.
        output_names: file that names the model's outputs; None: the names that the model brings along, if any.
    """

    allow_outside: bool = False
    class_outputs: str = AUTO
    output_names: Path | None = None


@dataclass(frozen=True)
class RunRequest:
    """A model, images, a folder, and the config.

    Attributes:
        images: what `open_images` takes: `demo`, a folder per class, a manifest, shards, a saved dataset.
        stages: names of the stages to run, in any order; None: all. The stages that they read must have run.
        limit_per_class: images taken per class; None: all.
        labels: how the images' labels are to be read.
        overwrite: replace another run in the folder.
    """

    model: ModelConfig
    images: str
    out: Path
    config: RunConfig = field(default_factory=RunConfig)
    stages: Sequence[str] | None = None
    limit_per_class: int | None = None
    labels: LabelOptions = field(default_factory=LabelOptions)
    overwrite: bool = False
