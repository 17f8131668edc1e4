"""A class's attribution graph, or the comparison of two, as files: from a run to bytes, nothing written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from precompute.contract.errors import InputError
from summit_dash.export.fit import Size
from summit_dash.export.graphml import write_graphml
from summit_dash.export.png import write_png
from summit_dash.export.scene import ROOM, PictureSource, build_scene
from summit_dash.export.subject import Subject, read_subject
from summit_dash.export.svg import write_svg
from summit_dash.export.tables import build_tables, write_csv, write_json
from summit_dash.export.thumbnails import convert_picture
from summit_dash.graph.theme import PALETTES
from summit_dash.run.graphs import Channel
from summit_dash.run.store import RunStore

__all__ = ["FORMATS", "GraphRequest", "check_request", "export_graph"]

FORMATS = ("svg", "png", "graphml", "json", "csv")
_SMALLEST, _GREATEST = 200, 10_000
_MOST_PIXELS = 100_000_000


@dataclass(frozen=True)
class GraphRequest:
    """What to export; the last three are for pictures alone.

    `vs` is the class to compare with; `covers` the percentage of activation that the channels kept cover; `room` the
    stage in pixels, which grows where the graph needs more; `scale` the pixels of a PNG for each of the SVG's.
    """

    class_id: int
    vs: int | None = None
    covers: float = 100.0
    theme: str = "light"
    room: Size = ROOM
    scale: float = 2.0


def export_graph(store: RunStore, request: GraphRequest, formats: Sequence[str]) -> dict[str, bytes]:
    """The files by their ending: `.svg`, `.png`, `.graphml`, `.json`, and `-nodes.csv` with `-edges.csv`.

    Raises:
        InputError: the request asks for what is not there or cannot be, or a format is unknown.
    """
    check_request(request, formats)
    subject = read_subject(store, request.class_id, request.vs, request.covers)
    files: dict[str, bytes] = {}
    if {"svg", "png"} & set(formats):
        files |= _draw(store, subject, request, formats)
    return files | _tabulate(subject, formats)


def check_request(request: GraphRequest, formats: Sequence[str]) -> None:
    """Raises InputError where a format, the theme or the size is none that there is."""
    unknown = [name for name in formats if name not in FORMATS]
    if unknown or not formats:
        found = f"Found {', '.join(map(repr, unknown))}." if unknown else "None was named."
        raise InputError(f"A format is one of {', '.join(FORMATS)}.", found, "Name formats with --format svg,png.")
    if request.theme not in PALETTES:
        raise InputError(
            f"A theme is one of {', '.join(PALETTES)}.", f"Found {request.theme!r}.", "Name one of them with --theme."
        )
    if not all(_SMALLEST <= length <= _GREATEST for length in request.room):
        raise InputError(
            f"A picture's size is from {_SMALLEST} to {_GREATEST:,} pixels either way.",
            f"Found {request.room.width:g}x{request.room.height:g}.",
            "Name another with --size 1200x800.",
        )


def _draw(store: RunStore, subject: Subject, request: GraphRequest, formats: Sequence[str]) -> dict[str, bytes]:
    """The pictures asked for."""
    scene = build_scene(subject, _pictures(store), request.theme, request.room)
    if "png" in formats:
        _check_pixels(scene.size, request.scale)
    svg = write_svg(scene)
    files = {".svg": svg} if "svg" in formats else {}
    return files | ({".png": write_png(svg, request.scale)} if "png" in formats else {})


def _check_pixels(size: tuple[float, float], scale: float) -> None:
    width, height = (length * scale for length in size)
    if not (width >= 1 and height >= 1 and width * height <= _MOST_PIXELS):
        raise InputError(
            f"A PNG has up to {_MOST_PIXELS:,} pixels.",
            f"At scale {scale:g} it would have {width:,.0f} x {height:,.0f}.",
            "Name another --scale, or take the SVG, which has no pixels.",
        )


def _pictures(store: RunStore) -> PictureSource:
    def read(at: Channel, side: int) -> bytes | None:
        found = store.pictures.picture(at)
        return None if found is None else convert_picture(found, side)

    return PictureSource(store.pictures.picture_kind, read)


def _tabulate(subject: Subject, formats: Sequence[str]) -> dict[str, bytes]:
    """The data formats asked for."""
    tables = build_tables(subject)
    makers: dict[str, Callable[[], dict[str, bytes]]] = {
        "graphml": lambda: {".graphml": write_graphml(tables)},
        "json": lambda: {".json": write_json(tables)},
        "csv": lambda: {
            "-nodes.csv": write_csv(tables.nodes, list(tables.nodes[0])),
            "-edges.csv": write_csv(tables.edges, tables.edge_columns),
        },
    }
    return {ending: made for name in formats if name in makers for ending, made in makers[name]().items()}
