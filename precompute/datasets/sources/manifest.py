"""A manifest, a .csv or .parquet with one row per image, as a source of images."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from precompute.contract.errors import InputError
from precompute.datasets.images import ImageSource
from precompute.datasets.labels.classes import build_classes
from precompute.datasets.sources.files import FileImages, LabelledFile, to_printable
from precompute.datasets.sources.kind import ImageSourceKind, OpenRequest
from precompute.datasets.sources.manifest_rows import RULE, ManifestRow, read_csv_rows, read_parquet_rows

__all__ = ["SOURCE", "Folder", "open_manifest"]


def open_manifest(path: Path, limit_per_class: int | None = None, allow_outside: bool = False) -> FileImages:
    """Reads a manifest, whose paths are relative to its folder.

    `class_id` states the model's output index; without it, class names are numbered by `number_names`. A single missing
    file is accepted here: the pass over the images counts it.

    Args:
        path: a .csv or .parquet.
        limit_per_class: greatest number of images of each class; None takes all.
        allow_outside: accept paths that lead out of the manifest's folder.

    Raises:
        InputError: a column is missing; a value is impossible; rows contradict each other; a path leads out of the
            folder; no file exists.
    """
    rows = list((read_parquet_rows if path.suffix.lower() == ".parquet" else read_csv_rows)(path))
    if not rows:
        raise InputError(RULE, f"{path} has no rows.", "List at least one image.")
    folder = Folder.from_path(path.parent)
    relatives = [_resolve_path(path, folder, row, allow_outside) for row in rows]
    _require_unique_paths(path, rows, relatives)
    classes, ids = build_classes(str(path), [row.label for row in rows])
    files = [LabelledFile(class_id, relative) for class_id, relative in zip(ids, relatives, strict=True)]
    if not any((path.parent / file.relative).is_file() for file in files):
        example = to_printable(str(path.parent / rows[0].path))
        raise InputError(
            "The paths of a manifest are relative to its folder.",
            f"None of the {len(files):,} files of {path} exists, such as {example}.",
            "Move the manifest to the folder that the paths start from, or correct the paths.",
        )
    stated = True if rows[0].label.class_id is not None else None
    return FileImages.from_files(path.parent, classes, files, stated, limit_per_class)


@dataclass(frozen=True)
class Folder:
    """A folder with its two absolute names: as given, and with every link on the way to it resolved."""

    names: tuple[str, ...]

    @classmethod
    def from_path(cls, path: Path) -> Folder:
        """Builds the folder of a path, which may be relative."""
        return cls((os.path.abspath(path), os.path.realpath(path)))  # noqa: PTH100 (a Path would keep `..`)

    def make_relative(self, path: str) -> str | None:
        """Returns a path relative to the folder; None if it leads out of the folder.

        The path counts as written: `..` and absolute paths may lead out. A link inside the folder may point anywhere,
        because somebody put it there on purpose.
        """
        if path == os.path.normpath(path) and not _may_lead_out(path):
            return path  # most paths of a large manifest end here, which is much faster
        for name in self.names:
            relative = os.path.relpath(os.path.join(name, path), name)  # noqa: PTH118
            if relative != os.pardir and not relative.startswith(os.pardir + os.sep):
                return relative
        return None


def _may_lead_out(path: str) -> bool:
    """Checks if a normalised path is absolute or begins above its folder."""
    return os.path.isabs(path) or path.split(os.sep, 1)[0] == os.pardir  # noqa: PTH117


def _resolve_path(manifest: Path, folder: Folder, row: ManifestRow, allow_outside: bool) -> str:
    if "\x00" in row.path:
        raise InputError(RULE, f"{manifest}, {row.label.place}, has a path with a null character.", "Correct it.")
    path = _correct_path(manifest.parent, row.path)
    inside = folder.make_relative(path)
    if inside is None and not allow_outside:
        raise InputError(
            "The images of a manifest lie in its folder or below.",
            f"{manifest}, {row.label.place}, leads out of it: {to_printable(path)}.",
            "Move the manifest or the images, or allow it with --allow-outside.",
        )
    return os.path.normpath(path) if inside is None else inside


def _correct_path(folder: Path, path: str) -> str:
    """Returns the spelling that exists: as written, without blanks around it, or with slashes for backslashes."""
    trimmed = path.strip()
    if trimmed == path and "\\" not in path:
        return path  # most paths end here
    written = (path, trimmed, path.replace("\\", "/"), trimmed.replace("\\", "/"))
    return next((each for each in written if os.path.lexists(folder / each)), written[-1])


def _make_absolute(folder: str, relative: str) -> str:
    return os.path.normpath(os.path.join(folder, relative))  # noqa: PTH118


def _require_unique_paths(path: Path, rows: Sequence[ManifestRow], relatives: Sequence[str]) -> None:
    folder = os.path.abspath(path.parent)  # noqa: PTH100
    keys = [_make_absolute(folder, relative) if _may_lead_out(relative) else relative for relative in relatives]
    if len(set(keys)) == len(keys):
        return
    positions: dict[str, str] = {}
    for row, key in zip(rows, keys, strict=True):
        before = positions.setdefault(key, row.label.place)
        if before != row.label.place:
            raise InputError(
                "A manifest lists every image once.",
                f"{path} has {to_printable(row.path)} in {before} and {row.label.place}.",
                "Remove one of the two.",
            )


def _recognises(request: OpenRequest) -> bool:
    path = request.path
    return path.suffix.lower() in (".csv", ".parquet") and path.exists() and not path.is_dir()


def _open(request: OpenRequest) -> ImageSource:
    return open_manifest(request.path, request.limit_per_class, request.allow_outside)


SOURCE = ImageSourceKind(
    key="manifest",
    rank=20,
    usage="a manifest .csv or .parquet",
    recognises=_recognises,
    open=_open,
    file_forms=("a .csv", "a .parquet"),
)
