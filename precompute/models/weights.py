"""Weights from a file into a module, with every way in which they may not fit said in one message."""

from __future__ import annotations

import hashlib
import pickle
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.modules.utils import consume_prefix_in_state_dict_if_present

from precompute.errors import InputError

__all__ = ["file_sha256", "load_weights", "parameters_sha256", "read_weights"]

SUFFIXES = (".safetensors", ".pth", ".pt", ".bin")
_WRAPPERS = ("state_dict", "model_state_dict", "model", "state_dict_ema", "model_ema", "net")
"""Keys under which training scripts keep the weights in a checkpoint."""
_PREFIXES = ("module.", "_orig_mod.")
"""What DataParallel and torch.compile put before every key."""
_ATTRIBUTE = "model."
"""What PyTorch Lightning puts there, by the name that most people give the attribute."""
_AT_MOST = 5
_SAVE = "Save it with `safetensors.torch.save_file(model.state_dict(), FILE)` where it was made."


def file_sha256(path: Path) -> str:
    """Hash of a file's content, as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def parameters_sha256(module: nn.Module) -> str:
    """Hash of the names and values of all parameters and buffers, wherever they came from."""
    digest = hashlib.sha256()
    for name, value in (*module.named_parameters(), *module.named_buffers()):
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
        digest.update(value.detach().cpu().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def read_weights(path: Path) -> dict[str, Tensor]:
    """Reads a state dict from .safetensors, .pth, .pt or .bin, never running code from it.

    A checkpoint's `state_dict` is unwrapped, and prefixes that DataParallel and torch.compile give to every key are
    removed.

    Raises:
        InputError: the file is missing, of another kind, damaged, or holds code.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"Weights are a file {', '.join(SUFFIXES)}, or default, or random.", f"Found {path}.", _SAVE)
    if not path.is_file():
        raise InputError("--weights names a file.", f"{path} does not exist.", "Check the path.")
    content = _read_safetensors(path) if path.suffix.lower() == ".safetensors" else _read_pickle(path)
    state = _unwrapped(content)
    if not isinstance(state, dict) or not state or not all(isinstance(v, Tensor) for v in state.values()):
        raise InputError("Weights are a state dict: tensors by name.", f"{path} holds {_described(state)}.", _SAVE)
    while prefix := next((p for p in _PREFIXES if all(key.startswith(p) for key in state)), ""):
        consume_prefix_in_state_dict_if_present(state, prefix)
    return state


def load_weights(module: nn.Module, state: Mapping[str, Tensor], source: str) -> None:
    """Copies a state dict into a module; BatchNorm's counter of batches may be absent, as it was in old files.

    Where a training framework kept the module as its attribute `model`, that prefix of every key is removed.

    Args:
        module: changed in place.
        state: all its parameters and buffers, and nothing else.
        source: names the weights in the message.

    Raises:
        InputError: keys are missing or unexpected, or shapes differ; up to five of each are named.
    """
    if all(key.startswith(_ATTRIBUTE) for key in state) and not hasattr(module, _ATTRIBUTE[:-1]):
        state = {key.removeprefix(_ATTRIBUTE): value for key, value in state.items()}
    try:
        keys = module.load_state_dict(state, strict=False)
    except RuntimeError as problem:
        # Raised for shapes; the module may be half-loaded, which nobody sees because this ends in an error.
        raise _misfit(module, state, source, str(problem)) from problem
    missing = [key for key in keys.missing_keys if not key.endswith("num_batches_tracked")]
    if missing or keys.unexpected_keys:
        raise _misfit_error(source, [("missing", missing), ("unexpected", list(keys.unexpected_keys))])


def _misfit(module: nn.Module, state: Mapping[str, Tensor], source: str, problem: str) -> InputError:
    own = module.state_dict()
    shapes = [
        f"{key} (file {_shape(state[key])}, model {_shape(own[key])})"
        for key in own
        if key in state and state[key].shape != own[key].shape
    ]
    missing = [key for key in own if key not in state and not key.endswith("num_batches_tracked")]
    unexpected = [key for key in state if key not in own]
    if not (shapes or missing or unexpected):
        return _misfit_error(source, [("refused by the model", [problem])])
    return _misfit_error(source, [("missing", missing), ("unexpected", unexpected), ("of another shape", shapes)])


def _misfit_error(source: str, faults: Iterable[tuple[str, list[str]]]) -> InputError:
    parts = []
    for name, keys in faults:
        if keys:
            more = f" and {len(keys) - _AT_MOST:,} more" if len(keys) > _AT_MOST else ""
            parts.append(f"{len(keys):,} {name}: {', '.join(keys[:_AT_MOST])}{more}")
    return InputError(
        "Weights have the names and shapes of the model's parameters.",
        f"{source} has {'; '.join(parts)}.",
        "Give the weights of this very architecture; for another number of classes, a model file that builds it.",
    )


def _read_safetensors(path: Path) -> Any:
    try:
        return load_file(path)
    except (SafetensorError, OSError) as problem:
        raise _damaged(path, problem) from problem


def _read_pickle(path: Path) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*TorchScript archive")  # told below
            return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as problem:
        raise InputError(
            "Weights are tensors alone; a file that would run code when opened is refused.",
            f"{path} is a pickle of other objects (a whole model, say), or no pickle at all.",
            _SAVE,
        ) from problem
    except (RuntimeError, OSError, EOFError, ValueError, KeyError) as problem:
        if "TorchScript" in str(problem):
            raise InputError(
                "Weights are tensors alone.",
                f"{path} is a TorchScript archive, which holds a program as well.",
                f"Take its weights out where it is trusted: torch.jit.load(FILE).state_dict(). {_SAVE}",
            ) from problem
        raise _damaged(path, problem) from problem


def _damaged(path: Path, problem: Exception) -> InputError:
    reason = (str(problem).splitlines() or [type(problem).__name__])[0].rstrip(".")
    return InputError("Weights are a complete file of tensors.", f"{path}: {reason}.", f"Copy it again, or: {_SAVE}")


def _unwrapped(content: Any) -> Any:
    if isinstance(content, dict):
        for key in _WRAPPERS:
            if isinstance(content.get(key), dict):
                return content[key]
    return content


def _described(content: Any) -> str:
    if not isinstance(content, dict):
        return f"a {type(content).__name__}"
    others = [str(key) for key, value in content.items() if not isinstance(value, Tensor)]
    return f"{', '.join(others[:_AT_MOST])}, which are no tensors" if others else "nothing"


def _shape(tensor: Tensor) -> str:
    return str(tuple(tensor.shape))
