"""A folder with one subfolder per class."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from precompute.datasets.files import IMAGE_SUFFIXES, FileImages, LabelledFile, printable
from precompute.datasets.source import LabelledClass
from precompute.errors import InputError

__all__ = ["open_folder"]

_LAYOUT = "An image folder has one subfolder per class, with images in it: IMAGES/cat/1.jpg, IMAGES/dog/1.jpg."


def open_folder(root: Path, limit_per_class: int | None = None) -> FileImages:
    """Reads the names under a folder of class folders; classes are numbered in the order of their names.

    Hidden files and files that are no images by their names are passed over; images may lie in deeper folders.

    Raises:
        InputError: there are no class folders, or one of them holds no image.
    """
    folders = sorted((f for f in root.iterdir() if f.is_dir() and not f.name.startswith(".")), key=lambda f: f.name)
    if not folders:
        raise _no_classes(root)
    classes, files = [], []
    for class_id, folder in enumerate(folders):
        found = [LabelledFile(class_id, str(path.relative_to(root))) for path in _images_below(folder)]
        if not found:
            raise _empty_class(folder, len(folders))
        classes.append(LabelledClass(class_id, printable(folder.name)))
        files += found
    return FileImages.of(root, classes, files, limit_per_class=limit_per_class)


def _images_below(folder: Path) -> Iterator[Path]:
    """Paths of the image files at any depth; links are followed, but no folder is entered twice."""
    seen: set[str] = set()
    for parent, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(parent)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            path = Path(parent, name)
            if not name.startswith(".") and path.suffix.lower() in IMAGE_SUFFIXES:
                yield path


def _no_classes(root: Path) -> InputError:
    images = sum(1 for f in root.iterdir() if f.suffix.lower() in IMAGE_SUFFIXES)
    manifests = _manifests(root)
    found = f"{root} has no subfolders" + (f", but {images:,} images of its own." if images else ".")
    fix = "Sort the images into class folders, or write a manifest .csv with the columns path and class_name."
    return InputError(_LAYOUT, found, f"Did you mean {root / manifests[0]}?" if manifests else fix)


def _manifests(folder: Path) -> list[str]:
    return sorted(f.name for f in folder.iterdir() if f.suffix.lower() in (".csv", ".parquet"))


def _empty_class(folder: Path, n_classes: int) -> InputError:
    others = sorted({Path(name).suffix or name for _, _, names in os.walk(folder) for name in names})
    kinds = f" It holds {', '.join(others[:5])}; known are {', '.join(sorted(IMAGE_SUFFIXES))}." if others else ""
    siblings = _manifests(folder.parent)
    shards = f" To read its shards, name '{folder}/*.tar'." if ".tar" in others else ""
    manifest = f" If {folder.parent} is described by {siblings[0]}, name that file." if siblings else ""
    return InputError(
        _LAYOUT,
        f"The class folder {folder} (one of {n_classes:,}) holds no image.{kinds}",
        f"Add images to it or remove it.{manifest}{shards}",
    )
