from __future__ import annotations

import json
import re

import pytest

from precompute.contract.errors import InputError
from summit_dash.export.fit import Size
from summit_dash.export.formats import FORMATS
from summit_dash.export.graph import GraphRequest, check_request, export_graph
from summit_dash.graph.elements import Looks
from summit_dash.run.graphs import Graph
from summit_dash.run.store import RunStore


@pytest.fixture
def without_pictures(store: RunStore) -> RunStore:
    """A run whose pictures fail when they are read."""
    fresh = RunStore(store.path)
    fresh.pictures = None  # type: ignore[assignment]
    return fresh


def test_the_files_of_several_formats_come_by_their_ending(store: RunStore) -> None:
    made = export_graph(store, GraphRequest(0), ["json", "csv"])
    assert list(made) == [".json", "-nodes.csv", "-edges.csv"]
    nodes = json.loads(made[".json"])["nodes"]
    assert len(nodes) == len(store.graph(0).nodes) == made["-nodes.csv"].count(b"\n") - 1


def test_the_same_request_gives_the_same_bytes(store: RunStore) -> None:
    request = GraphRequest(0, vs=3, scale=0.5)
    assert export_graph(store, request, list(FORMATS)) == export_graph(store, request, list(FORMATS))


def test_tables_are_written_without_reading_a_picture(without_pictures: RunStore) -> None:
    tables = [name for name, each in FORMATS.items() if not each.needs_drawing]
    assert set(tables) == {"graphml", "json", "csv"}
    assert len(export_graph(without_pictures, GraphRequest(0), tables)) == 4
    with pytest.raises(AttributeError):
        export_graph(without_pictures, GraphRequest(0), ["svg"])


def test_a_run_without_accuracy_or_visualizations_is_drawn(bare_store: RunStore) -> None:
    svg = export_graph(bare_store, GraphRequest(0), ["svg"])[".svg"].decode()
    assert "no accuracy" in svg
    assert "dark corner: best dataset example" in svg


def test_the_filter_is_for_every_format(store: RunStore) -> None:
    made = export_graph(store, GraphRequest(0, covers=50), ["svg", "json"])
    kept = {node["id"] for node in json.loads(made[".json"])["nodes"]}
    assert 0 < len(kept) < len(store.graph(0).nodes)
    assert set(re.findall(r'class="node" id="([^"]+)"', made[".svg"].decode())) == kept


def test_a_proven_class_is_drawn_by_effect(store: RunStore) -> None:
    proven, graph = RunStore(store.path), store.graph(0)
    nodes = [node._replace(effect=0.5 - 0.25 * place) for place, node in enumerate(graph.nodes[:5])]
    proven.graph_by_effect = lambda class_id: Graph(graph.layers, nodes, graph.edges)  # type: ignore[assignment]
    request = GraphRequest(0, selection="effect", looks=Looks("effect", "effect"))
    made = export_graph(proven, request, ["svg", "json"])
    svg = made[".svg"].decode()
    for words in ("channels by effect", "area: effect", "ring: effect", "below 0", "those of the greatest effect"):
        assert words in svg
    assert [node["id"] for node in json.loads(made[".json"])["nodes"]] == [node.channel.channel_id for node in nodes]
    node = svg[svg.index(f'id="{nodes[0].channel.channel_id}"') :]
    assert "effect 0.5" in node[: node.index("</g>")]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (GraphRequest(3, selection="effect"), "was not measured"),
        (GraphRequest(0, selection="size"), "Found 'size'"),
        (GraphRequest(0, looks=Looks("area")), "Sizes .*Found 'area'"),
        (GraphRequest(0, vs=1, looks=Looks("effect")), "drawn by count"),
    ],
)
def test_what_was_not_measured_is_not_drawn(store: RunStore, asked: GraphRequest, said: str) -> None:
    with pytest.raises(InputError, match=f"(?s){said}"):
        export_graph(store, asked, ["svg"])


def test_effects_that_were_not_measured_are_no_colour(store: RunStore) -> None:
    with pytest.raises(InputError, match=r"(?s)plain, count, pagerank.*was not measured.*summit-dash faithfulness"):
        export_graph(store, GraphRequest(0, looks=Looks(color_by="effect")), ["svg"])


@pytest.mark.parametrize("length", [200, 10_000])
def test_the_least_and_the_greatest_size_are_allowed(length: int) -> None:
    check_request(GraphRequest(0, room=Size(length, length)), ["svg"])


@pytest.mark.parametrize(
    ("request_", "formats", "said"),
    [
        (GraphRequest(0, room=Size(199, 800)), ["svg"], "Found 199x800"),
        (GraphRequest(0, room=Size(1200, 10_001)), ["svg"], "Found 1200x10001"),
        (GraphRequest(0, theme="pink"), ["svg"], "light, dark.*Found 'pink'"),
        (GraphRequest(0), ["svg", "gif", "bmp"], "Found 'gif', 'bmp'"),
        (GraphRequest(0), [], "None was named"),
    ],
    ids=["too narrow", "too tall", "theme", "formats", "no format"],
)
def test_what_cannot_be_made_is_refused_before_the_run_is_read(
    request_: GraphRequest, formats: list[str], said: str
) -> None:
    with pytest.raises(InputError, match=f"(?s){said}"):
        export_graph(None, request_, formats)  # type: ignore[arg-type]
