"""The rows of a manifest, read from a .csv or a .parquet."""

from __future__ import annotations

import csv
import difflib
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from precompute.contract.errors import InputError
from precompute.datasets.labels.classes import Label, parse_whole_number

__all__ = ["COLUMNS", "REQUIRED", "RULE", "ManifestRow", "read_csv_rows", "read_parquet_rows"]

REQUIRED = ("path", "class_name")
COLUMNS = (*REQUIRED, "class_id", "synset", "group")
RULE = (
    "A manifest is a .csv with a header row, or a .parquet: the columns path and class_name, optionally class_id, "
    "synset and group."
)


@dataclass(frozen=True, slots=True)
class ManifestRow:
    """One image: its path as written, and its label."""

    path: str
    label: Label


def read_csv_rows(path: Path) -> Iterator[ManifestRow]:
    """Yields the rows of a .csv of comma-separated UTF-8.

    Raises:
        InputError: a column is missing or there twice; a line is impossible.
    """
    try:
        # surrogateescape: a path may have any bytes that the file system accepts.
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            lines = _LastLine(file)
            reader = csv.reader(lines, strict=True)
            header = [cell.strip() for cell in next(reader, [])]
            _require_text(path, header)
            _require_columns(path, header, "its first line", "Add it; cells are separated by commas.")
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    place = f"line {reader.line_num}"
                    yield _read_csv_row(path, place, header, _remove_stray_blanks(cells, lines.last, len(header)))
    except csv.Error as problem:
        raise InputError(
            RULE, f"{path}, line {reader.line_num}: {problem}.", "Save it as comma-separated UTF-8 text."
        ) from problem


def read_parquet_rows(path: Path) -> Iterator[ManifestRow]:
    """Yields the rows of a .parquet, whose columns hold text, and class_id whole numbers.

    Raises:
        InputError: it is no Parquet file; a column is missing or of another type; a row is impossible.
    """
    try:
        with pq.ParquetFile(path) as file:
            _require_columns(path, file.schema_arrow.names, "it", "Add it.")
            names = [name for name in COLUMNS if name in file.schema_arrow.names]
            for name in names:
                _require_type(path, file.schema_arrow.field(name))
            number = 0
            for batch in file.iter_batches(columns=names):
                for values in batch.to_pylist():
                    number += 1
                    yield _build_row(path, f"row {number}", values)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as problem:
        reason = (str(problem).splitlines() or [type(problem).__name__])[0].rstrip(".")
        raise InputError(RULE, f"{path}: {reason}.", "Write the file again.") from problem


def _require_text(path: Path, header: Sequence[str]) -> None:
    if any("\x00" in cell for cell in header):
        raise InputError(RULE, f"{path} is UTF-16 or no text.", "Save it as comma-separated UTF-8 text.")


def _require_columns(path: Path, header: Sequence[str], place: str, fix: str) -> None:
    for name in REQUIRED:
        if name not in header:
            nearest = difflib.get_close_matches(name, header, n=1)
            shown = ", ".join(header) if any(header) else "nothing"
            raise InputError(
                RULE,
                f"{path} has no column {name}; {place} has {_to_readable(shown)}.",
                f"Rename {_to_readable(nearest[0])} to {name}." if nearest else fix,
            )
    for name in COLUMNS:
        if header.count(name) > 1:
            raise InputError(RULE, f"{path} has the column {name} twice.", "Remove one.")


def _require_type(path: Path, field: pa.Field) -> None:
    kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    if pa.types.is_null(kind):
        return
    if field.name == "class_id":
        fits, wanted = pa.types.is_integer(kind), "whole numbers"
    else:
        fits = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
        wanted = "text"
    if not fits:
        raise InputError(RULE, f"The column {field.name} of {path} is {field.type}.", f"Write {wanted} into it.")


class _LastLine:
    """The lines of a file; `last` is the line that was read last."""

    def __init__(self, file: Iterable[str]) -> None:
        self._file = iter(file)
        self.last = ""

    def __iter__(self) -> Iterator[str]:
        for line in self._file:
            self.last = line
            yield line


def _remove_stray_blanks(cells: list[str], line: str, length: int) -> list[str]:
    """Returns the cells of a line without a blank before a quotation mark, and without empty cells at the end."""
    if any(cell[:1].isspace() and cell.lstrip().startswith('"') for cell in cells):
        cells = next(csv.reader([line], strict=True, skipinitialspace=True))
    return cells[:length] if not any(cell.strip() for cell in cells[length:]) else cells


def _read_csv_row(path: Path, place: str, header: Sequence[str], cells: Sequence[str]) -> ManifestRow:
    if len(cells) != len(header):
        raise _build_row_error(path, place, f"has {len(cells)} cells, the header {len(header)}")
    return _build_row(path, place, dict(zip(header, cells, strict=True)))


def _build_row(path: Path, place: str, values: Mapping[str, Any]) -> ManifestRow:
    """Builds a row from its cells: text, None, or a number in `class_id` of a .parquet."""
    for name in REQUIRED:
        if not (values[name] or "").strip():
            raise _build_row_error(path, place, f"has no {name}")
    for name in ("class_name", "synset", "group"):
        text = values.get(name) or ""
        if text != _to_readable(text):
            raise _build_row_error(path, place, f"has a {name} that is no UTF-8", "Save the manifest as UTF-8.")
    label = Label(
        place=place,
        class_name=sys.intern(values["class_name"].strip()),  # one text for all the images of a class
        class_id=_parse_class_id(path, place, values["class_id"]) if "class_id" in values else None,
        synset=sys.intern((values.get("synset") or "").strip()) or None,
        group=sys.intern((values.get("group") or "").strip()) or None,
    )
    return ManifestRow(values["path"], label)


def _parse_class_id(path: Path, place: str, value: object) -> int:
    class_id = parse_whole_number(value)
    if class_id is None:
        shown = repr(_to_readable(value)) if isinstance(value, str) else "null" if value is None else value
        raise _build_row_error(path, place, f"has class_id {shown}, which is no whole number from 0")
    return class_id


def _build_row_error(path: Path, place: str, found: str, fix: str = "Correct or remove it.") -> InputError:
    return InputError(RULE, f"{path}, {place}, {found}.", fix)


def _to_readable(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
