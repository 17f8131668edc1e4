"""The source `demo`: the trained model of the planted demo, which comes with its weights and preprocessing."""

from __future__ import annotations

from precompute.contract.errors import InputError
from precompute.models.sources.loaded import DEFAULT, LoadedModel, ModelConfig, choose_preprocess, get_input_size
from precompute.models.sources.preprocess import Preprocess
from precompute.models.sources.registry import ModelSource
from precompute.models.weights.loading import hash_file

__all__ = ["SOURCE", "load"]


def load(config: ModelConfig) -> LoadedModel:
    """Loads the demo model with its own weights.

    Raises:
        InputError: other weights are asked for, or another demo.
    """
    from precompute.demo import model as demo

    if config.source != "demo" or config.weights not in (None, DEFAULT):
        raise InputError(
            "The demo model comes with its own weights.",
            f"Found {config.source} with weights {config.weights}.",
            "Use `demo` alone.",
        )
    chosen = choose_preprocess(config)
    preprocess = chosen or Preprocess.from_dict(demo.PREPROCESS)
    return LoadedModel(
        module=demo.load(),
        name="demo",
        source=config.source,
        weights_sha256=hash_file(demo.WEIGHTS),
        preprocess=preprocess,
        input_size=get_input_size(chosen) if chosen else (3, demo.INPUT_SIZE, demo.INPUT_SIZE),
        output_names=tuple(demo.CLASS_NAMES),
        layers=tuple(demo.RECORDED_LAYERS),
    )


SOURCE = ModelSource("demo", "demo", load, rank=10)
