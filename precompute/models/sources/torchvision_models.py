"""`torchvision:NAME`: torchvision's classification models with their published weights, a file, or random ones."""

from __future__ import annotations

import difflib
import re
from http.client import HTTPException
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from precompute.contract.errors import InputError
from precompute.models.sources.imagenet import imagenet_synsets
from precompute.models.sources.loaded import DEFAULT, RANDOM, LoadedModel, ModelConfig, chosen_preprocess, input_size_of
from precompute.models.sources.preprocess import Preprocess
from precompute.models.weights.checkpoint import Checkpoint, read_checkpoint
from precompute.models.weights.download import cached_by_torch, no_weights, require_reachable
from precompute.models.weights.loading import file_sha256, load_weights
from precompute.models.weights.weights_file import split_weights

__all__ = ["build", "load", "names", "published_facts"]

_WITH_AUXILIARY_HEADS = ("googlenet", "inception_v3")
_AUXILIARY = re.compile(r"(.*\.)?(aux1|aux2|AuxLogits)\.")
_OLD_DENSENET = re.compile(r"(.*denselayer\d+\.(?:norm|conv))\.([12]\.\w+)")


def load(config: ModelConfig) -> LoadedModel:
    """Builds the model that `config.source` names and gives it its weights.

    Raises:
        InputError: the name is unknown, the weights do not fit or cannot be had, or torchvision is not installed.
    """
    models = _models()
    name = config.source.partition(":")[2]
    _require_known(name, names())
    published = models.get_model_weights(name).DEFAULT
    weights = config.weights or DEFAULT
    checkpoint = _checkpoint(published, weights)
    module = build(models, name, weights, config.seed)
    sha256, label = None, f"{name} (random weights)"
    notes: tuple[str, ...] = ()
    if checkpoint is not None:
        file, label = cached_by_torch(published.url), name
        if weights != DEFAULT:
            (file, _), label = split_weights(weights), f"{name} ({split_weights(weights).label})"
        notes = load_weights(module, checkpoint, _modernised)
        sha256 = file_sha256(file) if file.is_file() else None
    preprocess = chosen_preprocess(config) or Preprocess.from_torchvision(published.transforms())
    return LoadedModel(
        module=module,
        name=label,
        source=config.source,
        weights_sha256=sha256,
        preprocess=preprocess,
        input_size=input_size_of(preprocess),
        output_names=tuple(published.meta["categories"]) if weights == DEFAULT else None,
        output_synsets=imagenet_synsets() if weights == DEFAULT and _top1(published) is not None else None,
        published_top1=_top1(published) if weights == DEFAULT else None,
        notes=notes,
    )


def names() -> list[str]:
    """All classification models, in alphabetical order; the quantized ones are not among them.

    Raises:
        InputError: torchvision is not installed.
    """
    models = _models()
    return list(models.list_models(module=models))


def published_facts(name: str) -> tuple[tuple[int, int, int], float | None]:
    """Input size `(channel, height, width)` and published top-1 accuracy in [0, 1], without building the model."""
    published = _models().get_model_weights(name).DEFAULT
    size = input_size_of(Preprocess.from_torchvision(published.transforms()))
    assert size is not None  # torchvision's transforms crop
    return size, _top1(published)


def _models() -> ModuleType:
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


def _top1(published: Any) -> float | None:
    percent = published.meta.get("_metrics", {}).get("ImageNet-1K", {}).get("acc@1")
    return None if percent is None else round(percent / 100, 5)


def build(models: ModuleType, name: str, weights: str, seed: int) -> nn.Module:
    """An untrained model of `torchvision.models`, ready for its published weights; random ones come from `seed`."""
    options: dict[str, Any] = {}
    if name in _WITH_AUXILIARY_HEADS:
        # As torchvision builds them for its published weights; the auxiliary heads speak in training only.
        options = {"aux_logits": False, "transform_input": True, "init_weights": weights == RANDOM}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module: nn.Module = models.get_model(name, weights=None, **options)
    return module


def _modernised(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Published files without auxiliary heads, and with the names that DenseNet's parameters have now."""
    for key in list(state):
        if _AUXILIARY.match(key):
            del state[key]
        elif match := _OLD_DENSENET.fullmatch(key):
            state[match[1] + match[2]] = state.pop(key)
    return state


def _checkpoint(published: Any, weights: str) -> Checkpoint | None:
    """Reads what holds the weights; None for random ones."""
    if weights == RANDOM:
        return None
    if weights != DEFAULT:
        return read_checkpoint(split_weights(weights))
    if not cached_by_torch(published.url).is_file():
        require_reachable(published.url)
    try:
        state: dict[str, Tensor] = published.get_state_dict(progress=True, check_hash=True)
    except (OSError, HTTPException, RuntimeError) as problem:  # no network, or a download that does not match its hash
        raise no_weights(published.url, problem) from problem
    return Checkpoint.of_state(state, str(cached_by_torch(published.url)))
