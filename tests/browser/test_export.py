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
from summit_dash.run.store import RunStore
from tests.browser.cytoscape import read_curves
from tests.browser.drive import list_nodes as shown_nodes
from tests.browser.drive import open_graph, wait_for_drawn

pytestmark = pytest.mark.browser


def read_color(color: str) -> str:
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgb({red},{green},{blue})"


def draw(store: RunStore, shown: dict[str, Any], vs: int | None, covers: float) -> tuple[GraphScene, float]:
    """Draws the scene of the shown graph, and returns it with the distance of its stage from the upper edge."""
    pictures = PictureSource(store.pictures.get_picture_kind, lambda at, side: None)
    scene = build_scene(read_subject(store, 0, vs, covers), pictures, "light", Size(*shown["room"]))
    first = next(node for node in scene.nodes if node.channel_id == shown["nodes"][0]["id"])
    return scene, first.frame.position.y + first.frame.size[1] / 2 - shown["nodes"][0]["at"][1]


@pytest.mark.parametrize(
    ("query", "vs", "covers"),
    [("?class=0", None, 100), ("?class=0&covers=50", None, 50), ("?class=0&vs=1&view=compare", 1, 100)],
)
def test_the_picture_is_the_page(
    page: Page, url: str, run_path: Path, query: str, vs: int | None, covers: float
) -> None:
    store = RunStore(run_path)
    open_graph(page, url + query)
    wait_for_drawn(page, *([0] if vs is None else [0, vs]))
    assert shown_nodes(page)
    shown = read_curves(page)
    scene, top = draw(store, shown, vs, covers)

    nodes = {node.channel_id: node for node in scene.nodes}
    assert set(nodes) == {node["id"] for node in shown["nodes"]}
    for theirs in shown["nodes"]:
        check_node(nodes[theirs["id"]], theirs, top)
    edges = {f"{edge.source}--{edge.target}": edge for edge in scene.edges if not edge.through}
    assert set(edges) == {edge["id"] for edge in shown["edges"]}
    for theirs in shown["edges"]:
        check_edge(edges[theirs["id"]], theirs, top)


def check_node(node: SceneNode, theirs: dict[str, Any], top: float) -> None:
    frame, side = node.frame, node.frame.size[0]
    assert frame.stroke is not None
    assert (frame.position.x + side / 2, frame.position.y + side / 2 - top) == pytest.approx(theirs["at"], abs=0.1)
    assert side == pytest.approx(theirs["side"], abs=0.1)
    assert frame.stroke.width == pytest.approx(theirs["ring"], abs=0.01)
    assert frame.stroke.opacity == pytest.approx(theirs["opacity"])
    assert (bool(frame.stroke.dash), read_color(frame.stroke.color)) == (theirs["dashed"], theirs["color"])


def check_edge(edge: SceneEdge, theirs: dict[str, Any], top: float) -> None:
    for ours, shown in zip(edge.points, theirs["points"], strict=True):
        assert (ours.x, ours.y - top) == pytest.approx(shown, abs=0.1)
    assert edge.stroke.width == pytest.approx(theirs["width"], abs=0.01)
    assert edge.stroke.opacity == pytest.approx(theirs["opacity"])
    assert (bool(edge.stroke.dash), read_color(edge.stroke.color)) == (theirs["dashed"], theirs["color"])
