"""The input and the result of loading a model, shared by all model sources."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from torch import nn

from precompute.models.sources.preprocess import Preprocess
from precompute.models.weights.weights_file import DEFAULT, RANDOM

__all__ = ["AUTO", "DEFAULT", "RANDOM", "LoadedModel", "ModelConfig", "choose_preprocess", "get_input_size"]

AUTO = "auto"


@dataclass(frozen=True)
class ModelConfig:
    """The choice of a model, its weights and its preprocessing.

    Args:
        source: `demo`, `torchvision:NAME`, `timm:NAME` or `FILE.py:CALLABLE`.
        weights: a file, or `FILE:KEY` for some of the weights in it; `default` (the published ones), `random`, or
            None: default where there are published ones, otherwise as the model file builds them.
        preprocess: a TOML file, or the preprocessing itself; None or `auto` takes that of the weights' training.
        seed: of random weights.
        model_path: folders that a model file imports from, besides its own and its package's.
    """

    source: str
    weights: str | None = None
    preprocess: str | Preprocess | None = None
    seed: int = 0
    model_path: tuple[str, ...] = ()


@dataclass(frozen=True)
class LoadedModel:
    """A model ready to be recorded: on the CPU, in float32, `eval()`, no parameter requiring a gradient.

    Args:
        module: the network; its input is `(batch, *input_size)`.
        name: a short name, for a person.
        source: the name on the command line.
        weights_sha256: hash of the weights' file; None for random weights and those that a model file builds.
        preprocess: the steps from an image to the input.
        input_size: `(channel, height, width)`, or None where it depends on the images.
        output_names: the name of each output, or None where it is not known.
        output_synsets: the synset of each output, or None where they are not ImageNet's.
        layers: the recorded layers where the model brings them along.
        published_top1: accuracy on ImageNet that the publisher of these very weights states, in [0, 1].
        notes: sentences for the person about changes made while loading, such as a conversion to float32.
        code_sha256: hash of a model file's code and of what it imports from its folders; None for models of libraries.
    """

    module: nn.Module
    name: str
    source: str
    weights_sha256: str | None
    preprocess: Preprocess
    input_size: tuple[int, int, int] | None
    output_names: tuple[str, ...] | None = None
    layers: tuple[str, ...] | None = None
    published_top1: float | None = None
    notes: tuple[str, ...] = ()
    code_sha256: str | None = None
    output_synsets: tuple[str, ...] | None = None


def choose_preprocess(config: ModelConfig) -> Preprocess | None:
    """Returns the preprocessing that a config states, or None where the source is to choose.

    Raises:
        InputError: the file is missing or states something impossible.
    """
    if isinstance(config.preprocess, Preprocess):
        return config.preprocess
    return None if config.preprocess in (None, AUTO) else Preprocess.from_toml(Path(str(config.preprocess)))


def get_input_size(preprocess: Preprocess) -> tuple[int, int, int] | None:
    """Returns `(3, height, width)` where the preprocessing fixes it, None where it depends on the images."""
    return None if preprocess.fixed_size is None else (3, *preprocess.fixed_size)
