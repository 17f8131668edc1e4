"""Imports of a person's own modules: from the folder of a model file, the root of its package, and `--model-path`.

They can be imported only while a model file runs, are compiled from their text, and are removed from `sys.modules`
afterwards. So two model files whose neighbours have the same names never meet.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import importlib
import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import NamedTuple

__all__ = ["ModuleLocation", "find_roots", "hash_code_files", "locate", "make_importable"]

_SHARED = {*sys.stdlib_module_names, "torch", "torchvision", "timm", "numpy", "scipy", "PIL", "safetensors"}
_SHARED |= {"__main__", "precompute", "summit_dash"}
"""Modules that are never imported twice into one process, even where a folder beside a model file has their name."""
_UPWARDS = 4
"""Number of folders above a model file in which a missing package is looked for."""


class ModuleLocation(NamedTuple):
    """The name of a model file as a module, and the folders that it imports from.

    Attributes:
        module: the dotted name by which other files of its package import it; None for a file without a package.
        roots: folders whose modules it may import, before any installed ones.
        last_roots: folders whose modules it may import, after the installed ones.
    """

    module: str | None
    roots: tuple[Path, ...]
    last_roots: tuple[Path, ...] = ()


def locate(path: Path, model_path: Sequence[Path], text: bytes) -> ModuleLocation:
    """Finds the package of a model file and the package's root, from its folders and its imports.

    A file is a module of its package if it imports from there, or lies in a folder of `model_path`. Otherwise it runs
    by itself, as a script does.

    Args:
        path: of the file, absolute.
        model_path: further folders, absolute.
        text: of the file.
    """
    levels, names = _read_imports(text)
    root, depth = path.parent, 0
    while (root / "__init__.py").is_file() and root != root.parent:
        root, depth = root.parent, depth + 1
    if depth < levels and len(path.parents) > levels:  # packages need no __init__.py
        root, depth = path.parents[levels], levels
    held = next((folder for folder in model_path if path.parent != folder and path.is_relative_to(folder)), None)
    if held is not None and len(path.parent.relative_to(held).parts) >= levels:
        root, depth = held, len(path.parent.relative_to(held).parts)
    parts = path.relative_to(root).with_suffix("").parts
    is_module = depth > 0 and (levels > 0 or held is not None or parts[0] in names)
    if not is_module or any("." in part for part in parts):
        return ModuleLocation(None, _drop_installed((path.parent, root, *model_path)))
    module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return ModuleLocation(module, _drop_installed((root, *model_path)), _drop_installed((path.parent,)))


def _drop_installed(roots: Sequence[Path]) -> tuple[Path, ...]:
    """Returns each folder once, without those of installed libraries, which are on the path anyway."""
    installed = {Path(folder).resolve() for folder in sysconfig.get_paths().values()}
    return tuple(root for root in dict.fromkeys(roots) if root not in installed)


def _read_imports(text: bytes) -> tuple[int, set[str]]:
    """Reads the highest level of the relative imports of a text, and the first parts of the absolute ones."""
    try:
        nodes = list(ast.walk(ast.parse(text)))
    except (SyntaxError, ValueError):
        return 0, set()
    relative = [node.level for node in nodes if isinstance(node, ast.ImportFrom)]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module and not node.level}
    return max(relative, default=0), {name.partition(".")[0] for name in names}


def find_roots(name: str, path: Path) -> list[Path]:
    """Lists the folders that hold a module of this name: those above a model file, and the current one."""
    first = name.partition(".")[0]
    above = [*path.parents[: _UPWARDS + 1], *(p / "src" for p in path.parents[:_UPWARDS]), Path.cwd()]
    return [p for p in dict.fromkeys(above) if (p / first).is_dir() or (p / f"{first}.py").is_file()]


# --- finding --------------------------------------------------------------------------------------------------------


class _FreshLoader(SourceFileLoader):
    """A loader that compiles a module from its text, neither reading nor writing a cache."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


class _OwnFinder(MetaPathFinder):
    """A finder of a model file's own modules, ahead of all others.

    A folder without `__init__.py` is found only where no installed module has its name.
    """

    def __init__(self, location: ModuleLocation, path: Sequence[str]) -> None:
        self.found: dict[str, str] = {}
        self._roots, self._path = [str(root) for root in location.roots], path
        self._all = [*self._roots, *(str(root) for root in location.last_roots)]

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        first, _, rest = fullname.partition(".")
        if rest:
            spec = PathFinder.find_spec(fullname, path, target) if first in self.found else None
        else:
            spec = self._find_top(fullname)
        if spec is None:
            return None
        self.found[fullname] = spec.origin or ""
        if type(spec.loader) is SourceFileLoader:
            spec.loader = _FreshLoader(fullname, spec.loader.path)
        return spec

    def _find_top(self, name: str) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, self._roots)
        if spec is not None and spec.origin is not None:
            return spec
        return None if self._is_elsewhere(name) else PathFinder.find_spec(name, self._all)

    def _is_elsewhere(self, name: str) -> bool:
        others = [finder for finder in sys.meta_path if finder not in (self, PathFinder)]
        if any(finder.find_spec(name, None) is not None for finder in others):
            return True
        return PathFinder.find_spec(name, self._path) is not None


@contextlib.contextmanager
def make_importable(location: ModuleLocation) -> Iterator[Mapping[str, str]]:
    """Makes a model file's own modules importable inside the block.

    Yields:
        The file of each imported module by the module's name; the mapping grows as modules are imported.
    """
    before = list(sys.path)
    finder = _OwnFinder(location, before)
    importlib.invalidate_caches()
    hidden = _hide_namesakes(location.roots)
    added = [[str(root) for root in roots] for roots in (location.roots, location.last_roots)]
    sys.path[:] = [*added[0], *before, *added[1]]
    sys.meta_path.insert(0, finder)
    try:
        yield finder.found
    finally:
        sys.meta_path.remove(finder)
        for entry in (*added[0], *added[1]):  # other changes of the path by the file stay
            with contextlib.suppress(ValueError):
                sys.path.remove(entry)
        for name in finder.found:
            sys.modules.pop(name, None)
        sys.modules.update(hidden)


def _hide_namesakes(roots: Sequence[Path]) -> dict[str, ModuleType]:
    """Removes imported modules from `sys.modules` that have the names of a model file's own, and returns them."""
    loaded = {name.partition(".")[0] for name in sys.modules} - _SHARED
    own = {n for n in loaded if any((r / f"{n}.py").is_file() or (r / n / "__init__.py").is_file() for r in roots)}
    return {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] in own}


# --- hashes ---------------------------------------------------------------------------------------------------------


def hash_code_files(path: Path, own: Mapping[str, str]) -> str:
    """Hashes the code of a model file and of its own modules; comments, layout and folders do not count.

    Args:
        path: of the model file.
        own: the file of each module of its own, by the module's name.

    Returns:
        SHA-256 as hexadecimal digits.
    """
    main = _hash_syntax(path)
    others = {name: _hash_syntax(Path(file)) for name, file in own.items() if file and Path(file) != path}
    if not others:
        return main
    return hashlib.sha256("\n".join([main, *(f"{n} {others[n]}" for n in sorted(others))]).encode()).hexdigest()


def _hash_syntax(path: Path) -> str:
    data = path.read_bytes()
    with contextlib.suppress(SyntaxError, ValueError):
        data = ast.unparse(ast.parse(data)).encode()
    return hashlib.sha256(data).hexdigest()
