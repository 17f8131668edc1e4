"""A class's attribution graph, or the comparison of two, as files: from a run to bytes, nothing written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from precompute.contract.errors import InputError
from precompute.contract.tables import PAGERANK
from summit_dash.export.fit import Size
from summit_dash.export.formats import FORMATS
from summit_dash.export.formats.export_format import GraphContent
from summit_dash.export.scene import ROOM, PictureSource, build_scene
from summit_dash.export.subject import read_subject
from summit_dash.export.tables import build_tables
from summit_dash.export.thumbnails import convert_picture
from summit_dash.graph.elements import BY_COUNT, Looks
from summit_dash.graph.theme import PALETTES
from summit_dash.run.graphs import Channel
from summit_dash.run.store import RunStore

__all__ = ["GraphRequest", "check_request", "export_graph"]

_SMALLEST, _GREATEST = 200, 10_000


@dataclass(frozen=True)
class GraphRequest:
    """The choice of a graph and its looks; all but the classes, `covers` and `selection` are for pictures alone.

    Attributes:
        class_id: the class, or A of a comparison.
        vs: B of a comparison.
        covers: percentage of activation that the channels kept cover.
        theme: `light` or `dark`.
        room: stage in pixels, which grows where the graph needs more.
        scale: pixels of a PNG for each of the SVG's.
        selection: what the channels of the class were chosen by, `pagerank` or `effect`.
        looks: the numbers that size and ring of a channel show.
    """

    class_id: int
    vs: int | None = None
    covers: float = 100.0
    theme: str = "light"
    room: Size = ROOM
    scale: float = 2.0
    selection: str = PAGERANK
    looks: Looks = BY_COUNT


def export_graph(store: RunStore, request: GraphRequest, formats: Sequence[str]) -> dict[str, bytes]:
    """Returns the bytes of the files by their ending, such as `.svg` or `-nodes.csv`.

    Raises:
        InputError: the request asks for what is not there or cannot be, or a format is unknown.
    """
    check_request(request, formats)
    subject = read_subject(store, request.class_id, request.vs, request.covers, request.selection, request.looks)
    chosen = [FORMATS[name] for name in formats]
    scene = None
    if any(each.needs_drawing for each in chosen):
        scene = build_scene(subject, _read_pictures(store), request.theme, request.room)
    content = GraphContent(build_tables(subject), scene, request.scale)
    return {ending: made for each in chosen for ending, made in each.write(content).items()}


def check_request(request: GraphRequest, formats: Sequence[str]) -> None:
    """Checks formats, theme and size.

    Raises:
        InputError: one of them is unknown or out of its range.
    """
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


def _read_pictures(store: RunStore) -> PictureSource:
    def read(channel: Channel, side: int) -> bytes | None:
        found = store.pictures.read_picture(channel)
        return None if found is None else convert_picture(found, side)

    return PictureSource(store.pictures.get_picture_kind, read)
