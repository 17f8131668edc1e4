"""The source `FILE.py:CALLABLE`: a model from a person's own Python file, such as `path/model.py:build`."""

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

import torch
from torch import Tensor, nn

from precompute.contract.errors import InputError
from precompute.models.sources.lazy_modules import has_lazy_modules, initialize_lazy_modules
from precompute.models.sources.loaded import (
    DEFAULT,
    RANDOM,
    LoadedModel,
    ModelConfig,
    choose_preprocess,
    get_input_size,
)
from precompute.models.sources.own_imports import ModuleLocation, find_roots, hash_code_files, locate, make_importable
from precompute.models.sources.preprocess import EXAMPLE_TOML
from precompute.models.sources.registry import MODEL_FILE, ModelSource
from precompute.models.weights.checkpoint import read_checkpoint
from precompute.models.weights.loading import hash_file, load_weights
from precompute.models.weights.weights_file import split_weights

__all__ = ["EXAMPLE", "SOURCE", "BuiltModel", "build_from_file", "hash_code", "load"]

EXAMPLE = """\
A model file is plain Python with a function that takes nothing and returns an nn.Module:
    def build():
        return MyNetwork()
Name both: path/model.py:build
"""


def load(config: ModelConfig) -> LoadedModel:
    """Builds the model that `config.source` names and loads weights into it where `config.weights` names a file.

    Raises:
        InputError: default weights are asked for, no preprocessing is given, the file or its callable fails, or the
            weights do not fit.
    """
    if config.weights == DEFAULT:
        raise InputError(
            "Default weights are those that torchvision and timm publish.",
            f"{config.source} is a model file.",
            "Give --weights FILE, or leave --weights out to take the model as its file builds it.",
        )
    preprocess = choose_preprocess(config)
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
            initialize_lazy_modules(built.module, get_input_size(preprocess))
    notes = load_weights(built.module, checkpoint) if checkpoint else ()
    name = f"{built.name} ({file.label if file else 'weights as built'})"
    return LoadedModel(
        built.module,
        name,
        config.source,
        hash_file(file.path) if file else None,
        preprocess,
        get_input_size(preprocess),
        notes=notes,
        code_sha256=built.code_sha256,
    )


class BuiltModel(NamedTuple):
    """A module as its file built it, a short name for it, and a hash of the code: the file and its own imports."""

    module: nn.Module
    name: str
    code_sha256: str


def build_from_file(source: str, model_path: Sequence[str] = ()) -> BuiltModel:
    """Runs `FILE.py:NAME` and calls NAME without arguments.

    The file may import its neighbours and, relatively or by name, the modules of its package. Afterwards these modules
    are removed from `sys.modules`, so two files called model.py do not meet. The file itself stays there under a name
    made of its path.

    Args:
        source: e.g. `nets/model.py:build`.
        model_path: further folders to import from.

    Raises:
        InputError: there is no file or no such callable, the file or the call raises an error, or the result is no
            nn.Module.
    """
    path, callable_name = _split_source(source)
    if not path.is_file():
        raise InputError("A model file exists.", f"{path} does not.", f"Check the path. {EXAMPLE}")
    whole = path.resolve()
    location = locate(whole, _resolve_folders(model_path), whole.read_bytes())
    with make_importable(location) as own:
        namespace = _execute(whole, location, own)
        maker = _find_callable(namespace, path, callable_name)
        module = maker if isinstance(maker, nn.Module) else _call(maker, path, callable_name, own)
    if not isinstance(module, nn.Module):
        raise InputError(
            "The callable of a model file returns an nn.Module.",
            f"{callable_name}() of {path} returned {_describe(module)}.",
            _advise_on_result(module, callable_name),
        )
    generic = type(module).__module__.startswith("torch.")
    return BuiltModel(module, callable_name if generic else type(module).__name__, hash_code_files(whole, own))


def hash_code(source: str) -> str:
    """Hashes the code of a model file without what it imports, as runs of earlier versions hold it.

    Returns:
        SHA-256 as hexadecimal digits.
    """
    return hash_code_files(_split_source(source)[0], {})


def _resolve_folders(model_path: Sequence[str]) -> tuple[Path, ...]:
    folders = tuple(Path(folder).resolve() for folder in model_path)
    absent = [folder for folder in folders if not folder.is_dir()]
    if absent:
        raise InputError("--model-path names a folder to import from.", f"{absent[0]} is none.", "Check the path.")
    return folders


def _split_source(source: str) -> tuple[Path, str]:
    path, _, callable_name = source.rpartition(":")
    return (Path(path), callable_name) if path.endswith(".py") else (Path(source), "")


def _describe(result: Any) -> str:
    if isinstance(result, type):
        return f"the class {result.__name__} itself"
    if isinstance(result, Mapping) and result and all(isinstance(value, Tensor) for value in result.values()):
        return f"a state dict of {len(result):,} tensors"
    return type(result).__name__


def _advise_on_result(result: Any, name: str) -> str:
    if isinstance(result, type) and issubclass(result, nn.Module):
        return f"Return an instance: {result.__name__}() instead of {result.__name__}."
    if isinstance(result, Mapping):
        return f"Build the module in {name}(), and load the tensors into it: module.load_state_dict(...). {EXAMPLE}"
    return EXAMPLE


def _execute(path: Path, location: ModuleLocation, own: Mapping[str, str]) -> ModuleType:
    """Runs the file as a module of its package, or else by itself, compiled from its text."""
    module = ModuleType(f"_summit_dash_model_{hashlib.sha256(str(path).encode()).hexdigest()[:12]}")
    module.__file__ = str(path)
    try:
        if location.module is not None:
            return importlib.import_module(location.module)
        sys.modules[module.__name__] = module  # dataclasses look their module up while it runs
        exec(compile(path.read_bytes(), str(path), "exec"), module.__dict__)
    except (Exception, SystemExit) as problem:
        sys.modules.pop(module.__name__, None)
        raise _build_error(f"{path} runs", path, problem, own) from problem
    return module


def _find_callable(namespace: ModuleType, path: Path, name: str) -> Any:
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


def _call(maker: Any, path: Path, name: str, own: Mapping[str, str]) -> Any:
    try:
        return maker()
    except (Exception, SystemExit) as problem:
        raise _build_error(f"{name}() of {path} can be called without arguments", path, problem, own) from problem


def _build_error(rule: str, path: Path, problem: BaseException, own: Mapping[str, str]) -> InputError:
    """Builds the error of a model file that fails, with the line, in the file or in a module of its own."""
    files = {str(path.resolve()), *own.values()}
    lines = [(f.filename, f.lineno) for f in traceback.extract_tb(problem.__traceback__) if f.filename in files]
    if isinstance(problem, SyntaxError) and problem.filename in files:
        lines = [(problem.filename, problem.lineno)]
    reason = problem.msg if isinstance(problem, SyntaxError) else str(problem)
    where = ""
    if lines:
        file, line = lines[-1]
        where = f" (line {line})" if file == str(path.resolve()) else f" (line {line} of {file})"
    return InputError(
        f"A model file works: {rule}.", f"{type(problem).__name__}: {reason}{where}.", _advise_on_error(path, problem)
    )


def _advise_on_error(path: Path, problem: BaseException) -> str:
    if isinstance(problem, ModuleNotFoundError) and problem.name:
        folders = find_roots(problem.name, path.resolve())
        if folders:
            return f"Put the folder that holds {problem.name.partition('.')[0]} on the path: --model-path {folders[0]}"
        return f"Install it, or name the folder that holds it: --model-path FOLDER. {EXAMPLE}"
    if isinstance(problem, ImportError) and "relative import" in str(problem):
        return "Name the folder that holds the outermost package with --model-path FOLDER."
    return f"Correct the file. {EXAMPLE}"


SOURCE = ModelSource(MODEL_FILE, "FILE.py:CALLABLE", load, rank=90)
