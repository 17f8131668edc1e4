"""Export of a run's pictures: one sheet per layer and kind of picture, and a description of the sheets."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import pyarrow.compute as pc
from PIL import Image, ImageOps

from precompute.contract.atomic import replace_files
from precompute.contract.errors import InputError
from precompute.contract.labelled import MID_GREY, UnreadableImage
from precompute.contract.progress import Progress
from precompute.contract.schema import read_table
from precompute.datasets.decode import decode
from precompute.feature_visualization.spritemaps.description import DESCRIPTION, DescribedSheet, to_json
from precompute.feature_visualization.spritemaps.geometry import Grid, build_square_grid
from precompute.feature_visualization.spritemaps.layers import expand_kinds, read_run, require_layers

__all__ = ["FORMATS", "ExportReport", "ExportRequest", "export_spritemaps"]


class _Format(NamedTuple):
    name: str
    options: Mapping[str, Any]
    longest: int | None = None  # side in pixels that a file may have


FORMATS: Mapping[str, _Format] = {
    "png": _Format("PNG", {}),
    "webp": _Format("WEBP", {"lossless": True, "quality": 50, "method": 2}, 16383),
    "jpg": _Format("JPEG", {"quality": 92, "subsampling": 0}, 65500),
}
"""The formats by file ending; all but jpg keep every pixel."""


@dataclass(frozen=True)
class ExportRequest:
    """The sheets that a person asks for.

    Attributes:
        run: the run's directory.
        out: folder of the sheets; made if absent.
        layers: names of layers of the run; None: all.
        kinds: some of `schema.VISUALIZATION_KINDS`, or `diversity` for its four.
        columns: number of columns; None: the root of the number of channels, rounded up.
        size: side of a cell in pixels; None: that of the layer's largest picture.
        format: one of `FORMATS`.
        overwrite: true to replace files that exist.
    """

    run: Path
    out: Path
    layers: tuple[str, ...] | None = None
    kinds: tuple[str, ...] = ("channel",)
    columns: int | None = None
    size: int | None = None
    format: str = "png"
    overwrite: bool = False


@dataclass(frozen=True)
class ExportReport:
    """The result of an export: the sheets, the number of resized pictures, and the layers without pictures."""

    sheets: tuple[DescribedSheet, ...]
    n_resized: int
    without: tuple[str, ...]


def export_spritemaps(request: ExportRequest, progress: Progress) -> ExportReport:
    """Writes one sheet per layer and kind that has a picture, and `spritemaps.json`.

    Raises:
        InputError: an option, layer or kind that means nothing, a damaged picture, a sheet that would be too large, or
            a folder that cannot be written; no file is then written.
    """
    manifest, layers = read_run(request.run)
    chosen = _choose(request, layers)
    sheets: list[DescribedSheet] = []
    n_resized = 0
    with (
        _replace_sheets(request.out) as name_temporary,
        progress.open_stage("Sheets", total=len(chosen), unit="sheets") as advance,
    ):
        for layer, kind in chosen:
            if pictures := _read_pictures(request.run, layer, kind):
                sheet, resized = _write_sheet(request, name_temporary, (layer, kind, layers[layer]), pictures)
                sheets.append(sheet)
                n_resized += resized
            advance(1)
        if not sheets:
            raise InputError(
                "A sheet shows the feature visualizations of a layer.",
                f"{request.run} has none of the kinds and layers that are asked for.",
                "Draw some with `summit-dash visualize`, or name others with --layers and --kinds.",
            )
        model = str(manifest.get("model", {}).get("name", ""))
        # The description is named last, so it appears when every sheet that it names is there.
        name_temporary(DESCRIPTION).write_text(to_json(model, sheets), encoding="utf-8")
    shown = {sheet.layer for sheet in sheets}
    without = dict.fromkeys(layer for layer, _ in chosen if layer not in shown)
    return ExportReport(tuple(sheets), n_resized, tuple(without))


def _choose(request: ExportRequest, layers: Mapping[str, int]) -> list[tuple[str, str]]:
    """Checks what is asked for, and returns layers and kinds in order."""
    if request.format not in FORMATS:
        known = ", ".join(FORMATS)
        raise InputError(f"--format is one of {known}.", f"Found {request.format}.", "Leave it out for png.")
    require_layers(request.layers or (), layers, "Correct --layers.")
    kinds = expand_kinds(request.kinds, "--kinds")
    named = [layer for layer in layers if request.layers is None or layer in request.layers]
    chosen = [(layer, kind) for layer in named for kind in kinds]
    _refuse_existing(request, [_name_file(layer, kind, request.format) for layer, kind in chosen])
    return chosen


def _name_file(layer: str, kind: str, ending: str) -> str:
    return f"{quote(layer, safe='')}-{kind}.{ending}"


def _read_pictures(run: Path, layer: str, kind: str) -> dict[int, bytes]:
    mine = (pc.field("layer") == layer) & (pc.field("kind") == kind)
    table = read_table(run, "feature_visualizations", ["channel", "image"], mine)
    return dict(zip(table["channel"].to_pylist(), table["image"].to_pylist(), strict=True))


def _write_sheet(
    request: ExportRequest,
    name_temporary: Callable[[str], Path],
    shown: tuple[str, str, int],
    pictures: Mapping[int, bytes],
) -> tuple[DescribedSheet, int]:
    layer, kind, n_channels = shown
    images = {channel: _decode(picture, f"{layer}-{channel}") for channel, picture in pictures.items()}
    cell = request.size or max(max(image.size) for image in images.values())
    grid = build_square_grid(n_channels, cell, request.columns)
    _require_room(layer, grid, request.format)
    file = _name_file(layer, kind, request.format)
    form = FORMATS[request.format]
    paint(grid, images).save(name_temporary(file), form.name, **form.options)
    empty = tuple(channel for channel in range(n_channels) if channel not in images)
    n_resized = sum(image.size != (cell, cell) for image in images.values())
    return DescribedSheet(file, layer, kind, grid, n_channels, empty), n_resized


def _decode(picture: bytes, name: str) -> Image.Image:
    try:
        return decode(picture)
    except UnreadableImage as problem:
        raise InputError(
            "A picture of a run is WebP.",
            f"That of {name} {problem}.",
            "`summit-dash validate` says what else is wrong; draw it again.",
        ) from problem


def paint(grid: Grid, images: Mapping[int, Image.Image]) -> Image.Image:
    """Paints the sheet: every picture in its channel's cell, padded and resized to it; mid grey elsewhere."""
    sheet = Image.new("RGB", grid.size, MID_GREY)
    square = (grid.cell, grid.cell)
    for channel, image in images.items():
        fitted = image if image.size == square else ImageOps.pad(image, square, Image.Resampling.LANCZOS, MID_GREY)
        sheet.paste(fitted, grid.locate_cell(channel)[:2])
    return sheet


def _require_room(layer: str, grid: Grid, ending: str) -> None:
    width, height = grid.size
    limit, longest = Image.MAX_IMAGE_PIXELS, FORMATS[ending].longest
    found = f"That of {layer} would have {width:,} x {height:,} px."
    if longest is not None and max(grid.size) > longest:
        raise InputError(
            f"A side of a {ending} sheet has at most {longest:,} px.", found, "Take --format png, or --size."
        )
    if limit is not None and width * height > limit:
        raise InputError(
            f"A sheet has at most {limit:,} pixels, which Pillow opens without a warning.",
            found,
            "Take smaller cells with --size.",
        )


# --- files ----------------------------------------------------------------------------------------------------------


def _refuse_existing(request: ExportRequest, files: Iterable[str]) -> None:
    there = [name for name in (*files, DESCRIPTION) if (request.out / name).exists()]
    if there and not request.overwrite:
        raise InputError(
            "Files that exist are kept.",
            f"In {request.out} there {'is' if len(there) == 1 else 'are'} {', '.join(there[:3])}"
            f"{f' and {len(there) - 3} more' if len(there) > 3 else ''}.",
            "Name another folder, or replace them with --overwrite.",
        )


@contextlib.contextmanager
def _replace_sheets(folder: Path) -> Iterator[Callable[[str], Path]]:
    """Yields a function that names a temporary file for each file of a folder, which is made if absent.

    The files appear under their names when the block ends without error, in the order in which they were named. After
    an error none of them appears, and a folder that was made is removed.

    Raises:
        InputError: the folder cannot be written. A full disk stays an OSError.
    """
    was_there = folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with replace_files() as name_temporary:
            yield lambda name: name_temporary(folder / name)
    except OSError as problem:
        if problem.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise InputError(
            "Sheets are written into a folder.", f"{problem.filename}: {problem.strerror}.", "Name another folder."
        ) from problem
    finally:
        if not was_there:
            with contextlib.suppress(OSError):
                folder.rmdir()
