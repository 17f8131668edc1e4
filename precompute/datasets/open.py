"""Opens labelled images by their name on the command line: `demo`, a folder, or a manifest."""

from __future__ import annotations

import difflib
from pathlib import Path

from precompute.datasets.folder import open_folder
from precompute.datasets.manifest import open_manifest
from precompute.datasets.source import ImageSource
from precompute.errors import InputError

__all__ = ["open_images"]

_RULE = "Images are a folder with one subfolder per class, a manifest .csv, or demo."


def open_images(spec: str, limit_per_class: int | None = None) -> ImageSource:
    """Opens an image source; reads names, decodes nothing.

    Args:
        spec: `demo`, a folder with one subfolder per class, or a manifest .csv.
        limit_per_class: take the first so many images of each class; None takes all. `demo` draws just so many, and
            its usual number for None.

    Raises:
        InputError: there is no such source, or it is not as it should be.
    """
    if limit_per_class is not None and limit_per_class < 1:
        raise InputError("A limit of images per class is at least 1.", f"Found {limit_per_class}.", "Raise it.")
    if spec == "demo":
        return _demo(limit_per_class)
    try:
        return _open_path(spec, Path(spec).expanduser(), limit_per_class)
    except OSError as problem:
        raise InputError(_RULE, f"{problem.filename}: {problem.strerror}.", "Make it readable.") from problem


def _open_path(spec: str, path: Path, limit_per_class: int | None) -> ImageSource:
    if spec and path.is_dir():
        return open_folder(path, limit_per_class)
    if not spec or not path.exists():
        raise InputError(_RULE, f"{spec or 'An empty name'} does not exist.", _nearest(path))
    if path.suffix.lower() != ".csv":
        raise InputError(_RULE, f"{spec} is a file of another kind.", "Name a folder or a .csv file.")
    return open_manifest(path, limit_per_class)


def _demo(limit_per_class: int | None) -> ImageSource:
    from precompute.demo.images import DemoImages

    if limit_per_class is None:
        return DemoImages()
    try:
        return DemoImages(images_per_class=limit_per_class)
    except ValueError as problem:
        raise InputError("The demo draws so many images of each class.", f"{problem}.", "Lower the limit.") from problem


def _nearest(path: Path) -> str:
    """Names what exists and is spelt most alike."""
    if not path.parent.is_dir():
        return f"Check the path: {path.parent} does not exist either."
    names = [p.name for p in path.parent.iterdir() if not p.name.startswith(".")]
    nearest = difflib.get_close_matches(path.name, names, n=1)
    return f"Did you mean {path.parent / nearest[0]}?" if nearest else "Check the path."
