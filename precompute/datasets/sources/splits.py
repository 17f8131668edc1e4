"""Parts of a data set, such as `train` and `val`, which must not be taken for classes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from precompute.contract.errors import InputError
from precompute.datasets.sources.files import to_printable
from precompute.datasets.sources.left_out import is_left_out

__all__ = ["require_no_splits"]

_PARTS = ("val", "valid", "validation", "test", "testing", "eval", "evaluation", "dev", "holdout", "train", "training")
"""The names of parts, in the order of proposal: a part that a model was not trained on comes first."""
_SPLIT = re.compile(rf"({'|'.join(_PARTS)})([-_ ]?(set|data|images|split|\d+))?", re.IGNORECASE)


def require_no_splits(root: Path, folders: Sequence[Path]) -> None:
    """Requires that the folders are classes and not parts of a data set.

    The folders are parts if every one of them has the name of a part, or if two of them have it and hold folders of the
    same names. A single folder is a part only if it holds folders.

    Raises:
        InputError: the folders are parts; the message proposes one of them.
    """
    classes = {folder: _list_folders(folder) for folder in folders if _SPLIT.fullmatch(folder.name)}
    if len(classes) < len(folders) and not _has_shared_names(list(classes.values())):
        return
    with_classes = [folder for folder, names in classes.items() if names]
    if len(classes) < 2 and not with_classes:
        return
    names = ", ".join(to_printable(folder.name) for folder in classes)
    fix = "Sort the images of one part into class folders, or write a manifest .csv with path and class_name."
    if with_classes:
        best = min(with_classes, key=_compute_rank)
        fix = f"Name one of them: {to_printable(str(best))}"
    raise InputError(
        "An image folder has one subfolder per class.",
        f"{to_printable(str(root))} holds parts of a data set instead: {names}.",
        fix,
    )


def _list_folders(folder: Path) -> frozenset[str]:
    return frozenset(entry.name for entry in folder.iterdir() if entry.is_dir() and not is_left_out(entry.name))


def _has_shared_names(parts: Sequence[frozenset[str]]) -> bool:
    return any(one & other for i, one in enumerate(parts) for other in parts[:i])


def _compute_rank(folder: Path) -> int:
    match = _SPLIT.fullmatch(folder.name)
    assert match is not None
    return _PARTS.index(match[1].lower())
