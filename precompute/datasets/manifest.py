"""A manifest: a .csv with one row per image."""

from __future__ import annotations

import csv
import difflib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from precompute.datasets.files import FileImages, LabelledFile
from precompute.datasets.source import LabelledClass
from precompute.errors import InputError

__all__ = ["COLUMNS", "REQUIRED", "open_manifest"]

REQUIRED = ("path", "class_name")
COLUMNS = (*REQUIRED, "class_id", "synset", "group")
_RULE = (
    "A manifest is a .csv with a header row, the columns path and class_name, optionally class_id, synset and group."
)


@dataclass(frozen=True)
class _Row:
    """One image; `class_id` is None where the manifest has no such column."""

    line: int
    path: str
    class_name: str
    class_id: int | None
    synset: str | None
    group: str | None


def open_manifest(path: Path, limit_per_class: int | None = None) -> FileImages:
    """Reads a manifest. Its paths are relative to its folder; without `class_id`, class names in order are numbered.

    `class_id` states the model's output index. Two classes may share a name (ImageNet has two cranes) if their ids
    differ. Single missing files are left to the pass over the images, which counts them.

    Raises:
        InputError: a column is missing, a value is impossible, rows contradict each other, or no file exists.
    """
    rows = list(_rows(path))
    if not rows:
        raise InputError(_RULE, f"{path} has no rows.", "List at least one image.")
    _require_unique_paths(path, rows)
    has_ids = rows[0].class_id is not None
    numbers = {name: i for i, name in enumerate(sorted({row.class_name for row in rows}))}
    first: dict[int, _Row] = {}
    files = []
    for row in rows:
        class_id = numbers[row.class_name] if row.class_id is None else row.class_id
        _require_same_class(path, class_id, first.setdefault(class_id, row), row)
        files.append(LabelledFile(class_id, row.path))
    if not any((path.parent / file.relative).is_file() for file in files):
        raise InputError(
            "The paths of a manifest are relative to its folder.",
            f"None of the {len(files):,} files of {path} exists, such as {path.parent / rows[0].path}.",
            "Move the manifest to the folder that the paths start from, or correct the paths.",
        )
    classes = [LabelledClass(i, row.class_name, row.synset, row.group) for i, row in first.items()]
    return FileImages.of(path.parent, classes, files, True if has_ids else None, limit_per_class)


# --- rows -----------------------------------------------------------------------------------------------------------


def _rows(path: Path) -> Iterator[_Row]:
    try:
        # surrogateescape: a path may have any bytes that the file system accepts.
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = [cell.strip() for cell in next(reader, [])]
            _require_columns(path, header)
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield _row(path, reader.line_num, header, cells)
    except csv.Error as problem:
        raise InputError(
            _RULE, f"{path}, line {reader.line_num}: {problem}.", "Save it as comma-separated UTF-8 text."
        ) from problem


def _require_columns(path: Path, header: list[str]) -> None:
    if any("\x00" in cell for cell in header):
        raise InputError(_RULE, f"{path} is UTF-16 or no text.", "Save it as comma-separated UTF-8 text.")
    for name in REQUIRED:
        if name not in header:
            nearest = difflib.get_close_matches(name, header, n=1)
            shown = ", ".join(header) if any(header) else "nothing"
            raise InputError(
                _RULE,
                f"{path} has no column {name}; its first line has {_readable(shown)}.",
                f"Rename {_readable(nearest[0])} to {name}." if nearest else "Add it; cells are separated by commas.",
            )
    for name in COLUMNS:
        if header.count(name) > 1:
            raise InputError(_RULE, f"{path} has the column {name} twice.", "Remove one.")


def _row(path: Path, line: int, header: list[str], cells: list[str]) -> _Row:
    if len(cells) != len(header):
        raise _impossible(path, line, f"has {len(cells)} cells, the header {len(header)}")
    values = dict(zip(header, cells, strict=True))
    for name in REQUIRED:
        if not values[name].strip():
            raise _impossible(path, line, f"has no {name}")
    for name in ("class_name", "synset", "group"):
        if values.get(name, "") != _readable(values.get(name, "")):
            raise _impossible(path, line, f"has a {name} that is no UTF-8", "Save the manifest as UTF-8.")
    return _Row(
        line=line,
        path=values["path"],
        class_name=values["class_name"].strip(),
        class_id=_class_id(path, line, values["class_id"]) if "class_id" in values else None,
        synset=values.get("synset", "").strip() or None,
        group=values.get("group", "").strip() or None,
    )


def _class_id(path: Path, line: int, text: str) -> int:
    try:
        class_id = int(text)
    except ValueError:
        class_id = -1
    if not 0 <= class_id < 2**31:
        raise _impossible(path, line, f"has class_id {_readable(text)!r}, which is no whole number from 0")
    return class_id


def _require_unique_paths(path: Path, rows: list[_Row]) -> None:
    lines: dict[str, int] = {}
    for row in rows:
        before = lines.setdefault(os.path.normpath(row.path), row.line)
        if before != row.line:
            raise InputError(
                "A manifest lists every image once.",
                f"{path} has {_readable(row.path)} in lines {before} and {row.line}.",
                "Remove one of the two.",
            )


def _require_same_class(path: Path, class_id: int, first: _Row, row: _Row) -> None:
    for name in ("class_name", "synset", "group"):
        one, other = getattr(first, name), getattr(row, name)
        if one != other:
            label = f"class_id {class_id}" if row.class_id is not None else f"the class {row.class_name}"
            raise InputError(
                "In a manifest, one class has one name, one synset and one group.",
                f"{path} gives {label} the {name} {one} in line {first.line} and {other} in line {row.line}.",
                "Make them agree.",
            )


def _impossible(path: Path, line: int, found: str, fix: str = "Correct or remove the line.") -> InputError:
    return InputError(_RULE, f"{path}, line {line}, {found}.", fix)


def _readable(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
