"""Reads files of weights without making or running anything but tensors, and finds the state dicts in them."""

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
from precompute.models.weights.weights_file import SAVE, Format, WeightsFile, damaged, format_of

__all__ = ["Candidate", "Checkpoint", "read_checkpoint"]

_TENSORS_ALONE = "Weights are tensors alone; a file that would run code when opened is refused."
_DEPTH = 3
"""Dicts within dicts that are looked through."""
_OF_TRAINING = re.compile("optim|sched|scaler|moment|exp_avg|^grad")
"""Keys of what a training goes on with: an optimizer's averages have the names and shapes of the weights."""
_AT_MOST = 5
_NUMPY = ("numpy.core.multiarray", "numpy._core.multiarray", "numpy.ndarray", "numpy.dtype")
_UNPICKLED = 5
"""Pickles in a row in an old file of torch.save: number, version, machine, the object, the names of its storages."""


@dataclass(frozen=True)
class Candidate:
    """A dict with tensors in it.

    Attributes:
        name: the keys that lead to it, such as `state_dict`; empty for the file's own.
        state: its tensors by name.
        others: the types of its entries that are no tensors.
    """

    name: str
    state: Mapping[str, Tensor]
    others: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Checkpoint:
    """What a file holds of weights.

    Attributes:
        source: names the file in messages.
        candidates: at least one, in the order of the file.
        key: the name of the candidate that a person asks for; None: whichever fits.
    """

    source: str
    candidates: tuple[Candidate, ...]
    key: str | None = None

    @classmethod
    def of_state(cls, state: Mapping[str, Tensor], source: str) -> Checkpoint:
        """Makes one of a state dict that is there already."""
        return cls(source, (Candidate("", state),))


def read_checkpoint(file: WeightsFile) -> Checkpoint:
    """Reads a file of torch.save or safetensors, whatever its name.

    Objects of other types than tensors and plain values are neither imported nor made: their places are held by
    something inert, so hyper-parameters and the states of a training framework do not stand in the way.

    Raises:
        InputError: the file is missing, of another kind, damaged, or holds no state dict.
    """
    kind = format_of(file.path)
    content = _read_safetensors(file.path) if kind is Format.SAFETENSORS else _read_pickle(file.path, kind)
    candidates = tuple(_candidates(content))
    if not candidates:
        raise _no_state_dict(file.path, content)
    return Checkpoint(str(file.path), candidates, file.key)


def _read_safetensors(path: Path) -> Any:
    try:
        return load_file(path)
    except (SafetensorError, OSError) as problem:
        raise damaged(path, problem) from problem


def _candidates(content: Any, name: str = "", depth: int = 0) -> Iterator[Candidate]:
    if not isinstance(content, dict) or depth > _DEPTH:
        return
    named = {key: value for key, value in content.items() if isinstance(key, str)}
    tensors = {key: value for key, value in named.items() if isinstance(value, Tensor)}
    if tensors:
        yield Candidate(name, tensors, {key: _type_name(v) for key, v in named.items() if key not in tensors})
    for key, value in named.items():
        if _OF_TRAINING.search(key.lower()):
            continue
        yield from _candidates(value, f"{name}.{key}" if name else key, depth + 1)


def _no_state_dict(path: Path, content: Any) -> InputError:
    rule, fix = "Weights are a state dict: tensors by name.", SAVE
    if isinstance(content, _Inert):
        found = f"{path} is a pickle of {_type_name(content)} (a whole model, say)."
        return InputError(_TENSORS_ALONE, found, _take_out(path, ".state_dict()"))
    if not isinstance(content, dict):
        return InputError(rule, f"{path} holds a {type(content).__name__}.", fix)
    if not content:
        return InputError(rule, f"{path} holds nothing.", fix)
    entries = [f"{key} ({_type_name(value)})" for key, value in content.items()]
    objects = [key for key, value in content.items() if isinstance(value, _Inert)]
    if any("numpy" in entry for entry in entries):
        fix = "Where they are, make tensors of them: {name: torch.as_tensor(a) for name, a in arrays.items()}. " + SAVE
    elif objects:
        fix = _take_out(path, f"[{objects[0]!r}].state_dict()")
    more = f" and {len(entries) - _AT_MOST:,} more" if len(entries) > _AT_MOST else ""
    return InputError(rule, f"{path} holds {', '.join(entries[:_AT_MOST])}{more}, which are no tensors.", fix)


def _take_out(path: Path, what: str) -> str:
    """Says what to do with a file that only its own code can open."""
    return f"Where it is trusted and its code is: state = torch.load({path.name!r}, weights_only=False){what}. {SAVE}"


def _type_name(value: Any) -> str:
    if not isinstance(value, _Inert):
        return type(value).__name__
    return "array or number of numpy" if value.kind.startswith(_NUMPY) else value.kind


# --- pickles --------------------------------------------------------------------------------------------------------


class _Inert:
    """Holds the place of an object in a checkpoint whose type torch does not read; it keeps nothing of it."""

    kind = ""

    def __new__(cls, *_: Any) -> _Inert:
        return super().__new__(cls)

    def __setstate__(self, _: Any) -> None: ...


class _InertList(list[Any], _Inert):
    def __new__(cls, *_: Any) -> _InertList:
        return list.__new__(cls)

    def __init__(self, *_: Any) -> None:
        super().__init__()


def _plain_dict(_: type, *__: Any) -> OrderedDict[str, Any]:
    return OrderedDict()


def _inert(name: str) -> type:
    return type(name, (_Inert,), {"kind": name})


def _read_pickle(path: Path, kind: Format) -> Any:
    """Reads it by torch's own restricted unpickler, to which each name that it does not know is an inert type."""
    try:
        stand_ins = {name: _inert(name) for name in _global_names(path, kind)}
        while True:
            try:
                return _load(path, stand_ins)
            except pickle.UnpicklingError as problem:
                if not _adapted(stand_ins, str(problem)):
                    raise
    except pickle.UnpicklingError as problem:
        raise _refused(path, problem) from problem
    except MemoryError:
        raise
    except Exception as problem:  # a broken pickle fails in any way
        raise damaged(path, problem) from problem


def _load(path: Path, stand_ins: Mapping[str, type]) -> Any:
    known = torch.serialization.safe_globals([(kind, name) for name, kind in stand_ins.items()])
    with path.open("rb") as file, warnings.catch_warnings(), known:  # by its path, torch would heed its name
        warnings.simplefilter("ignore")
        return torch.load(file, map_location="cpu", weights_only=True)


def _adapted(stand_ins: dict[str, type], problem: str) -> bool:
    """Replaces the inert type that torch complains of by one that can be filled; says whether there was one."""
    for name, kind in stand_ins.items():
        if repr(kind) in problem and _Inert in kind.__mro__ and not issubclass(kind, list):
            made = type(name, (_InertList,), {"kind": name})
            stand_ins[name] = made if "append" in problem else type(name, (), {"__new__": _plain_dict})
            return True
    return False


def _refused(path: Path, problem: Exception) -> InputError:
    if "Unsupported operand" in str(problem):
        return InputError(
            "Weights are a pickle of protocol 2, the one that torch.save takes by itself.",
            f"{path} is one of another protocol.",
            f"Where it was made: torch.save(state, FILE), with no pickle_protocol. {SAVE}",
        )
    reason = _reason(str(problem))
    fix = f"Do not open it. {SAVE}" if "is blocked" in reason else _take_out(path, "")
    return InputError(_TENSORS_ALONE, f"{path}: {reason}", fix)


def _reason(problem: str) -> str:
    """Takes torch's own words, without its advice to run the file's code."""
    if "persistent_load" in problem:
        return "it refers to the class of a model."
    lines = [line.strip() for line in problem.partition("Check the documentation")[0].splitlines()]
    return next((line for line in reversed(lines) if line), "no pickle")


def _global_names(path: Path, kind: Format) -> set[str]:
    """Collects the names that a file's pickles would import, found by reading their instructions and following none."""
    if kind is Format.TORCH_ZIP:
        with zipfile.ZipFile(path) as archive:
            record = next(name for name in archive.namelist() if name.rpartition("/")[2] == "data.pkl")
            with archive.open(record) as file:
                return _globals_in(file)
    names: set[str] = set()
    with path.open("rb") as file:
        for _ in range(_UNPICKLED):
            names |= _globals_in(file)
    return names


def _globals_in(file: BinaryIO | IO[bytes]) -> set[str]:
    """Collects the names as they are written and as Python 3 has them; torch knows some of the new names."""
    written = {str(argument) for code, argument, _ in pickletools.genops(file) if code.name == "GLOBAL"}
    pairs = [(module, name) for module, _, name in (entry.partition(" ") for entry in written)]
    renamed = [NAME_MAPPING.get((module, name), (IMPORT_MAPPING.get(module, module), name)) for module, name in pairs]
    return {f"{module}.{name}" for module, name in (*pairs, *renamed)}
