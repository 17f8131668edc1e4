"""The sheets that a person names for import: files, their layers and their first channels."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from precompute.contract.errors import InputError
from precompute.feature_visualization.spritemaps.description import DESCRIPTION, DescribedSheet, read_description
from precompute.feature_visualization.spritemaps.geometry import SUMMIT, Strip
from precompute.feature_visualization.spritemaps.layers import expand_kinds, require_layers

__all__ = ["LAYOUTS", "ImportRequest", "Source", "find_sources"]

LAYOUTS = ("grid", "summit")
_ENDINGS = {".png", ".webp", ".jpg", ".jpeg"}


@dataclass(frozen=True)
class ImportRequest:
    """The import that a person asks for.

    Attributes:
        run: the run's directory.
        sheets: `LAYER=FILE`, folders with `spritemaps.json`, or folders of strips.
        layout: one of `LAYOUTS`; None: `grid`, or that of a folder's `spritemaps.json`.
        cell: side of a picture in pixels; None: found in a grid, 147 in a strip.
        columns: number of columns of a grid; None: found.
        kinds: kind of a grid's pictures (None: `channel`), or kinds of a strip's from the left (None: Summit's).
        overwrite: true to replace pictures that were drawn for the run.
    """

    run: Path
    sheets: tuple[str, ...]
    layout: str | None = None
    cell: int | None = None
    columns: int | None = None
    kinds: tuple[str, ...] | None = None
    overwrite: bool = False

    @property
    def strip(self) -> Strip | None:
        """The layout of strips; None for grids.

        Raises:
            InputError: a kind is unknown.
        """
        if self.layout != "summit":
            return None
        kinds = SUMMIT.kinds if self.kinds is None else expand_kinds(self.kinds, "--kind")
        return replace(SUMMIT, cell=self.cell or SUMMIT.cell, kinds=kinds)

    @property
    def kind(self) -> str:
        """The kind of a grid's pictures.

        Raises:
            InputError: the kind is unknown, or there are several.
        """
        kinds = expand_kinds(self.kinds if self.kinds is not None else ("channel",), "--kind")
        if len(kinds) > 1:
            raise InputError(
                "A grid shows one kind of picture.", f"Found {', '.join(kinds)}.", "Name one, and a file for each."
            )
        return kinds[0]


@dataclass(frozen=True)
class Source:
    """A file that shows a layer from channel `first` on, or as `described`."""

    path: Path
    layer: str
    first: int = 0
    described: DescribedSheet | None = None


def find_sources(request: ImportRequest, layers: Mapping[str, int]) -> tuple[list[Source], list[str]]:
    """Finds the sheets that are named, and the names of files in folders that are no sheets.

    Raises:
        InputError: an option or a name means nothing, the run does not have a layer, or a folder has no sheets.
    """
    _require_sound(request)
    sources: list[Source] = []
    strangers: list[str] = []
    for name in request.sheets:
        if "=" not in name or Path(name).is_dir():
            found, others = _find_in_folder(Path(name), request, layers)
            sources += found
            strangers += others
        else:
            layer, _, file = name.partition("=")
            require_layers([layer], layers, f"Name the layer that {file} shows: LAYER=FILE.")
            sources.append(_build_named_source(Path(file), layer, request))
    return sources, strangers


def _require_sound(request: ImportRequest) -> None:
    if request.layout not in (None, *LAYOUTS):
        found = f"Found {request.layout}."
        raise InputError(f"A layout is one of {', '.join(LAYOUTS)}.", found, "Correct --layout.")
    for option, value in (("--cell", request.cell), ("--columns", request.columns)):
        if value is not None and value < 1:
            raise InputError(f"{option} is at least 1.", f"Found {value}.", f"Leave {option} out and it is found.")
    if request.strip is None:
        _ = request.kind  # raises for unknown kinds
    elif request.columns is not None:
        raise InputError("A strip has one channel in each row.", "Found --columns.", "Leave it out.")


def _build_named_source(path: Path, layer: str, request: ImportRequest) -> Source:
    return Source(path, layer, (_parse_first_channel(path.name, layer) or 0) if request.layout == "summit" else 0)


def _parse_first_channel(name: str, layer: str) -> int | None:
    """Parses the first channel from a name of Distill's such as `mixed3a-00010--mixed3a-00019.jpg`; None: no number."""
    match = re.match(rf"{re.escape(quote(layer, safe=''))}[-_](\d{{1,7}})(?!\d)", name)
    return int(match[1]) if match else None


def _find_in_folder(folder: Path, request: ImportRequest, layers: Mapping[str, int]) -> tuple[list[Source], list[str]]:
    if not folder.is_dir():
        raise InputError(
            "A sheet is named as LAYER=FILE, or by the folder that it is in.",
            f"{folder} is neither.",
            "Put the layer before the file: mixed4d=sheet.png.",
        )
    if (folder / DESCRIPTION).is_file():
        return list(_read_described(folder, request, layers)), []
    if request.layout != "summit":
        raise InputError(
            f"A folder of sheets has {DESCRIPTION}, or holds strips and --layout summit is given.",
            f"{folder} has none.",
            "Name its sheets one by one: LAYER=FILE.",
        )
    found, strangers = [], []
    for path in sorted(path for path in folder.iterdir() if not path.name.startswith(".")):
        source = _find_strip(path, layers)
        if source is None:
            strangers.append(path.name)
        else:
            found.append(source)
    if not found:
        raise InputError(
            "A strip in a folder is called after its layer and first channel: mixed3a-00010.jpg.",
            f"{folder} has no such file for the layers {', '.join(layers)}.",
            "Name its sheets one by one: LAYER=FILE.",
        )
    return found, strangers


def _find_strip(path: Path, layers: Mapping[str, int]) -> Source | None:
    if path.suffix.lower() not in _ENDINGS or not path.is_file():
        return None
    firsts = ((layer, _parse_first_channel(path.name, layer)) for layer in sorted(layers, key=len, reverse=True))
    return next((Source(path, layer, first) for layer, first in firsts if first is not None), None)


def _read_described(folder: Path, request: ImportRequest, layers: Mapping[str, int]) -> Iterator[Source]:
    if (request.layout, request.cell, request.columns, request.kinds) != (None, None, None, None):
        raise InputError(
            f"{DESCRIPTION} says how its sheets are divided and what they show.",
            f"{folder} has one, and --layout, --cell, --columns or --kind is given too.",
            "Leave the options out, or name the sheets one by one: LAYER=FILE.",
        )
    for sheet in read_description(folder):
        require_layers([sheet.layer], layers, "Import into a run of the same model.")
        expand_kinds([sheet.kind], f"the kind in {folder / DESCRIPTION}")
        if layers[sheet.layer] != sheet.n_channels:
            raise InputError(
                "Sheets are imported into a run of the same model.",
                f"{folder / DESCRIPTION} tells {sheet.n_channels:,} channels of {sheet.layer}, "
                f"the run has {layers[sheet.layer]:,}.",
                "Name another run.",
            )
        yield Source(folder / sheet.file, sheet.layer, described=sheet)
