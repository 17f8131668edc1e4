"""Loads a model by its name on the command line: `demo`, `torchvision:NAME` or `FILE.py:CALLABLE`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import torch
from torch import Tensor, nn

from precompute.errors import InputError
from precompute.models.model_file import build_from_file
from precompute.models.preprocess import EXAMPLE_TOML, Preprocess
from precompute.models.weights import file_sha256, load_weights, read_weights

__all__ = ["LoadedModel", "ModelConfig", "load_model"]

DEFAULT, RANDOM, AUTO = "default", "random", "auto"


@dataclass(frozen=True)
class ModelConfig:
    """Which model, with which weights and input.

    Args:
        source: `demo`, `torchvision:NAME` or `FILE.py:CALLABLE`.
        weights: a file, `default` (the published ones), `random`, or None: default where there are published ones,
            otherwise as the model file builds them.
        preprocess: a TOML file, or None or `auto`: what the weights were trained with.
        seed: of random weights.
    """

    source: str
    weights: str | None = None
    preprocess: str | None = None
    seed: int = 0


@dataclass(frozen=True)
class LoadedModel:
    """A model ready to be recorded: on the CPU, in float32, `eval()`, no parameter requiring a gradient.

    Args:
        module: takes `(batch, *input_size)`.
        name: short, for a person.
        source: as given.
        weights_sha256: of the weights' file; None for random weights and those that a model file builds.
        preprocess: how an image becomes its input.
        input_size: `(channel, height, width)`, or None where it depends on the images.
        output_names: the name of each output, or None where nobody knows.
        layers: the recorded layers where the model brings them along.
    """

    module: nn.Module
    name: str
    source: str
    weights_sha256: str | None
    preprocess: Preprocess
    input_size: tuple[int, int, int] | None
    output_names: tuple[str, ...] | None = None
    layers: tuple[str, ...] | None = None


def load_model(config: ModelConfig) -> LoadedModel:
    """Loads the model that `config` names.

    Raises:
        InputError: the source is unknown, the weights do not fit or cannot be had, or the preprocessing is not known.
    """
    kind = ".py" if _is_model_file(config.source) else config.source.partition(":")[0]
    if kind not in _SOURCES:
        nearest = difflib.get_close_matches(kind, _SOURCES, n=1)
        raise InputError(
            f"A model is one of {', '.join(s.usage for s in _SOURCES.values())}.",
            f"Found {config.source}.",
            f"Did you mean {_SOURCES[nearest[0]].usage}?" if nearest else "Name one of these.",
        )
    loaded = _SOURCES[kind].load(config)
    loaded.module.to("cpu").float().eval().requires_grad_(False)
    return loaded


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
    chosen = _chosen_preprocess(config)
    preprocess = chosen or Preprocess.from_dict(demo.PREPROCESS)
    return LoadedModel(
        module=demo.load(),
        name="demo",
        source=config.source,
        weights_sha256=file_sha256(demo.WEIGHTS),
        preprocess=preprocess,
        input_size=_input_size(chosen) if chosen else (3, demo.INPUT_SIZE, demo.INPUT_SIZE),
        output_names=tuple(demo.CLASS_NAMES),
        layers=tuple(demo.RECORDED_LAYERS),
    )


# --- torchvision ----------------------------------------------------------------------------------------------------


def _load_torchvision(config: ModelConfig) -> LoadedModel:
    from torchvision import models

    name = config.source.partition(":")[2]
    known = models.list_models(module=models)
    if name not in known:
        nearest = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
        raise InputError(
            "torchvision:NAME is one of torchvision's classification models.",
            f"Found {name or 'no name'}.",
            f"Did you mean {', '.join(nearest)}?" if nearest else f"Known: {', '.join(known)}.",
        )
    published = models.get_model_weights(name).DEFAULT
    weights = config.weights or DEFAULT
    module = _torchvision_module(name, weights, config.seed)
    sha256, label = None, f"{name} (random weights)"
    if weights != RANDOM:
        state, file, label = _torchvision_state(published, weights), _cached(published), name
        if weights != DEFAULT:
            file, label = Path(weights), f"{name} ({Path(weights).name})"
        load_weights(module, _modernised(state), str(file))
        sha256 = file_sha256(file) if file.is_file() else None
    preprocess = _chosen_preprocess(config) or Preprocess.from_torchvision(published.transforms())
    return LoadedModel(
        module=module,
        name=label,
        source=config.source,
        weights_sha256=sha256,
        preprocess=preprocess,
        input_size=_input_size(preprocess),
        output_names=tuple(published.meta["categories"]) if weights == DEFAULT else None,
    )


def _torchvision_module(name: str, weights: str, seed: int) -> nn.Module:
    from torchvision import models

    options: dict[str, Any] = {}
    if name in _WITH_AUXILIARY_HEADS:
        # As torchvision builds them for its published weights; the auxiliary heads speak in training only.
        options = {"aux_logits": False, "transform_input": True, "init_weights": weights == RANDOM}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module: nn.Module = models.get_model(name, weights=None, **options)
    return module


_WITH_AUXILIARY_HEADS = ("googlenet", "inception_v3")
_AUXILIARY = re.compile(r"(aux1|aux2|AuxLogits)\.")
_OLD_DENSENET = re.compile(r"(.*denselayer\d+\.(?:norm|conv))\.([12]\.\w+)")


def _modernised(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Published files without auxiliary heads, and with the names that DenseNet's parameters have now."""
    for key in list(state):
        if _AUXILIARY.match(key):
            del state[key]
        elif match := _OLD_DENSENET.fullmatch(key):
            state[match[1] + match[2]] = state.pop(key)
    return state


def _torchvision_state(published: Any, weights: str) -> dict[str, Tensor]:
    if weights != DEFAULT:
        return read_weights(Path(weights))
    try:
        state: dict[str, Tensor] = published.get_state_dict(progress=True, check_hash=True)
    except (OSError, HTTPException, RuntimeError) as problem:  # no network, or a download that does not match its hash
        raise InputError(
            "Default weights are downloaded once.",
            f"{published.url} could not be had ({problem}).",
            "Give --weights FILE with weights that you have, or --weights random.",
        ) from problem
    return state


def _cached(published: Any) -> Path:
    """Where torch.hub keeps a downloaded file."""
    return Path(torch.hub.get_dir()) / "checkpoints" / Path(urlparse(published.url).path).name


# --- model file -----------------------------------------------------------------------------------------------------


def _load_file(config: ModelConfig) -> LoadedModel:
    if config.weights == DEFAULT:
        raise InputError(
            "Default weights are those that torchvision publishes.",
            f"{config.source} is a model file.",
            "Give --weights FILE, or leave --weights out to take the model as its file builds it.",
        )
    preprocess = _chosen_preprocess(config)
    if preprocess is None:
        raise InputError(
            "A model file needs its preprocessing stated.",
            "Found no --preprocess FILE.toml.",
            "Write one, such as:\n" + EXAMPLE_TOML,
        )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        built = build_from_file(config.source)
    name, sha256 = f"{built.name} (weights as built)", None
    if config.weights not in (None, RANDOM):
        path = Path(str(config.weights))
        load_weights(built.module, read_weights(path), str(path))
        name, sha256 = f"{built.name} ({path.name})", file_sha256(path)
    return LoadedModel(built.module, name, config.source, sha256, preprocess, _input_size(preprocess))


# --- shared ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Source:
    """One way to name a model; another is one more line in `_SOURCES`."""

    usage: str
    load: Callable[[ModelConfig], LoadedModel]


_SOURCES: Mapping[str, _Source] = {
    "demo": _Source("demo", _load_demo),
    "torchvision": _Source("torchvision:NAME", _load_torchvision),
    ".py": _Source("FILE.py:CALLABLE", _load_file),
}


def _chosen_preprocess(config: ModelConfig) -> Preprocess | None:
    """The preprocessing of a TOML file, or None where the source is to choose."""
    return None if config.preprocess in (None, AUTO) else Preprocess.from_toml(Path(str(config.preprocess)))


def _input_size(preprocess: Preprocess) -> tuple[int, int, int] | None:
    return (3, preprocess.crop, preprocess.crop) if preprocess.crop else None
