"""An exported picture is what the page shows: same places, sizes, curves and colours on a stage of the same size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from summit_dash.export.fit import Size
from summit_dash.export.scene import PictureSource, build_scene
from summit_dash.export.shapes import GraphScene, SceneEdge, SceneNode
from summit_dash.export.subject import read_subject
from summit_dash.store import RunStore
from tests.browser.canvas import open_page, visible_nodes

pytestmark = pytest.mark.browser

_CANVAS = """() => {
  const cy = document.querySelector('#graph')._cyreg.cy;
  const point = (p) => [p.x, p.y];
  return {
    room: [cy.width(), cy.height()],
    nodes: cy.nodes().filter((n) => n.visible()).map((n) => ({
      id: n.id(), at: point(n.renderedPosition()), side: n.renderedWidth(),
      ring: n.numericStyle('border-width') * cy.zoom(), style: n.style('border-style'), color: n.style('border-color'),
    })),
    edges: cy.edges().filter((e) => e.visible()).map((e) => ({
      id: e.id(), start: point(e.renderedSourceEndpoint()), end: point(e.renderedTargetEndpoint()),
      bends: e.renderedControlPoints().map(point), width: e.numericStyle('width') * cy.zoom(),
      style: e.style('line-style'), color: e.style('line-color'), opacity: e.numericStyle('line-opacity'),
    })),
  };
}"""


def rgb(color: str) -> str:
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgb({red},{green},{blue})"


def draw(store: RunStore, shown: dict[str, Any], vs: int | None, covers: float) -> tuple[GraphScene, float]:
    """The scene on the page's stage, and how far its stage lies below its edge."""
    pictures = PictureSource(store.thumbnail, lambda at, side: None)
    scene = build_scene(read_subject(store, 0, vs, covers), pictures, "light", Size(*shown["room"]))
    first = next(node for node in scene.nodes if node.channel_id == shown["nodes"][0]["id"])
    return scene, first.frame.at.y + first.frame.size[1] / 2 - shown["nodes"][0]["at"][1]


@pytest.mark.parametrize(
    ("query", "vs", "covers"),
    [("?class=0", None, 100), ("?class=0&covers=50", None, 50), ("?class=0&vs=1&view=compare", 1, 100)],
)
def test_the_picture_is_the_page(
    page: Page, url: str, run_path: Path, query: str, vs: int | None, covers: float
) -> None:
    store = RunStore(run_path)
    open_page(page, url + query)
    assert visible_nodes(page)
    shown = page.evaluate(_CANVAS)
    scene, top = draw(store, shown, vs, covers)

    nodes = {node.channel_id: node for node in scene.nodes}
    assert set(nodes) == {node["id"] for node in shown["nodes"]}
    for theirs in shown["nodes"]:
        check_node(nodes[theirs["id"]], theirs, top)
    edges = {f"{edge.source}--{edge.target}": edge for edge in scene.edges}
    assert set(edges) == {edge["id"] for edge in shown["edges"]}
    for theirs in shown["edges"]:
        check_edge(edges[theirs["id"]], theirs, top)


def check_node(node: SceneNode, theirs: dict[str, Any], top: float) -> None:
    frame, side = node.frame, node.frame.size[0]
    assert frame.stroke is not None
    assert (frame.at.x + side / 2, frame.at.y + side / 2 - top) == pytest.approx(theirs["at"], abs=0.1)
    assert side == pytest.approx(theirs["side"], abs=0.1)
    assert frame.stroke.width == pytest.approx(theirs["ring"], abs=0.01)
    assert (bool(frame.stroke.dash), rgb(frame.stroke.color)) == (theirs["style"] == "dashed", theirs["color"])


def check_edge(edge: SceneEdge, theirs: dict[str, Any], top: float) -> None:
    start, leaving, _, arriving, end = ((point.x, point.y - top) for point in edge.points)
    assert (*start, *end) == pytest.approx((*theirs["start"], *theirs["end"]), abs=0.1)
    # The page reckons its bends from ends without rings, which tilts them by less than a ring's width.
    for ours, bend in zip((leaving, arriving), theirs["bends"], strict=True):
        assert ours == pytest.approx(bend, abs=2)
    assert edge.stroke.width == pytest.approx(theirs["width"], abs=0.01)
    assert edge.stroke.opacity == pytest.approx(theirs["opacity"])
    assert (bool(edge.stroke.dash), rgb(edge.stroke.color)) == (theirs["style"] == "dashed", theirs["color"])
