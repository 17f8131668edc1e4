"""A tiny folder as Summit publishes one: two classes, three layers, drawn pictures; every number chosen by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from precompute.contract.schema import read_table
from precompute.import_summit.importing import ImportRequest, import_summit
from summit_dash.cli import main

CHANNELS = ("mixed3a-5", "mixed3b-10", "mixed3b-11", "mixed4a-0", "mixed4a-200", "mixed4a-201")
LABELS = 'path,class_id,synset,class_name\na.jpg,270,n02114548,"white wolf, Arctic wolf"\nb.jpg,5,n0,electric ray\n'
KINDS = ("channel", "diversity-0", "diversity-1", "diversity-2", "diversity-3")

Pairs = tuple[tuple[int, int], ...]


def build_node(channel: int, count: int, edges: Pairs = (), listed: Pairs = ()) -> dict[str, Any]:
    """Builds a node in the form of the files, which quote the numbers of attr_channels."""
    return {
        "channel": channel,
        "count": count,
        "pagerank": count / 10_000,
        "prev_channels": [{"prev_channel": c, "inf": n} for c, n in edges],
        "attr_channels": [{"prev_channel": str(c), "inf": n} for c, n in listed],
    }


def build_graphs() -> dict[int, dict[str, list[dict[str, Any]]]]:
    """Builds the graphs by class: class 270 has one fault of each kind, class 7 has none.

    mixed4a   0 (1x1)        200 (3x3)      201 (3x3)
             30|  20\\      18/   \\18        |18
    mixed3b     10 ----------+      11       10
                9|                  : 6, listed only
    mixed3a      5                  5
    """
    wolf = {
        "mixed4a": [
            build_node(201, 12, ((10, 18),), ((12, 21),)),
            build_node(200, 15, ((11, 18), (10, 18)), ((10, 40), (95, 22), (3, 20))),
            build_node(0, 20, ((10, 30), (11, 20)), ((10, 30), (479, 25), (11, 20))),
        ],
        "mixed3b": [build_node(10, 35, ((5, 9),), ((5, 8), (300, 7))), build_node(11, 14, (), ((5, 6),))],
        "mixed3a": [build_node(5, 31)],
    }
    crane = {
        "mixed4a": [build_node(0, 4, ((10, 5),))],
        "mixed3b": [build_node(10, 3, ((5, 2),))],
        "mixed3a": [build_node(5, 6)],
    }
    for entry in crane["mixed4a"]:
        del entry["attr_channels"]
    return {270: wolf, 7: crane}


def write_published(folder: Path) -> Path:
    """Writes the folder, with pictures of all `CHANNELS`, and returns it."""
    data = folder / "data"
    (data / "ag").mkdir(parents=True)
    for class_id, graph in build_graphs().items():
        (data / "ag" / f"ag-{class_id}.json").write_text(json.dumps(graph))
    for number, channel in enumerate(CHANNELS):
        for kind in KINDS:
            draw_picture(data / "feature-vis" / kind / f"{channel}-{kind}.jpg", 147, number * 40)
        for rank in range(3):
            draw_picture(
                data / "feature-vis" / "dataset-p" / f"{channel}-dataset-p-{rank}.jpg", 73, number * 40 + rank * 5
            )
    return folder


def draw_picture(path: Path, side: int, shade: int) -> None:
    """Saves a square picture of one colour, which differs by its shade."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (side, side), (shade, 255 - shade, 128)).save(path)


def build_imagenet() -> list[dict[str, Any]]:
    """Builds the content of an `imagenet.json` for the two classes."""
    layers = ("mixed3a", "mixed3b", "mixed4a", "mixed4b", "mixed4c", "mixed4d", "mixed4e", "mixed5a", "mixed5b")
    return [
        {
            "target_class": class_id,
            "name": name,
            "synset": synset,
            "numOfInstances": 50,
            "topOneAcc": accuracy,
            "accs": [0.01] * 20 + [0.99] * 30,
            "embed": {layer: {"x": class_id + index, "y": -index} for index, layer in enumerate(layers)},
            "topChannels": {"mixed3a": [{"ch": 5, "ct": 33}, {"ch": 6, "ct": 2}], "mixed5b": [{"ch": 1023, "ct": 9}]},
        }
        for class_id, name, synset, accuracy in (
            (270, "white_wolf", "n02114548", 0.6),
            (7, "cock", "n01514668", 0.5),
        )
    ]


def import_folder(folder: Path, **options: Any) -> Path:
    """Imports a folder, with the labels beside it, into the folder `run` beside it, and returns this."""
    out = folder.parent / "run"
    import_summit(ImportRequest(folder, out, folder.parent / "labels.csv", **options))
    return out


def call_command(*arguments: str | Path) -> int:
    """Runs `summit-dash` with these arguments and returns its exit status."""
    with pytest.raises(SystemExit) as ended:
        main([str(a) for a in arguments])
    return int(ended.value.code or 0)


def read_rows(out: Path, table: str, columns: list[str] | None = None) -> list[tuple[Any, ...]]:
    """Reads the rows of a table of a run as tuples."""
    return [tuple(row.values()) for row in read_table(out, table, columns).to_pylist()]
