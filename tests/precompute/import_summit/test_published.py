"""Published graphs: what is read, and what is refused with its place in the file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from precompute.contract.errors import InputError
from precompute.import_summit.published import (
    Influence,
    PublishedGraph,
    PublishedNode,
    find_data,
    find_graphs,
    read_graph,
)


def edit_graph(change: Callable[[dict[str, Any]], Any]) -> Callable[[Path], None]:
    """Builds a function that changes the graph of class 270 in a folder."""

    def edit(folder: Path) -> None:
        path = folder / "data/ag/ag-270.json"
        graph = json.loads(path.read_text())
        change(graph)
        path.write_text(json.dumps(graph))

    return edit


def write_text(text: str) -> Callable[[Path], None]:
    """Builds a function that replaces the graph of class 270 in a folder by a text."""

    def write(folder: Path) -> None:
        (folder / "data/ag/ag-270.json").write_text(text)

    return write


def build_far(layer: str) -> list[dict[str, Any]]:
    """Builds the one edge from a layer further down."""
    return [{"prev_layer": layer, "prev_channel": 1, "inf": 1}]


BAD = {
    "cut off": (write_text('{"mixed3a": ['), "ag-270.json: Expecting value"),
    "no object": (write_text("[1]"), "the whole is [1], and no object"),
    "deep": (write_text("[" * 100_000), "lists within lists without end"),
    "unknown layer": (edit_graph(lambda g: g.update(mixed9z=[])), "the layer mixed9z is none of mixed3a"),
    "no list": (edit_graph(lambda g: g.update(mixed5b={})), "mixed5b is {}, and no list"),
    "no channel": (edit_graph(lambda g: g["mixed3a"][0].pop("channel")), "channel of node 0 of mixed3a is absent"),
    "out of range": (
        edit_graph(lambda g: g["mixed3a"][0].update(channel=256)),
        "mixed3a-256 is no channel: mixed3a has 256",
    ),
    "negative": (edit_graph(lambda g: g["mixed3a"][0].update(channel=-1)), "is -1, and no whole number"),
    "truth": (edit_graph(lambda g: g["mixed3a"][0].update(count=True)), "count of mixed3a-5 is true"),
    "nan": (edit_graph(lambda g: g["mixed3a"][0].update(pagerank=float("nan"))), "pagerank of mixed3a-5 is NaN"),
    "other layer": (edit_graph(lambda g: g["mixed3a"][0].update(layer="mixed3b")), "says that its layer is mixed3b"),
    "twice": (edit_graph(lambda g: g["mixed3a"].append(g["mixed3a"][0])), "mixed3a-5 is listed twice"),
    "edge twice": (
        edit_graph(lambda g: g["mixed3b"][0]["prev_channels"].append({"prev_channel": 5, "inf": 1})),
        "mixed3b-10 has two edges from the same channel",
    ),
    "missing node": (
        edit_graph(lambda g: g["mixed3a"].clear()),
        "mixed3b-10 has an edge from mixed3a-5, which is no node of the graph",
    ),
    "before the first": (
        edit_graph(lambda g: g["mixed3a"][0]["prev_channels"].append({"prev_channel": 5, "inf": 1})),
        "mixed3a-5 has an edge from channel 5, and no layer is before it",
    ),
    "no images": (
        edit_graph(lambda g: g["mixed3b"][0]["prev_channels"][0].update(inf=0)),
        "an influence that counts 0 images",
    ),
    "far from above": (
        edit_graph(lambda g: g["mixed4a"][0].update(far_channels=build_far("mixed3b"))),
        'prev_layer in far_channels of mixed4a-201 is "mixed3b", and no layer below the one before',
    ),
    "far from nowhere": (
        edit_graph(lambda g: g["mixed4a"][0].update(far_channels=build_far("mixed3a"))),
        "mixed4a-201 has an edge from mixed3a-1, which is no node of the graph",
    ),
    "a name": (
        edit_graph(lambda g: g["mixed3b"][0]["attr_channels"][0].update(prev_channel="five")),
        'prev_channel in attr_channels of mixed3b-10 is "five"',
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_graph_that_cannot_be_right(name: str, folder: Path) -> None:
    spoil, expected = BAD[name]
    spoil(folder)

    with pytest.raises(InputError) as problem:
        read_graph(270, folder / "data/ag/ag-270.json")

    assert expected in str(problem.value) and "ag-270.json" in str(problem.value)


def test_a_graph_is_sorted_by_layer_and_channel_and_its_quoted_numbers_are_numbers(folder: Path) -> None:
    graph = read_graph(7, folder / "data/ag/ag-7.json")

    assert graph.nodes == (
        PublishedNode(0, 5, 6, 0.0006, (), ()),
        PublishedNode(1, 10, 3, 0.0003, (Influence(5, 2),), ()),
        PublishedNode(2, 0, 4, 0.0004, (Influence(10, 5),), ()),
    )
    wolf = read_graph(270, folder / "data/ag/ag-270.json")
    assert [(node.layer, node.channel) for node in wolf.nodes] == [(0, 5), (1, 10), (1, 11), (2, 0), (2, 200), (2, 201)]
    assert wolf.nodes[1].listed == (Influence(5, 8), Influence(300, 7)), "strongest first, as in the file"


def test_the_greatest_count_is_that_of_any_node_edge_or_listed_input(folder: Path) -> None:
    assert read_graph(270, folder / "data/ag/ag-270.json").greatest_count == 40
    assert read_graph(7, folder / "data/ag/ag-7.json").greatest_count == 6
    assert PublishedGraph(1, ()).greatest_count == 0


def test_the_data_is_in_the_folder_or_in_its_subfolder_data(folder: Path) -> None:
    assert find_data(folder) == folder / "data"
    assert find_data(folder / "data") == folder / "data"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("elsewhere", "elsewhere is not there"),
        ("labels.csv", "labels.csv is a file"),
        ("empty", "neither data/ag nor ag"),
    ],
)
def test_a_folder_without_graphs_is_refused(folder: Path, name: str, expected: str) -> None:
    (folder.parent / "empty").mkdir()

    with pytest.raises(InputError, match=expected):
        find_data(folder.parent / name)


def test_graphs_are_found_by_their_names_and_sorted_by_number(folder: Path) -> None:
    data = folder / "data"
    for name in ("ag-07.json", "ag-7.json.bak", ".ag-1.json", "ag-100.json"):
        (data / "ag" / name).touch()

    graphs, others = find_graphs(data)

    assert list(graphs) == [7, 100, 270]
    assert others == ["ag-07.json", "ag-7.json.bak"]


def test_files_of_other_names_are_shown_if_there_is_no_graph(folder: Path) -> None:
    for path in (folder / "data/ag").iterdir():
        path.rename(path.with_suffix(".txt"))

    with pytest.raises(InputError, match=r"no such file, but ag-270\.txt, ag-7\.txt"):
        find_graphs(folder / "data")
