"""Reading of files of weights, which makes tensors and plain values alone and runs no code of the file."""

from __future__ import annotations

import pickle
import pickletools
import re
import warnings
import zipfile
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, BinaryIO

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from precompute.contract.errors import InputError
from precompute.models.weights.weights_file import SAVE, Format, WeightsFile, build_damage_error, recognize_format

__all__ = ["Candidate", "Checkpoint", "read_checkpoint"]

_TENSORS_ALONE = "Weights are tensors alone; a file that would run code when opened is refused."
_DEPTH = 3
"""The depth of dicts within dicts in which state dicts are looked for."""
_OF_TRAINING = re.compile("optim|sched|scaler|moment|exp_avg|^grad")
"""Keys of the training's state, which is no weights: an optimizer's averages have the names and shapes of weights."""
_AT_MOST = 5
_NUMPY = ("numpy.core.multiarray", "numpy._core.multiarray", "numpy.ndarray", "numpy.dtype")
_UNPICKLED = 5
"""The number of pickles in an old file of torch.save: number, version, machine, object, names of its storages."""


@dataclass(frozen=True)
class Candidate:
    """A dict with tensors in it.

    Attributes:
        name: the keys that lead to it, such as `state_dict`; empty for the file's own.
        state: its tensors by name.
        others: the types, by key, of its entries that are no tensors.
    """

    name: str
    state: Mapping[str, Tensor]
    others: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Checkpoint:
    """The weights that a file holds.

    Attributes:
        source: the name of the file in messages.
        candidates: at least one, in the order of the file.
        key: the name of the candidate that a person asks for; None takes the one that fits.
    """

    source: str
    candidates: tuple[Candidate, ...]
    key: str | None = None

    @classmethod
    def from_state(cls, state: Mapping[str, Tensor], source: str) -> Checkpoint:
        """Makes a checkpoint of a state dict in memory."""
        return cls(source, (Candidate("", state),))


def read_checkpoint(file: WeightsFile) -> Checkpoint:
    """Reads a file of torch.save or safetensors; the format is recognised by its content, not its name.

    Objects of other types than tensors and plain values are neither imported nor made. An inert object replaces each
    of them, so a file with hyper-parameters and states of a training framework can be read.

    Raises:
        InputError: the file is missing, of another kind, build_damage_error, or holds no state dict.
    """
    kind = recognize_format(file.path)
    content = _read_safetensors(file.path) if kind is Format.SAFETENSORS else _read_pickle(file.path, kind)
    candidates = tuple(_find_candidates(content))
    if not candidates:
        raise _build_empty_error(file.path, content)
    return Checkpoint(str(file.path), candidates, file.key)


def _read_safetensors(path: Path) -> Any:
    try:
        return load_file(path)
    except (SafetensorError, OSError) as problem:
        raise build_damage_error(path, problem) from problem


def _find_candidates(content: Any, name: str = "", depth: int = 0) -> Iterator[Candidate]:
    if not isinstance(content, dict) or depth > _DEPTH:
        return
    named = {key: value for key, value in content.items() if isinstance(key, str)}
    tensors = {key: value for key, value in named.items() if isinstance(value, Tensor)}
    if tensors:
        yield Candidate(name, tensors, {key: _name_type(v) for key, v in named.items() if key not in tensors})
    for key, value in named.items():
        if _OF_TRAINING.search(key.lower()):
            continue
        yield from _find_candidates(value, f"{name}.{key}" if name else key, depth + 1)


def _build_empty_error(path: Path, content: Any) -> InputError:
    rule, fix = "Weights are a state dict: tensors by name.", SAVE
    if isinstance(content, _Inert):
        found = f"{path} is a pickle of {_name_type(content)} (a whole model, say)."
        return InputError(_TENSORS_ALONE, found, _advise_to_extract(path, ".state_dict()"))
    if not isinstance(content, dict):
        return InputError(rule, f"{path} holds a {type(content).__name__}.", fix)
    if not content:
        return InputError(rule, f"{path} holds nothing.", fix)
    entries = [f"{key} ({_name_type(value)})" for key, value in content.items()]
    objects = [key for key, value in content.items() if isinstance(value, _Inert)]
    if any("numpy" in entry for entry in entries):
        fix = "Where they are, make tensors of them: {name: torch.as_tensor(a) for name, a in arrays.items()}. " + SAVE
    elif objects:
        fix = _advise_to_extract(path, f"[{objects[0]!r}].state_dict()")
    more = f" and {len(entries) - _AT_MOST:,} more" if len(entries) > _AT_MOST else ""
    return InputError(rule, f"{path} holds {', '.join(entries[:_AT_MOST])}{more}, which are no tensors.", fix)


def _advise_to_extract(path: Path, what: str) -> str:
    """Advises on a file that only its own code can open."""
    return f"Where it is trusted and its code is: state = torch.load({path.name!r}, weights_only=False){what}. {SAVE}"


def _name_type(value: Any) -> str:
    if not isinstance(value, _Inert):
        return type(value).__name__
    return "array or number of numpy" if value.kind.startswith(_NUMPY) else value.kind


# --- pickles --------------------------------------------------------------------------------------------------------


class _Inert:
    """A replacement, without content, for an object in a checkpoint whose type torch does not read."""

    kind = ""

    def __new__(cls, *_: Any) -> _Inert:
        return super().__new__(cls)

    def __setstate__(self, _: Any) -> None: ...


class _InertList(list[Any], _Inert):
    def __new__(cls, *_: Any) -> _InertList:
        return list.__new__(cls)

    def __init__(self, *_: Any) -> None:
        super().__init__()


def _make_dict(_: type, *__: Any) -> OrderedDict[str, Any]:
    return OrderedDict()


def _make_inert(name: str) -> type:
    return type(name, (_Inert,), {"kind": name})


def _read_pickle(path: Path, kind: Format) -> Any:
    """Reads a pickle by torch's restricted unpickler, with an inert type for each name that it does not know."""
    try:
        stand_ins = {name: _make_inert(name) for name in _list_globals(path, kind)}
        while True:
            try:
                return _load(path, stand_ins)
            except pickle.UnpicklingError as problem:
                if not _adapt(stand_ins, str(problem)):
                    raise
    except pickle.UnpicklingError as problem:
        raise _build_refusal(path, problem) from problem
    except MemoryError:
        raise
    except Exception as problem:  # a broken pickle fails in any way
        raise build_damage_error(path, problem) from problem


def _load(path: Path, stand_ins: Mapping[str, type]) -> Any:
    known = torch.serialization.safe_globals([(kind, name) for name, kind in stand_ins.items()])
    with path.open("rb") as file, warnings.catch_warnings(), known:  # torch would look at the ending of a path
        warnings.simplefilter("ignore")
        return torch.load(file, map_location="cpu", weights_only=True)


def _adapt(stand_ins: dict[str, type], problem: str) -> bool:
    """Replaces the inert type that torch refuses by one that can be filled; returns whether there was one."""
    for name, kind in stand_ins.items():
        if repr(kind) in problem and _Inert in kind.__mro__ and not issubclass(kind, list):
            made = type(name, (_InertList,), {"kind": name})
            stand_ins[name] = made if "append" in problem else type(name, (), {"__new__": _make_dict})
            return True
    return False


def _build_refusal(path: Path, problem: Exception) -> InputError:
    if "Unsupported operand" in str(problem):
        return InputError(
            "Weights are a pickle of protocol 2, the one that torch.save takes by itself.",
            f"{path} is one of another protocol.",
            f"Where it was made: torch.save(state, FILE), with no pickle_protocol. {SAVE}",
        )
    reason = _find_reason(str(problem))
    fix = f"Do not open it. {SAVE}" if "is blocked" in reason else _advise_to_extract(path, "")
    return InputError(_TENSORS_ALONE, f"{path}: {reason}", fix)


def _find_reason(problem: str) -> str:
    """Finds torch's own reason in its message, without its advice to run the file's code."""
    if "persistent_load" in problem:
        return "it refers to the class of a model."
    lines = [line.strip() for line in problem.partition("Check the documentation")[0].splitlines()]
    return next((line for line in reversed(lines) if line), "no pickle")


def _list_globals(path: Path, kind: Format) -> set[str]:
    """Lists the names that a file's pickles would import, by reading their instructions without running them."""
    if kind is Format.TORCH_ZIP:
        with zipfile.ZipFile(path) as archive:
            record = next(name for name in archive.namelist() if name.rpartition("/")[2] == "data.pkl")
            with archive.open(record) as file:
                return _list_globals_of_pickle(file)
    names: set[str] = set()
    with path.open("rb") as file:
        for _ in range(_UNPICKLED):
            names |= _list_globals_of_pickle(file)
    return names


def _list_globals_of_pickle(file: BinaryIO | IO[bytes]) -> set[str]:
    """Lists the names as they are written and as Python 3 has them; torch knows some of the new names."""
    written = {str(argument) for code, argument, _ in pickletools.genops(file) if code.name == "GLOBAL"}
    pairs = [(module, name) for module, _, name in (entry.partition(" ") for entry in written)]
    renamed = [NAME_MAPPING.get((module, name), (IMPORT_MAPPING.get(module, module), name)) for module, name in pairs]
    return {f"{module}.{name}" for module, name in (*pairs, *renamed)}
