"""A model from a person's own Python file: `path/model.py:build`."""

from __future__ import annotations

import difflib
import hashlib
import importlib
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from torch import Tensor, nn

from precompute.contract.errors import InputError
from precompute.models.sources.own_imports import Place, code_digest, place_of, roots_holding, searching

__all__ = ["EXAMPLE", "BuiltModel", "build_from_file", "code_sha256"]

EXAMPLE = """\
A model file is plain Python with a function that takes nothing and returns an nn.Module:
    def build():
        return MyNetwork()
Name both: path/model.py:build
"""


class BuiltModel(NamedTuple):
    """A module as its file built it, a short name for it, and a hash of the code: the file and its own imports."""

    module: nn.Module
    name: str
    code_sha256: str


def build_from_file(source: str, model_path: Sequence[str] = ()) -> BuiltModel:
    """Runs `FILE.py:NAME` and calls NAME without arguments.

    The file may import its neighbours and, relatively or by name, the modules of its package. These, and the file
    itself, are forgotten afterwards or go by names that nothing else has, so two files called model.py can be open at
    once.

    Args:
        source: e.g. `nets/model.py:build`.
        model_path: further folders to import from.

    Raises:
        InputError: no file, no such callable, an error in the file or the call, or a result that is no nn.Module.
    """
    path, callable_name = _parts(source)
    if not path.is_file():
        raise InputError("A model file exists.", f"{path} does not.", f"Check the path. {EXAMPLE}")
    whole = path.resolve()
    place = place_of(whole, _folders(model_path), whole.read_bytes())
    with searching(place) as own:
        namespace = _executed(whole, place, own)
        maker = _named(namespace, path, callable_name)
        module = maker if isinstance(maker, nn.Module) else _called(maker, path, callable_name, own)
    if not isinstance(module, nn.Module):
        raise InputError(
            "The callable of a model file returns an nn.Module.",
            f"{callable_name}() of {path} returned {_described(module)}.",
            _remedy(module, callable_name),
        )
    generic = type(module).__module__.startswith("torch.")
    return BuiltModel(module, callable_name if generic else type(module).__name__, code_digest(whole, own))


def code_sha256(source: str) -> str:
    """Hashes what a model file says, without what it imports: the one that runs of earlier versions hold."""
    return code_digest(_parts(source)[0], {})


def _folders(model_path: Sequence[str]) -> tuple[Path, ...]:
    folders = tuple(Path(folder).resolve() for folder in model_path)
    absent = [folder for folder in folders if not folder.is_dir()]
    if absent:
        raise InputError("--model-path names a folder to import from.", f"{absent[0]} is none.", "Check the path.")
    return folders


def _parts(source: str) -> tuple[Path, str]:
    path, _, callable_name = source.rpartition(":")
    return (Path(path), callable_name) if path.endswith(".py") else (Path(source), "")


def _described(result: Any) -> str:
    if isinstance(result, type):
        return f"the class {result.__name__} itself"
    if isinstance(result, Mapping) and result and all(isinstance(value, Tensor) for value in result.values()):
        return f"a state dict of {len(result):,} tensors"
    return type(result).__name__


def _remedy(result: Any, name: str) -> str:
    if isinstance(result, type) and issubclass(result, nn.Module):
        return f"Return an instance: {result.__name__}() instead of {result.__name__}."
    if isinstance(result, Mapping):
        return f"Build the module in {name}(), and load the tensors into it: module.load_state_dict(...). {EXAMPLE}"
    return EXAMPLE


def _executed(path: Path, place: Place, own: Mapping[str, str]) -> ModuleType:
    """Runs the file as a module of its package, or else by itself, compiled from its text."""
    module = ModuleType(f"_summit_dash_model_{hashlib.sha256(str(path).encode()).hexdigest()[:12]}")
    module.__file__ = str(path)
    try:
        if place.module is not None:
            return importlib.import_module(place.module)
        sys.modules[module.__name__] = module  # dataclasses look their module up while it runs
        exec(compile(path.read_bytes(), str(path), "exec"), module.__dict__)
    except (Exception, SystemExit) as problem:
        sys.modules.pop(module.__name__, None)
        raise _failed(f"{path} runs", path, problem, own) from problem
    return module


def _named(namespace: ModuleType, path: Path, name: str) -> Any:
    found = getattr(namespace, name, None) if name else None
    if callable(found):
        return found
    names = [
        key
        for key, value in vars(namespace).items()
        if not key.startswith("_") and callable(value) and getattr(value, "__module__", None) == namespace.__name__
    ]
    nearest = difflib.get_close_matches(name, names, n=1) or names[-1:]
    raise InputError(
        "A model file is named with its callable, FILE.py:CALLABLE.",
        f"{path} {f'has no callable {name}' if name else 'was named without one'}; "
        f"it has {', '.join(names) or 'none'}.",
        f"Use {path}:{nearest[0]}." if nearest else EXAMPLE,
    )


def _called(maker: Any, path: Path, name: str, own: Mapping[str, str]) -> Any:
    try:
        return maker()
    except (Exception, SystemExit) as problem:
        raise _failed(f"{name}() of {path} can be called without arguments", path, problem, own) from problem


def _failed(rule: str, path: Path, problem: BaseException, own: Mapping[str, str]) -> InputError:
    """Names the error and the line that it came from, in the file or in one of its own that it imports."""
    files = {str(path.resolve()), *own.values()}
    places = [(f.filename, f.lineno) for f in traceback.extract_tb(problem.__traceback__) if f.filename in files]
    if isinstance(problem, SyntaxError) and problem.filename in files:
        places = [(problem.filename, problem.lineno)]
    reason = problem.msg if isinstance(problem, SyntaxError) else str(problem)
    where = ""
    if places:
        file, line = places[-1]
        where = f" (line {line})" if file == str(path.resolve()) else f" (line {line} of {file})"
    return InputError(
        f"A model file works: {rule}.", f"{type(problem).__name__}: {reason}{where}.", _way_out(path, problem)
    )


def _way_out(path: Path, problem: BaseException) -> str:
    if isinstance(problem, ModuleNotFoundError) and problem.name:
        folders = roots_holding(problem.name, path.resolve())
        if folders:
            return f"Put the folder that holds {problem.name.partition('.')[0]} on the path: --model-path {folders[0]}"
        return f"Install it, or name the folder that holds it: --model-path FOLDER. {EXAMPLE}"
    if isinstance(problem, ImportError) and "relative import" in str(problem):
        return "Name the folder that holds the outermost package with --model-path FOLDER."
    return f"Correct the file. {EXAMPLE}"
