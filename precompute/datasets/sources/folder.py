"""A folder with one subfolder per class, as a source of images."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from precompute.contract.errors import InputError
from precompute.contract.labelled import LabelledClass
from precompute.contract.wording import format_count
from precompute.datasets.images import ImageSource
from precompute.datasets.labels.classes import number_names
from precompute.datasets.sources.files import FileImages, LabelledFile, to_printable
from precompute.datasets.sources.kind import ImageSourceKind, OpenRequest
from precompute.datasets.sources.left_out import LeftOut, is_image, is_left_out
from precompute.datasets.sources.splits import require_no_splits

__all__ = ["SOURCE", "open_folder"]

_LAYOUT = "An image folder has one subfolder per class, with images in it: IMAGES/cat/1.jpg, IMAGES/dog/1.jpg."


def open_folder(root: Path, limit_per_class: int | None = None) -> FileImages:
    """Reads the names under a folder of class folders; `number_names` numbers the classes.

    Images may be in deeper folders. Hidden files, folders that systems make, and files that are no images by their
    names are left out and counted.

    Raises:
        InputError: there are no class folders; they are parts of a data set; one of them holds no image.
    """
    left_out = LeftOut()
    folders = sorted(_iterate_class_folders(root, left_out), key=lambda f: f.name)
    if not folders:
        raise _build_no_classes_error(root)
    require_no_splits(root, folders)
    numbers = number_names([folder.name for folder in folders])
    classes, files = [], []
    for folder in folders:
        class_id = numbers[folder.name]
        found = [LabelledFile(class_id, str(path.relative_to(root))) for path in _iterate_images(folder, left_out)]
        if not found:
            raise _build_empty_class_error(folder, len(folders))
        classes.append(LabelledClass(class_id, to_printable(folder.name)))
        files += found
    notes = (*left_out.notes, *_note_single_class(root, folders))
    return replace(FileImages.from_files(root, classes, files, limit_per_class=limit_per_class), notes=notes)


def _iterate_class_folders(root: Path, left_out: LeftOut) -> Iterator[Path]:
    for entry in root.iterdir():
        if not entry.is_dir():
            left_out.add_file(entry.name, outside=True)
        elif is_left_out(entry.name):
            left_out.add_folder(entry)
        else:
            yield entry


def _iterate_images(folder: Path, left_out: LeftOut) -> Iterator[Path]:
    """Yields the paths of the image files at any depth; links are followed, but no folder is entered twice."""
    seen: set[str] = set()
    for parent, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(parent)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        for name in filter(is_left_out, folders):
            left_out.add_folder(Path(parent, name))
        folders[:] = sorted(name for name in folders if not is_left_out(name))
        for name in names:
            if is_image(name) and not is_left_out(name):
                yield Path(parent, name)
            else:
                left_out.add_file(name)


def _note_single_class(root: Path, folders: list[Path]) -> list[str]:
    """Notes that a single class with folders in it may be the folder that was meant, as after unpacking an archive."""
    below = sorted(f.name for f in folders[0].iterdir() if f.is_dir() and not is_left_out(f.name))
    if len(folders) > 1 or len(below) < 2:
        return []
    names = ", ".join(map(to_printable, below[:3])) + (", ..." if len(below) > 3 else "")
    one = to_printable(folders[0].name)
    return [f"All images are of one class, {one}. If {names} are the classes, name {to_printable(str(folders[0]))}."]


def _build_no_classes_error(root: Path) -> InputError:
    images = sum(1 for f in root.iterdir() if is_image(f.name))
    manifests = _list_manifests(root)
    found = f"{root} has no subfolders" + (f", but {format_count(images, 'images')} of its own." if images else ".")
    fix = "Sort the images into class folders, or write a manifest .csv with the columns path and class_name."
    return InputError(_LAYOUT, found, f"Did you mean {root / manifests[0]}?" if manifests else fix)


def _list_manifests(folder: Path) -> list[str]:
    return sorted(f.name for f in folder.iterdir() if f.suffix.lower() in (".csv", ".parquet"))


def _build_empty_class_error(folder: Path, n_classes: int) -> InputError:
    others = sorted({Path(name).suffix or name for _, _, names in os.walk(folder) for name in names})
    kinds = f" It holds {', '.join(others[:5])}, and Pillow reads no images from these here." if others else ""
    siblings = _list_manifests(folder.parent)
    shards = f" To read its shards, name '{folder}/*.tar'." if ".tar" in others else ""
    manifest = f" If {folder.parent} is described by {siblings[0]}, name that file." if siblings else ""
    return InputError(
        _LAYOUT,
        f"The class folder {folder} (one of {n_classes:,}) holds no image.{kinds}",
        f"Add images to it or remove it.{manifest}{shards}",
    )


def _open(request: OpenRequest) -> ImageSource:
    return open_folder(request.path, request.limit_per_class)


SOURCE = ImageSourceKind(
    key="folder",
    rank=10,
    usage="a folder with one subfolder per class",
    recognises=lambda request: request.path.is_dir(),
    open=_open,
    file_forms=("a folder",),
)
