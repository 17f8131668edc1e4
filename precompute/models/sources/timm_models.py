"""The source `timm:NAME`: timm's classification models, with published, own or random weights.

A name may carry the tag of one of several published weights, as in `resnet50.a1_in1k`.
"""

from __future__ import annotations

import contextlib
import difflib
import math
from http.client import HTTPException
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from precompute.contract.errors import InputError
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
from precompute.models.weights.fitting import list_usual_states
from precompute.models.weights.loading import hash_file, load_weights
from precompute.models.weights.weights_file import WeightsFile, split_weights

__all__ = ["SOURCE", "list_architectures", "list_tagged_names", "load", "read_preprocess", "read_published_input_size"]

_HUB_FILES = ("model.safetensors", "pytorch_model.bin")


def load(config: ModelConfig) -> LoadedModel:
    """Builds the model that `config.source` names and gives it its weights.

    Raises:
        InputError: the name is unknown, the weights do not fit or cannot be had, or timm is not installed.
    """
    timm = _import_timm()
    name = config.source.partition(":")[2]
    _require_known(timm, name)
    published = timm.get_pretrained_cfg(name, allow_unregistered=False)
    chosen = choose_preprocess(config)
    preprocess, notes = (chosen, ()) if chosen else read_preprocess(published.to_dict(), name)
    weights = config.weights or DEFAULT
    if weights == RANDOM:
        module, file, label = _build(timm, name, config.seed), None, f"{name} (random weights)"
    elif weights == DEFAULT:
        file, label = _get_published_file(published, name), name
        module = _build_published(timm, name, published, file)
    else:
        given = split_weights(weights)
        file, label = given.path, f"{name} ({given.label})"
        module, said = _build_with_weights(timm, name, read_checkpoint(given))
        notes += said
    if published.num_classes == 0:
        notes += (f"timm:{name} has no classification head: its outputs are features, not classes.",)
    info = _find_imagenet(module, published.num_classes) if weights == DEFAULT else None
    return LoadedModel(
        module=module,
        name=label,
        source=config.source,
        weights_sha256=hash_file(file) if file else None,
        preprocess=preprocess,
        input_size=get_input_size(preprocess),
        output_names=tuple(map(str, info.label_descriptions())) if info else None,
        output_synsets=tuple(info.label_names()) if info else None,
        notes=notes,
    )


def list_architectures() -> list[str]:
    """Lists all names without tags, in alphabetical order.

    Raises:
        InputError: timm is not installed.
    """
    return sorted(_import_timm().list_models())


def list_tagged_names() -> list[str]:
    """Lists all names with the tag of their published weights, in alphabetical order.

    Raises:
        InputError: timm is not installed.
    """
    return sorted(_import_timm().list_pretrained())


def read_published_input_size(name: str) -> tuple[int, int, int] | None:
    """Reads `(channel, height, width)` of a model without building it; None where timm has no entry for the name."""
    published = _import_timm().get_pretrained_cfg(name)
    return tuple(published.input_size) if published is not None else None


def read_preprocess(config: dict[str, Any], name: str) -> tuple[Preprocess, tuple[str, ...]]:
    """Translates timm's evaluation transform of a model to a `Preprocess`, with notes on what that cannot express.

    The side is `input_size`, that of training, not `test_input_size`. The short side is resized to
    `floor(side / crop_pct)`, or both sides where images are to be squashed; then the centre is cropped. Models that
    timm evaluates on bordered images are resized and cropped as well, with a note.

    Args:
        config: a model's `pretrained_cfg`.
        name: of the model, for messages.

    Returns:
        The preprocessing, and sentences for the person.

    Raises:
        InputError: the input has not three channels, or it is not square although images are not squashed.
    """
    from timm.data import resolve_data_config

    data = resolve_data_config(pretrained_cfg=config)
    channels, height, width = data["input_size"]
    is_squashed = data["crop_mode"] == "squash"
    if channels != 3 or (height != width and not is_squashed):
        raise InputError(
            "Models see square images of three channels.",
            f"timm:{name} was trained on {channels} x {height} x {width} (channels x height x width).",
            "Choose another model, or state an input that it takes with --preprocess FILE.toml.",
        )
    interpolation = data["interpolation"] if data["interpolation"] in {"bilinear", "bicubic"} else "bicubic"
    resize, across = (math.floor(side / data["crop_pct"]) for side in (height, width))
    mean, std = tuple(data["mean"]), tuple(data["std"])
    if is_squashed:
        return Preprocess((resize, across), (height, width), interpolation, "RGB", 1.0, mean, std), ()
    preprocess = Preprocess(resize, height, interpolation, "RGB", 1.0, mean, std)
    if data["crop_mode"] == "center":
        return preprocess, ()
    how = {"border": "put on a border"}.get(data["crop_mode"], data["crop_mode"])
    return preprocess, (
        f"timm evaluates {name} on images {how}; here the short side is resized to {resize} px "
        f"and the central {height} px are taken. Images that are square already lose nothing by it.",
    )


def _import_timm() -> ModuleType:
    try:
        import timm
    except ImportError as problem:
        raise InputError(
            "timm:NAME needs the library timm.",
            f"It cannot be imported ({problem}).",
            "pip install 'summit-dash[precompute]', or pip install timm.",
        ) from problem
    return timm


def _require_known(timm: ModuleType, name: str) -> None:
    architecture, _, tag = name.partition(".")
    if architecture and ":" not in name and timm.is_model(architecture):
        tags = timm.list_pretrained(f"{architecture}.*")
        if not tag or name in tags:
            return
        nearest = difflib.get_close_matches(name, tags, n=3, cutoff=0.0)
    else:
        nearest = difflib.get_close_matches(architecture, timm.list_models(), n=3, cutoff=0.5)
    raise InputError(
        "timm:NAME is one of timm's models, with or without the tag of its published weights.",
        f"Found {name or 'no name'}.",
        f"Did you mean {', '.join(nearest)}?" if nearest else "`summit-dash models PATTERN` finds names.",
    )


def _find_imagenet(module: nn.Module, n_outputs: int) -> Any:
    """Returns timm's description of ImageNet's classes where timm knows that the outputs are these, else None."""
    from timm.data import ImageNetInfo, infer_imagenet_subset

    subset = infer_imagenet_subset(module)
    if not subset:
        return None
    info = ImageNetInfo(subset)
    return info if info.num_classes() == n_outputs else None


def _build(timm: ModuleType, name: str, seed: int = 0) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module: nn.Module = timm.create_model(name, pretrained=False)
    return module


def _build_published(timm: ModuleType, name: str, published: Any, file: Path) -> nn.Module:
    """Builds the model with the weights of its published file, which timm itself converts."""
    overlay = {"file": str(file)} if published.custom_load else {"state_dict": _read_state(file)}
    try:
        return _build_converted(timm, name, overlay)
    except (RuntimeError, KeyError, ValueError) as problem:
        raise build_download_error(f"timm:{name}", f"{file} is no file of this model: {problem}") from problem


def _read_state(file: Path) -> dict[str, Tensor]:
    return dict(list_usual_states(read_checkpoint(WeightsFile(file)))[0].state)


def _build_with_weights(timm: ModuleType, name: str, checkpoint: Checkpoint) -> tuple[nn.Module, tuple[str, ...]]:
    """Builds the model with a person's weights, and returns notes.

    The weights have the names of timm's parameters, or else those of the authors' code, which timm converts.
    """
    module = _build(timm, name)
    try:
        return module, load_weights(module, checkpoint)
    except InputError:
        for candidate in list_usual_states(checkpoint):
            with contextlib.suppress(Exception):  # timm's converters take any checkpoint apart and fail in any way
                overlay = {"state_dict": dict(candidate.state), "custom_load": False}
                said = f"{checkpoint.source}: {candidate.name or 'its own keys'}, named as timm converts it, was taken."
                return _build_converted(timm, name, overlay), (said,) if len(checkpoint.candidates) > 1 else ()
        raise


def _build_converted(timm: ModuleType, name: str, overlay: dict[str, Any]) -> nn.Module:
    module: nn.Module = timm.create_model(name, pretrained=True, pretrained_cfg_overlay=overlay)
    if isinstance(kept := getattr(module, "pretrained_cfg", None), dict):
        kept.pop("state_dict", None)
    return module


def _get_published_file(published: Any, name: str) -> Path:
    """Returns the file of the published weights, from the cache or else downloaded.

    Raises:
        InputError: no weights are published, or they cannot be downloaded.
    """
    if published.hf_hub_id:
        return _get_from_hub(published, name)
    if not published.url:
        raise InputError(
            "Default weights are those that timm publishes.",
            f"There are none for timm:{name}.",
            "Give --weights FILE, --weights random, or a name with a tag: `summit-dash models` finds them.",
        )
    file = get_cache_path(published.url)
    if not file.is_file():
        require_reachable(published.url)
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            torch.hub.download_url_to_file(published.url, str(file))
        except (OSError, HTTPException, RuntimeError) as problem:
            raise build_download_error(published.url, problem) from problem
    return file


def _get_from_hub(published: Any, name: str) -> Path:
    from huggingface_hub import constants, hf_hub_download, try_to_load_from_cache
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    repository, _, revision = published.hf_hub_id.partition("@")
    files = (published.hf_hub_filename,) if published.hf_hub_filename else _HUB_FILES
    for file in files:
        cached = try_to_load_from_cache(repository, file, revision=revision or None)
        if isinstance(cached, str):
            return Path(cached)
    if not constants.HF_HUB_OFFLINE:
        require_reachable(f"{constants.ENDPOINT}/{repository}")
    for file in files:
        try:
            return Path(hf_hub_download(repository, file, revision=revision or None))
        except LocalEntryNotFoundError as problem:  # offline by choice, or the connection broke
            raise build_download_error(f"timm:{name} ({repository})", problem) from problem
        except EntryNotFoundError:
            continue
        except Exception as problem:  # the hub's client raises those of its own HTTP library
            raise build_download_error(f"timm:{name} ({repository})", problem) from problem
    raise build_download_error(f"timm:{name} ({repository})", f"it holds none of {', '.join(files)}")


SOURCE = ModelSource("timm", "timm:NAME", load, rank=30)
