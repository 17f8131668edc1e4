"""A model from a person's own Python file: `path/model.py:build`."""

from __future__ import annotations

import ast
import contextlib
import difflib
import hashlib
import sys
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from torch import Tensor, nn

from precompute.errors import InputError

__all__ = ["EXAMPLE", "BuiltModel", "build_from_file", "code_sha256"]

EXAMPLE = """\
A model file is plain Python with a function that takes nothing and returns an nn.Module:
    def build():
        return MyNetwork()
Name both: path/model.py:build
"""


class BuiltModel(NamedTuple):
    """A module as its file built it, and a short name for it."""

    module: nn.Module
    name: str


def build_from_file(source: str) -> BuiltModel:
    """Runs `FILE.py:NAME` and calls NAME without arguments.

    The file may import its neighbours. Its own module goes by a name that nothing else has, so two files
    called model.py can be open at once.

    Args:
        source: e.g. `nets/model.py:build`.

    Raises:
        InputError: no file, no such callable, an error in the file or the call, or a result that is no nn.Module.
    """
    path, callable_name = _parts(source)
    if not path.is_file():
        raise InputError("A model file exists.", f"{path} does not.", f"Check the path. {EXAMPLE}")
    with _importable(path.resolve().parent):
        namespace = _executed(path.resolve())
        maker = _named(namespace, path, callable_name)
        module = maker if isinstance(maker, nn.Module) else _called(maker, path, callable_name)
    if not isinstance(module, nn.Module):
        raise InputError(
            "The callable of a model file returns an nn.Module.",
            f"{callable_name}() of {path} returned {_described(module)}.",
            _remedy(module, callable_name),
        )
    generic = type(module).__module__.startswith("torch.")
    return BuiltModel(module, callable_name if generic else type(module).__name__)


def code_sha256(source: str) -> str:
    """Hash of what a model file says, whatever its comments and layout; files that it imports are not in it."""
    path, _ = _parts(source)
    return hashlib.sha256(ast.unparse(ast.parse(path.read_bytes())).encode()).hexdigest()


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


def _executed(path: Path) -> ModuleType:
    """The file as a module, compiled from its text: no cache that may be stale, none left behind."""
    module = ModuleType(f"_summit_dash_model_{hashlib.sha256(str(path).encode()).hexdigest()[:12]}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # dataclasses look their module up while it runs
    try:
        exec(compile(path.read_bytes(), str(path), "exec"), module.__dict__)
    except (Exception, SystemExit) as problem:
        del sys.modules[module.__name__]
        raise _failed(f"{path} runs", path, problem) from problem
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


def _called(maker: Any, path: Path, name: str) -> Any:
    try:
        return maker()
    except (Exception, SystemExit) as problem:
        raise _failed(f"{name}() of {path} can be called without arguments", path, problem) from problem


def _failed(rule: str, path: Path, problem: BaseException) -> InputError:
    """Names the error and the line of the file that it came from."""
    if isinstance(problem, SyntaxError) and problem.filename == str(path.resolve()):
        line: int | None = problem.lineno
    else:
        frames = [f.lineno for f in traceback.extract_tb(problem.__traceback__) if f.filename == str(path.resolve())]
        line = frames[-1] if frames else None
    reason = problem.msg if isinstance(problem, SyntaxError) else str(problem)
    where = f" (line {line})" if line else ""
    return InputError(
        f"A model file works: {rule}.", f"{type(problem).__name__}: {reason}{where}.", "Correct the file. " + EXAMPLE
    )


@contextlib.contextmanager
def _importable(folder: Path) -> Iterator[None]:
    """Lets a model file import its neighbours; afterwards their names are free for another file's neighbours."""
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        with contextlib.suppress(ValueError):
            sys.path.remove(str(folder))
        for name in set(sys.modules) - before:
            origin = getattr(sys.modules[name], "__file__", None)
            if origin and Path(origin).is_relative_to(folder) and not name.startswith("_summit_dash_model_"):
                del sys.modules[name]
