"""Imports of a person's own modules: from the folder of a model file, the root of its package, and `--model-path`.

They are found only while a model file runs, compiled from their text, and forgotten afterwards, so that two model files
whose neighbours have the same names never meet.
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

__all__ = ["Place", "code_digest", "place_of", "roots_holding", "searching"]

_SHARED = {*sys.stdlib_module_names, "torch", "torchvision", "timm", "numpy", "scipy", "PIL", "safetensors"}
_SHARED |= {"__main__", "precompute", "summit_dash"}
"""Never imported twice into one process, whatever a folder beside a model file is called."""
_UPWARDS = 4
"""Folders above a model file in which a package that it misses is looked for."""


class Place(NamedTuple):
    """Where a model file is among the modules.

    Attributes:
        module: its dotted name, as its package's other files import it; None: a file by itself.
        roots: folders whose modules it may import, before any installed ones.
        last_roots: likewise, after them.
    """

    module: str | None
    roots: tuple[Path, ...]
    last_roots: tuple[Path, ...] = ()


def place_of(path: Path, model_path: Sequence[Path], text: bytes) -> Place:
    """Finds the package of a model file, which is what it or its imports say, and its root.

    A file is a module of its package if it imports from there, or lies in a folder of `model_path`. Otherwise it runs
    by itself, as a script does.

    Args:
        path: of the file, absolute.
        model_path: further folders, absolute.
        text: of the file.
    """
    levels, names = _imports(text)
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
        return Place(None, _own((path.parent, root, *model_path)))
    module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return Place(module, _own((root, *model_path)), _own((path.parent,)))


def _own(roots: Sequence[Path]) -> tuple[Path, ...]:
    """Keeps each once, without the folders of installed libraries: those are found anyway, and stay."""
    installed = {Path(folder).resolve() for folder in sysconfig.get_paths().values()}
    return tuple(root for root in dict.fromkeys(roots) if root not in installed)


def _imports(text: bytes) -> tuple[int, set[str]]:
    """Reads the highest level of its relative imports, and the first parts of the absolute ones."""
    try:
        nodes = list(ast.walk(ast.parse(text)))
    except (SyntaxError, ValueError):
        return 0, set()
    relative = [node.level for node in nodes if isinstance(node, ast.ImportFrom)]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module and not node.level}
    return max(relative, default=0), {name.partition(".")[0] for name in names}


def roots_holding(name: str, path: Path) -> list[Path]:
    """Lists the folders above a model file, and here, that hold a module of this name."""
    first = name.partition(".")[0]
    above = [*path.parents[: _UPWARDS + 1], *(p / "src" for p in path.parents[:_UPWARDS]), Path.cwd()]
    return [p for p in dict.fromkeys(above) if (p / first).is_dir() or (p / f"{first}.py").is_file()]


# --- finding --------------------------------------------------------------------------------------------------------


class _FreshLoader(SourceFileLoader):
    """Compiles a module from its text: no cache that may be stale, none left behind."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


class _OwnFinder(MetaPathFinder):
    """Finds a model file's own modules, ahead of all others; a mere folder only where nothing else has its name."""

    def __init__(self, place: Place, path: Sequence[str]) -> None:
        self.found: dict[str, str] = {}
        self._roots, self._path = [str(root) for root in place.roots], path
        self._all = [*self._roots, *(str(root) for root in place.last_roots)]

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        first, _, rest = fullname.partition(".")
        if rest:
            spec = PathFinder.find_spec(fullname, path, target) if first in self.found else None
        else:
            spec = self._top(fullname)
        if spec is None:
            return None
        self.found[fullname] = spec.origin or ""
        if type(spec.loader) is SourceFileLoader:
            spec.loader = _FreshLoader(fullname, spec.loader.path)
        return spec

    def _top(self, name: str) -> ModuleSpec | None:
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
def searching(place: Place) -> Iterator[Mapping[str, str]]:
    """Makes a model file's own modules importable inside the block.

    Yields:
        The file of each of them, by the module's name; it grows as they are imported.
    """
    before = list(sys.path)
    finder = _OwnFinder(place, before)
    importlib.invalidate_caches()
    hidden = _hidden(place.roots)
    added = [[str(root) for root in roots] for roots in (place.roots, place.last_roots)]
    sys.path[:] = [*added[0], *before, *added[1]]
    sys.meta_path.insert(0, finder)
    try:
        yield finder.found
    finally:
        sys.meta_path.remove(finder)
        for entry in (*added[0], *added[1]):  # what else the file did to the path stays
            with contextlib.suppress(ValueError):
                sys.path.remove(entry)
        for name in finder.found:
            sys.modules.pop(name, None)
        sys.modules.update(hidden)


def _hidden(roots: Sequence[Path]) -> dict[str, ModuleType]:
    """Takes modules from elsewhere out of the way whose names a model file's own ones have."""
    loaded = {name.partition(".")[0] for name in sys.modules} - _SHARED
    own = {n for n in loaded if any((r / f"{n}.py").is_file() or (r / n / "__init__.py").is_file() for r in roots)}
    return {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] in own}


# --- hashes ---------------------------------------------------------------------------------------------------------


def code_digest(path: Path, own: Mapping[str, str]) -> str:
    """Hashes what a model file and its own modules say, whatever their comments, layout and place."""
    main = _said(path)
    others = {name: _said(Path(file)) for name, file in own.items() if file and Path(file) != path}
    if not others:
        return main
    return hashlib.sha256("\n".join([main, *(f"{n} {others[n]}" for n in sorted(others))]).encode()).hexdigest()


def _said(path: Path) -> str:
    data = path.read_bytes()
    with contextlib.suppress(SyntaxError, ValueError):
        data = ast.unparse(ast.parse(data)).encode()
    return hashlib.sha256(data).hexdigest()
