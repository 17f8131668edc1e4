"""What the browser computes of graphs is what Python computes of them, to the last digit."""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from summit_dash.graph.comparison import compare
from summit_dash.graph.elements import edge_width, node_side
from summit_dash.graph.layout import lay_out
from summit_dash.run.graphs import Channel, Graph, shares_covered
from summit_dash.run.store import RunStore

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def store(run_path: Path) -> RunStore:
    return RunStore(run_path)


@pytest.fixture
def opened(page: Page, url: str) -> Page:
    page.goto(url)
    page.wait_for_function("() => window.summitDash && summitDash.run && summitDash.model")
    return page


_DRAW = """async (ids) => {
  const {model, run} = summitDash;
  const layers = run.layers.map((each) => each.layer);
  const payloads = await Promise.all(ids.map((id) => summitDash.load(`class/${id}`)));
  const graphs = payloads.map((payload) => model.readGraph(payload, layers));
  if (ids.length === 1) return {drawing: model.drawClass(graphs[0])};
  const cosines = summitDash.graph.cosines(payloads[0], run.classById.get(ids[1]));
  const comparison = model.compare(...graphs, cosines);
  return {comparison, drawing: model.drawComparison(layers, comparison, ids.map((id) => run.classById.get(id).n))};
}"""


def _draw(page: Page, *class_ids: int) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate(_DRAW, list(class_ids))
    return found


def _edge_id(source: Channel, target: Channel) -> str:
    return f"{source.channel_id}--{target.channel_id}"


def test_a_class_is_drawn_as_python_draws_it(opened: Page, store: RunStore) -> None:
    for class_id in store.classes:
        graph = store.graph(class_id)
        drawing = _draw(opened, class_id)["drawing"]
        weights = {(edge.source, edge.target): float(edge.influence_count) for edge in graph.edges}
        points = lay_out(graph.layers, [node.at for node in graph.nodes], weights)
        most = max(node.activation_count for node in graph.nodes)
        covered = shares_covered(graph.nodes)
        assert [(n["id"], n["x"], n["y"], n["size"], n["covered"]) for n in drawing["nodes"]] == [
            (n.at.channel_id, *points[n.at], node_side(n.activation_count, most), covered[n.at]) for n in graph.nodes
        ]
        widest = max(weights.values())
        assert [(e["id"], e["width"], e["covered"]) for e in drawing["edges"]] == [
            (_edge_id(*pair), edge_width(weight, widest), max(covered[at] for at in pair))
            for pair, weight in weights.items()
        ]


@pytest.mark.parametrize("pair", [(0, 2), (2, 0), (4, 9), (1, 11), (3, 3)])
def test_two_classes_are_compared_as_python_compares_them(opened: Page, store: RunStore, pair: tuple[int, int]) -> None:
    a, b = (store.graph(class_id) for class_id in pair)
    rows = [store.row_of(class_id) for class_id in pair]
    counts = {layer: (store.counts(layer)[rows[0]], store.counts(layer)[rows[1]]) for layer in store.layers}
    expected = compare(a, b, counts)
    found = _draw(opened, *pair)
    nodes, edges = found["drawing"]["nodes"], found["drawing"]["edges"]
    assert [(n["id"], n["part"]) for n in nodes] == [(at.channel_id, part) for at, part in expected.nodes.items()]
    assert [(e["id"], e["part"]) for e in edges] == [(_edge_id(*ends), part) for ends, part in expected.edges.items()]
    assert found["comparison"]["parting"] == expected.parting_layer
    for layer, other in zip(found["comparison"]["layers"], expected.layers, strict=True):
        assert (layer["layer"], layer["jaccard"]) == (other.layer, other.jaccard)
        assert (layer["shared"], layer["onlyA"], layer["onlyB"]) == (other.n_shared, other.n_only_a, other.n_only_b)
        assert layer["cosine"] == pytest.approx(other.cosine, abs=0.0005001)
    _assert_sizes(found["drawing"], (a, b), [store.classes[class_id].n_images for class_id in pair])


def _assert_sizes(drawing: dict[str, Any], graphs: tuple[Graph, Graph], n_images: list[int]) -> None:
    counts = [{node.at: node.activation_count for node in graph.nodes} for graph in graphs]
    influences = [{(e.source, e.target): e.influence_count for e in graph.edges} for graph in graphs]
    shares = {at: _share(counts, at, n_images) for at in counts[0] | counts[1]}
    weights = {pair: _share(influences, pair, n_images) for pair in influences[0] | influences[1]}
    points = lay_out(graphs[0].layers, shares, weights)
    most, widest = max(shares.values()), max(weights.values())
    assert {n["id"]: (n["x"], n["y"], n["size"]) for n in drawing["nodes"]} == {
        at.channel_id: (*points[at], node_side(share, most)) for at, share in shares.items()
    }
    assert {e["id"]: e["width"] for e in drawing["edges"]} == {
        _edge_id(*pair): edge_width(weight, widest) for pair, weight in weights.items()
    }


def _share(counts: list[dict[Any, int]], key: Any, n_images: list[int]) -> float:
    return max(count.get(key, 0) / n for count, n in zip(counts, n_images, strict=True))


def test_a_wide_layer_stands_in_the_same_lines(opened: Page) -> None:
    generator = random.Random(3)
    layers = ["c", "a", "b"]
    channels = [Channel(layer, i) for layer, n in zip(layers, (37, 5, 18), strict=True) for i in range(n)]
    edges = {
        (source, target): generator.random()
        for source in channels
        for target in channels
        if layers.index(target.layer) - layers.index(source.layer) in (1, 2) and generator.random() < 0.2
    }
    expected = lay_out(layers, channels, edges)
    given = [{"id": at.channel_id, "layer": at.layer, "channel": at.channel} for at in reversed(channels)]
    weights = [{"source": s.channel_id, "target": t.channel_id, "weight": w} for (s, t), w in edges.items()]
    script = "([layers, channels, edges]) => [...summitDash.model.layOut(layers, channels, edges)]"
    found = opened.evaluate(script, [layers, given, weights])
    assert {channel_id: (point["x"], point["y"]) for channel_id, point in found} == {
        at.channel_id: tuple(point) for at, point in expected.items()
    }


def test_sums_and_roundings_are_those_of_python(opened: Page) -> None:
    generator = random.Random(5)
    lists = [[generator.uniform(-1, 1) * 10 ** generator.randint(-20, 20) for _ in range(30)] for _ in range(200)]
    lists += [[], [0.1] * 10, [1e16, 1.0, 1e-16], [1.0, 2**-53, 2**-106], [-1.0, -(2**-53), -(2**-106)]]
    sums = opened.evaluate("(lists) => lists.map(summitDash.model.sum)", lists)
    assert [float(value) for value in sums] == [math.fsum(each) for each in lists]
    values = [generator.uniform(-1000, 1000) for _ in range(500)] + [i / 8 for i in range(-40, 41)] + [59.625, -119.25]
    for digits in (1, 2, 3):
        script = "([values, digits]) => values.map((value) => summitDash.model.round(value, digits))"
        assert opened.evaluate(script, [values, digits]) == [round(value, digits) for value in values]


def test_pins_leave_what_is_connected_upwards_and_downwards(opened: Page) -> None:
    nodes = [{"key": key, "id": key, "covered": 0} for key in "abcdef"]
    edges = [{"source": s, "target": t} for s, t in ("ab", "bc", "bd", "eb", "ef")]
    script = "([d, covers, pins]) => [...summitDash.model.shownNodes(d, covers, pins)].sort().join('')"
    drawing = {"nodes": nodes, "edges": edges}
    assert opened.evaluate(script, [drawing, 100, ["b"]]) == "abcde"
    assert opened.evaluate(script, [drawing, 100, ["c", "f"]]) == "abcef"
    assert opened.evaluate(script, [drawing, 100, []]) == "abcdef"
    assert opened.evaluate(script, [drawing, 100, ["gone"]]) == "abcdef"
