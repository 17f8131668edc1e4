"""The files of a graph that the page offers: the bytes that `export --graph` writes."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from typing import Any, NamedTuple

from precompute.contract.errors import InputError
from summit_dash.export.files import name_file
from summit_dash.export.formats import FORMATS
from summit_dash.export.graph import GraphRequest, export_graph
from summit_dash.graph.elements import Looks
from summit_dash.run.store import RunStore
from summit_dash.run.text import label_classes

__all__ = ["GraphFile", "write_graph_file"]


class GraphFile(NamedTuple):
    """A file to be saved, such as `white-wolf-graph.svg`."""

    name: str
    content: bytes
    mimetype: str


def write_graph_file(store: RunStore, class_id: int, ending: str, options: Mapping[str, str]) -> GraphFile:
    """Writes the file of one ending.

    Args:
        store: the run.
        class_id: the class, or A of a comparison.
        ending: of the file, such as `.svg` or `-nodes.csv`.
        options: `vs`, `covers`, `theme`, `selection`, `size_by` and `color_by` as they stand in an address.

    Raises:
        InputError: no format has the ending, or the request asks for what is not there.
    """
    name = next((format_.name for format_ in FORMATS.values() if ending in format_.endings), None)
    if name is None:
        endings = ", ".join(each for format_ in FORMATS.values() for each in format_.endings)
        raise InputError(f"A graph's file ends as one of {endings}.", f"Found {ending!r}.", "Use the menu of the page.")
    request = GraphRequest(class_id, **_read_options(options))
    content = export_graph(store, request, [name])[ending]
    labels = label_classes(store.classes)
    stem = name_file(" ".join(labels[each]) for each in (request.class_id, request.vs) if each is not None)
    return GraphFile(f"{stem}-graph{ending}", content, mimetypes.guess_type(f"a{ending}")[0] or "application/xml")


_READERS: Mapping[str, Any] = {"vs": int, "covers": float, "theme": str, "selection": str}
_LOOKS = ("size_by", "color_by")


def _read_options(options: Mapping[str, str]) -> dict[str, Any]:
    """Reads the options that are given; other ones are not looked at."""
    try:
        found = {name: read(options[name]) for name, read in _READERS.items() if name in options}
    except ValueError:
        raise InputError(
            "A class is a number, and so is a share of activation.",
            f"Found {dict(options)}.",
            "Use the menu of the page.",
        ) from None
    return {**found, "looks": Looks(**{name: options[name] for name in _LOOKS if name in options})}
