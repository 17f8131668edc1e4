"""Loads a model by its name on the command line: `demo`, `torchvision:NAME`, `timm:NAME` or `FILE.py:CALLABLE`."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch

from precompute.contract.errors import InputError
from precompute.models.sources import timm_models, torchvision_models
from precompute.models.sources.lazy_modules import has_lazy_modules, initialize_lazy_modules
from precompute.models.sources.loaded import DEFAULT, RANDOM, LoadedModel, ModelConfig, chosen_preprocess, input_size_of
from precompute.models.sources.model_file import build_from_file
from precompute.models.sources.preprocess import EXAMPLE_TOML, Preprocess
from precompute.models.sources.soundness import made_ready
from precompute.models.weights.checkpoint import read_checkpoint
from precompute.models.weights.loading import file_sha256, load_weights
from precompute.models.weights.weights_file import require_code, require_weights, split_weights

__all__ = ["LoadedModel", "ModelConfig", "load_model"]


def load_model(config: ModelConfig) -> LoadedModel:
    """Loads the model that `config` names.

    Raises:
        InputError: the source is unknown, the weights do not fit, cannot be had or are not finite, the module cannot
            be read (TorchScript, quantized), or the preprocessing is not known.
    """
    kind = ".py" if _is_model_file(config.source) else config.source.partition(":")[0]
    require_weights(config.weights)
    if config.model_path and kind != ".py":
        raise InputError(
            "--model-path is for a model file, FILE.py:CALLABLE.", f"Found {config.source}.", "Leave it out."
        )
    if kind not in _SOURCES:
        require_code(config.source)
        nearest = difflib.get_close_matches(kind, _SOURCES, n=1)
        raise InputError(
            f"A model is one of {', '.join(s.usage for s in _SOURCES.values())}.",
            f"Found {config.source}.",
            f"Did you mean {_SOURCES[nearest[0]].usage}?" if nearest else "Name one of these.",
        )
    return made_ready(_SOURCES[kind].load(config))


def _is_model_file(source: str) -> bool:
    return source.endswith(".py") or ".py:" in source


# --- demo -----------------------------------------------------------------------------------------------------------


def _load_demo(config: ModelConfig) -> LoadedModel:
    from precompute.demo import model as demo

    if config.source != "demo" or config.weights not in (None, DEFAULT):
        raise InputError(
            "The demo model comes with its own weights.",
            f"Found {config.source} with weights {config.weights}.",
            "Use `demo` alone.",
        )
    chosen = chosen_preprocess(config)
    preprocess = chosen or Preprocess.from_dict(demo.PREPROCESS)
    return LoadedModel(
        module=demo.load(),
        name="demo",
        source=config.source,
        weights_sha256=file_sha256(demo.WEIGHTS),
        preprocess=preprocess,
        input_size=input_size_of(chosen) if chosen else (3, demo.INPUT_SIZE, demo.INPUT_SIZE),
        output_names=tuple(demo.CLASS_NAMES),
        layers=tuple(demo.RECORDED_LAYERS),
    )


# --- model file -----------------------------------------------------------------------------------------------------


def _load_file(config: ModelConfig) -> LoadedModel:
    if config.weights == DEFAULT:
        raise InputError(
            "Default weights are those that torchvision and timm publish.",
            f"{config.source} is a model file.",
            "Give --weights FILE, or leave --weights out to take the model as its file builds it.",
        )
    preprocess = chosen_preprocess(config)
    if preprocess is None:
        raise InputError(
            "A model file needs its preprocessing stated.",
            "Found no --preprocess FILE.toml.",
            "Write one, such as:\n" + EXAMPLE_TOML,
        )
    file = None if config.weights in (None, RANDOM) else split_weights(str(config.weights))
    checkpoint = read_checkpoint(file) if file else None
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        built = build_from_file(config.source, config.model_path)
        if has_lazy_modules(built.module):
            initialize_lazy_modules(built.module, input_size_of(preprocess))
    notes = load_weights(built.module, checkpoint) if checkpoint else ()
    name = f"{built.name} ({file.label if file else 'weights as built'})"
    return LoadedModel(
        built.module,
        name,
        config.source,
        file_sha256(file.path) if file else None,
        preprocess,
        input_size_of(preprocess),
        notes=notes,
        code_sha256=built.code_sha256,
    )


# --- shared ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Source:
    """One way to name a model; another is one more line in `_SOURCES`."""

    usage: str
    load: Callable[[ModelConfig], LoadedModel]


_SOURCES: Mapping[str, _Source] = {
    "demo": _Source("demo", _load_demo),
    "torchvision": _Source("torchvision:NAME", torchvision_models.load),
    "timm": _Source("timm:NAME", timm_models.load),
    ".py": _Source("FILE.py:CALLABLE", _load_file),
}
