"""The kinds of image sources, found by scanning this package: a new kind is one new module with a `SOURCE`."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import precompute.datasets.sources as package
from precompute.contract.folder_modules import import_modules
from precompute.datasets.sources.kind import ImageSourceKind, OpenRequest

__all__ = ["find_kind", "list_file_forms", "list_kinds", "state_rule"]


@functools.cache
def list_kinds() -> tuple[ImageSourceKind, ...]:
    """Returns every kind of image source, sorted by rank.

    Raises:
        ValueError: two kinds have the same key or the same rank.
    """
    kinds = [module.SOURCE for module in import_modules(package) if hasattr(module, "SOURCE")]
    for name in ("key", "rank"):
        values = [getattr(kind, name) for kind in kinds]
        if len(set(values)) < len(values):
            raise ValueError(f"two kinds of image sources have the same {name}: found {sorted(values)}")
    return tuple(sorted(kinds, key=lambda kind: kind.rank))


def find_kind(request: OpenRequest) -> ImageSourceKind | None:
    """Returns the kind that recognises a request, the most special first; None if no kind does."""
    return next((kind for kind in reversed(list_kinds()) if kind.recognises(request)), None)


def state_rule() -> str:
    """States the kinds of image sources, for a message."""
    return f"Images are {_join([kind.usage for kind in list_kinds()], ', or ')}."


def list_file_forms() -> str:
    """Lists the forms of files and folders that hold images, for a message."""
    return _join([form for kind in list_kinds() for form in kind.file_forms], " or ")


def _join(phrases: Sequence[str], last: str) -> str:
    return last.join([", ".join(phrases[:-1]), phrases[-1]])
