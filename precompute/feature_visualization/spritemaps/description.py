"""The file `spritemaps.json` beside exported sheets, by which they can be imported again exactly."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from precompute.contract.errors import InputError
from precompute.feature_visualization.spritemaps.geometry import Grid, build_square_grid

__all__ = ["DESCRIPTION", "DescribedSheet", "read_description", "to_json"]

DESCRIPTION = "spritemaps.json"
_FORMAT, _VERSION = "summit-dash spritemaps", 1


@dataclass(frozen=True)
class DescribedSheet:
    """One sheet: its file's name, layer and kind of picture, its grid, and the channels whose cells are empty."""

    file: str
    layer: str
    kind: str
    grid: Grid
    n_channels: int
    empty: tuple[int, ...]

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> DescribedSheet:
        """Reads an entry of the file.

        Raises:
            KeyError, TypeError, ValueError: it is no such entry.
        """
        cell, columns, n_channels = (int(entry[name]) for name in ("cell", "columns", "n_channels"))
        if min(cell, columns, n_channels) < 1 or Path(str(entry["file"])).name != entry["file"]:
            raise ValueError(f"{entry['file']!r} is no file of this folder with cells, columns and channels")
        empty = tuple(int(channel) for channel in entry["empty"])
        grid = build_square_grid(n_channels, cell, columns)
        return cls(str(entry["file"]), str(entry["layer"]), str(entry["kind"]), grid, n_channels, empty)

    def to_json(self) -> dict[str, Any]:
        """Returns the entry of the file."""
        return {
            "file": self.file,
            "layer": self.layer,
            "kind": self.kind,
            "cell": self.grid.cell,
            "columns": self.grid.columns,
            "n_channels": self.n_channels,
            "empty": list(self.empty),
        }


def to_json(model: str, sheets: Sequence[DescribedSheet]) -> str:
    """Returns the text of the file, a line per sheet."""
    head = json.dumps({"format": _FORMAT, "version": _VERSION, "model": model}, ensure_ascii=False)
    lines = ",\n".join(json.dumps(sheet.to_json(), ensure_ascii=False) for sheet in sheets)
    return f'{head[:-1]}, "sheets": [\n{lines}\n]}}\n'


def read_description(folder: Path) -> list[DescribedSheet]:
    """Reads the description of a folder's sheets.

    Raises:
        InputError: the file is damaged, or of a later version.
    """
    path = folder / DESCRIPTION
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if (found["format"], found["version"]) != (_FORMAT, _VERSION):
            raise ValueError(f"format and version are {found['format']!r} and {found['version']!r}")
        return [DescribedSheet.from_json(entry) for entry in found["sheets"]]
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise InputError(
            f"{DESCRIPTION} is what `summit-dash spritemaps export` writes, version {_VERSION}.",
            f"{path}: {problem}.",
            "Export again, or name the sheets one by one: LAYER=FILE.",
        ) from problem
