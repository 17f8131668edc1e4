"""The source `torchvision:NAME`: torchvision's classification models, with published, own or random weights."""

from __future__ import annotations

import difflib
import re
from http.client import HTTPException
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from precompute.contract.errors import InputError
from precompute.models.sources.imagenet import read_imagenet_synsets
from precompute.models.sources.loaded import (
    DEFAULT,
    RANDOM,
    LoadedModel,
    ModelConfig,
    choose_preprocess,
    get_input_size,
)
from precompute.models.sources.preprocess import Preprocess
from precompute.models.sources.registry import ModelSource
from precompute.models.weights.checkpoint import Checkpoint, read_checkpoint
from precompute.models.weights.download import build_download_error, get_cache_path, require_reachable
from precompute.models.weights.loading import hash_file, load_weights
from precompute.models.weights.weights_file import split_weights

__all__ = ["SOURCE", "build", "list_names", "load", "read_published_facts"]

_WITH_AUXILIARY_HEADS = ("googlenet", "inception_v3")
_AUXILIARY = re.compile(r"(.*\.)?(aux1|aux2|AuxLogits)\.")
_OLD_DENSENET = re.compile(r"(.*denselayer\d+\.(?:norm|conv))\.([12]\.\w+)")


def load(config: ModelConfig) -> LoadedModel:
    """Builds the model that `config.source` names and gives it its weights.

    Raises:
        InputError: the name is unknown, the weights do not fit or cannot be had, or torchvision is not installed.
    """
    models = _import_models()
    name = config.source.partition(":")[2]
    _require_known(name, list_names())
    published = models.get_model_weights(name).DEFAULT
    weights = config.weights or DEFAULT
    checkpoint = _read_weights(published, weights)
    module = build(models, name, weights, config.seed)
    sha256, label = None, f"{name} (random weights)"
    notes: tuple[str, ...] = ()
    if checkpoint is not None:
        file, label = get_cache_path(published.url), name
        if weights != DEFAULT:
            (file, _), label = split_weights(weights), f"{name} ({split_weights(weights).label})"
        notes = load_weights(module, checkpoint, _rename_old_keys)
        sha256 = hash_file(file) if file.is_file() else None
    preprocess = choose_preprocess(config) or Preprocess.from_torchvision(published.transforms())
    return LoadedModel(
        module=module,
        name=label,
        source=config.source,
        weights_sha256=sha256,
        preprocess=preprocess,
        input_size=get_input_size(preprocess),
        output_names=tuple(published.meta["categories"]) if weights == DEFAULT else None,
        output_synsets=read_imagenet_synsets() if weights == DEFAULT and _read_top1(published) is not None else None,
        published_top1=_read_top1(published) if weights == DEFAULT else None,
        notes=notes,
    )


def list_names() -> list[str]:
    """Lists all classification models but the quantized ones, in alphabetical order.

    Raises:
        InputError: torchvision is not installed.
    """
    models = _import_models()
    return list(models.list_models(module=models))


def read_published_facts(name: str) -> tuple[tuple[int, int, int], float | None]:
    """Reads the input size `(channel, height, width)` and the published top-1 accuracy in [0, 1] of a model.

    The model is not built; the accuracy is None where none on ImageNet is published.
    """
    published = _import_models().get_model_weights(name).DEFAULT
    size = get_input_size(Preprocess.from_torchvision(published.transforms()))
    assert size is not None  # torchvision's transforms crop
    return size, _read_top1(published)


def _import_models() -> ModuleType:
    try:
        from torchvision import models
    except ImportError as problem:
        raise InputError(
            "torchvision:NAME needs the library torchvision.",
            f"It cannot be imported ({problem}).",
            "pip install 'summit-dash[precompute]'",
        ) from problem
    return models


def _require_known(name: str, known: list[str]) -> None:
    if name not in known:
        nearest = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
        raise InputError(
            "torchvision:NAME is one of torchvision's classification models.",
            f"Found {name or 'no name'}.",
            f"Did you mean {', '.join(nearest)}?" if nearest else f"Known: {', '.join(known)}.",
        )


def _read_top1(published: Any) -> float | None:
    percent = published.meta.get("_metrics", {}).get("ImageNet-1K", {}).get("acc@1")
    return None if percent is None else round(percent / 100, 5)


def build(models: ModuleType, name: str, weights: str, seed: int) -> nn.Module:
    """Builds an untrained model of `torchvision.models` with the modules that its published weights have.

    Args:
        models: the module `torchvision.models`.
        name: of the model.
        weights: `random` initializes the auxiliary-head models as their paper does; anything else skips that.
        seed: of the random values.
    """
    options: dict[str, Any] = {}
    if name in _WITH_AUXILIARY_HEADS:
        # As torchvision builds them for its published weights; the auxiliary heads are used in training only.
        options = {"aux_logits": False, "transform_input": True, "init_weights": weights == RANDOM}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module: nn.Module = models.get_model(name, weights=None, **options)
    return module


def _rename_old_keys(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Drops auxiliary heads from a state dict, and gives DenseNet's parameters their present names."""
    for key in list(state):
        if _AUXILIARY.match(key):
            del state[key]
        elif match := _OLD_DENSENET.fullmatch(key):
            state[match[1] + match[2]] = state.pop(key)
    return state


def _read_weights(published: Any, weights: str) -> Checkpoint | None:
    """Reads the published weights or those of a file; returns None for random ones."""
    if weights == RANDOM:
        return None
    if weights != DEFAULT:
        return read_checkpoint(split_weights(weights))
    if not get_cache_path(published.url).is_file():
        require_reachable(published.url)
    try:
        state: dict[str, Tensor] = published.get_state_dict(progress=True, check_hash=True)
    except (OSError, HTTPException, RuntimeError) as problem:  # no network, or a download that does not match its hash
        raise build_download_error(published.url, problem) from problem
    return Checkpoint.from_state(state, str(get_cache_path(published.url)))


SOURCE = ModelSource("torchvision", "torchvision:NAME", load, rank=20)
