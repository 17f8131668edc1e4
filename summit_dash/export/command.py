"""The command `export --graph` behind its flags."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from precompute.contract.errors import InputError
from precompute.contract.tables import PAGERANK
from summit_dash.export.files import (
    choose_formats,
    choose_stem,
    name_file,
    place_files,
    refuse_existing,
    write_files,
)
from summit_dash.export.fit import Size
from summit_dash.export.graph import GraphRequest, check_request, export_graph
from summit_dash.graph.elements import COUNT, PLAIN, Looks
from summit_dash.run.find_class import explain_number, find_class
from summit_dash.run.store import RunStore
from summit_dash.run.text import label_classes

__all__ = ["GraphFlags", "run_export_graph"]


@dataclass(frozen=True)
class GraphFlags:
    """The flags of `export --graph` as typed."""

    graph: str
    vs: str | None = None
    formats: str | None = None
    theme: str = "light"
    covers: float = 100.0
    size: str = "1200x800"
    scale: float = 2.0
    selection: str = PAGERANK
    size_by: str = COUNT
    color_by: str = PLAIN
    overwrite: bool = False


def run_export_graph(run: Path, out: str, flags: GraphFlags, say: Callable[[str], None]) -> list[Path]:
    """Writes the files and returns their paths.

    Args:
        run: folder of a run.
        out: a file, a stem or a folder.
        flags: as typed.
        say: called with a sentence where a number may mean another class.

    Raises:
        InputError: a flag has a wrong value, the class has no graph, or a file exists.
    """
    store = RunStore(run)
    asked = [flags.graph] if flags.vs is None else [flags.graph, flags.vs]
    infos = [find_class(store.classes, text) for text in asked]
    for sentence in filter(None, (explain_number(store.classes, text) for text in asked)):
        say(sentence)
    labels = label_classes(store.classes)
    formats = choose_formats(flags.formats, out)
    request = GraphRequest(
        infos[0].class_id,
        infos[1].class_id if len(infos) > 1 else None,
        flags.covers,
        flags.theme,
        _read_size(flags.size),
        flags.scale,
        flags.selection,
        Looks(flags.size_by, flags.color_by),
    )
    check_request(request, formats)
    stem = choose_stem(out, formats, name_file(" ".join(labels[info.class_id]) for info in infos))
    paths = place_files(stem, formats)
    if not flags.overwrite:
        refuse_existing(paths.values())
    made = export_graph(store, request, formats)
    write_files({paths[ending]: content for ending, content in made.items()})
    return list(paths.values())


def _read_size(text: str) -> Size:
    """Reads a size such as "1200x800"."""
    found = re.fullmatch(r"(\d{1,6})[x×](\d{1,6})", text.strip().lower())
    if not found:
        raise InputError("A size is WIDTHxHEIGHT in pixels.", f"Found {text!r}.", "Write it like --size 1200x800.")
    return Size(float(found[1]), float(found[2]))
