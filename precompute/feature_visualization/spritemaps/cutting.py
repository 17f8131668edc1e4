"""Cutting of a sheet into the pictures of a layer's channels, encoded as a run stores them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, NamedTuple

from PIL import Image

from precompute.contract.errors import InputError
from precompute.contract.pictures import encode_crop
from precompute.examples.config import ExampleConfig
from precompute.feature_visualization.spritemaps.geometry import Grid, Strip, find_grid
from precompute.feature_visualization.spritemaps.sheets import (
    Pixels,
    Sheet,
    cut,
    cut_grid,
    encode_picture,
    is_empty,
    read_sheet,
)
from precompute.feature_visualization.spritemaps.sources import ImportRequest, Source
from precompute.feature_visualization.storage.picture_store import PictureKey

__all__ = ["CutSheet", "cut_source"]


@dataclass(frozen=True)
class CutSheet:
    """The pictures of one file.

    Attributes:
        source: the file.
        layout: layout in words, for a person.
        settings: the file's name in the column `settings`, and its facts in the manifest under that name.
        pictures: WebP of every picture that is not empty.
        examples: WebP of the best examples of each channel, best first.
        n_empty: number of cells of one colour, or empty by the description.
        n_least: number of examples in the lower row, which a run does not store.
    """

    source: Source
    layout: str
    settings: tuple[str, Mapping[str, Any]]
    pictures: Mapping[PictureKey, bytes]
    examples: Mapping[int, list[bytes]]
    n_empty: int
    n_least: int


class _Found(NamedTuple):
    pictures: dict[PictureKey, Pixels]
    examples: dict[int, list[Pixels]]
    n_cells: int
    n_least: int
    layout: str
    facts: dict[str, Any]


def cut_source(source: Source, request: ImportRequest, n_channels: int, pool: Executor) -> CutSheet:
    """Reads and cuts a file, and encodes its pictures.

    Raises:
        InputError: the file is no image, or cannot be divided in this way; the message names the file.
    """
    sheet = read_sheet(source.path)
    try:
        found = _cut(sheet, source, request, n_channels)
    except InputError as problem:
        where = f"{source.path} as {source.layer}: "
        raise InputError(problem.rule, where + problem.found[:1].lower() + problem.found[1:], problem.fix) from problem
    encoded = pool.map(lambda picture: encode_picture(picture, sheet.is_lossless), found.pictures.values())
    facts = {
        "imported_from": source.path.name,
        "sha256": sheet.sha256,
        "layer": source.layer,
        **found.facts,
        "lossless": sheet.is_lossless,
    }
    return CutSheet(
        source,
        found.layout,
        (_hash_facts(facts), facts),
        dict(zip(found.pictures, encoded, strict=True)),
        {channel: list(pool.map(_encode_example, some)) for channel, some in found.examples.items()},
        found.n_cells - len(found.pictures),
        found.n_least,
    )


def _hash_facts(facts: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


def _encode_example(pixels: Pixels) -> bytes:
    return encode_crop(Image.fromarray(pixels), ExampleConfig())


def _cut(sheet: Sheet, source: Source, request: ImportRequest, n_channels: int) -> _Found:
    strip = request.strip
    if strip is not None and source.described is None:
        return _cut_strip(sheet, source, strip, n_channels)
    return _cut_cells(sheet, source, request, n_channels)


# --- grid -----------------------------------------------------------------------------------------------------------


def _cut_cells(sheet: Sheet, source: Source, request: ImportRequest, n_channels: int) -> _Found:
    described = source.described
    if described is None:
        grid, kind, empty = find_grid(sheet.size, n_channels, request.cell, request.columns), request.kind, None
    else:
        grid, kind, empty = described.grid, described.kind, described.empty
        _require_size(sheet, grid)
    cells = cut_grid(sheet, grid, n_channels, empty)
    pictures = {PictureKey(source.layer, channel, kind): picture for channel, picture in cells}
    facts = {"layout": "grid", "cell": grid.cell, "columns": grid.columns}
    layout = f"{grid.columns} x {grid.rows} cells of {grid.cell} px"
    return _Found(pictures, {}, n_channels, 0, layout, facts)


def _require_size(sheet: Sheet, grid: Grid) -> None:
    if sheet.size != grid.size:
        raise InputError(
            f"A described sheet has {grid.columns} x {grid.rows} cells of {grid.cell} px.",
            f"It has {sheet.size[0]} x {sheet.size[1]} px, not {grid.size[0]} x {grid.size[1]}.",
            "Export it again, or name it as LAYER=FILE and it is divided anew.",
        )


# --- strip ----------------------------------------------------------------------------------------------------------


def _cut_strip(sheet: Sheet, source: Source, strip: Strip, n_channels: int) -> _Found:
    n_examples, n_rows = _require_strip(sheet, strip)
    if source.first + n_rows > n_channels:
        raise InputError(
            f"{source.layer} has the channels 0 to {n_channels - 1}.",
            f"A strip of {n_rows} rows from channel {source.first} on ends at {source.first + n_rows - 1}.",
            "Name the layer that it shows, and call the file after it and its first channel: mixed3a-00010.jpg.",
        )
    pictures = {
        PictureKey(source.layer, source.first + row, kind): picture
        for row in range(n_rows)
        for column, kind in enumerate(strip.kinds)
        if not is_empty(picture := cut(sheet.pixels, strip.locate_picture(row, column)), sheet.is_lossless)
    }
    rows = {source.first + row: row for row in range(n_rows)}
    examples = {channel: _cut_examples(sheet, strip, (row, 0), n_examples) for channel, row in rows.items()}
    n_least = sum(len(_cut_examples(sheet, strip, (row, 1), n_examples)) for row in rows.values())
    facts = {"layout": "summit", "cell": strip.cell, "first_channel": source.first, "kinds": list(strip.kinds)}
    layout = f"{n_rows} rows of {len(strip.kinds)} pictures of {strip.cell} px from channel {source.first} on"
    n_cells = n_rows * len(strip.kinds)
    return _Found(pictures, examples, n_cells, n_least, layout, facts)


def _require_strip(sheet: Sheet, strip: Strip) -> tuple[int, int]:
    """Returns the number of examples in a line, and of channels.

    Raises:
        InputError: the sheet is no such strip.
    """
    width, height = sheet.size
    n_examples = strip.count_examples(width)
    if n_examples is None or height % strip.cell:
        raise InputError(
            f"A strip has rows of {strip.cell} px: {len(strip.kinds)} pictures, then examples every {strip.step} px.",
            f"{width} x {height} px are no such strip.",
            "Say what it has with --cell PX and --kind KIND,KIND, or take --layout grid.",
        )
    return n_examples, height // strip.cell


def _cut_examples(sheet: Sheet, strip: Strip, row_and_line: tuple[int, int], n_examples: int) -> list[Pixels]:
    """Cuts the examples of a row and line, up to the last one that is not of one colour: a photograph may be, too."""
    row, line = row_and_line
    found = [cut(sheet.pixels, strip.locate_example(row, rank, line)) for rank in range(n_examples)]
    while found and is_empty(found[-1], sheet.is_lossless):
        found.pop()
    return found
