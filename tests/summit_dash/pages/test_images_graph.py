"""The tab of the graph of an image."""

from __future__ import annotations

from summit_dash.live.service import Live
from summit_dash.live.visits import Visit
from summit_dash.run.store import RunStore
from tests.support.live_answers import LAYER
from tests.support.live_page import ask


def test_the_graph_of_the_image_is_laid_over_that_of_the_class(live: Live, visit: Visit, store: RunStore) -> None:
    shown = ask(live, visit, store, tab="graph")
    nodes = {each["data"]["id"]: each for each in shown.elements if "source" not in each["data"]}
    assert {f"{LAYER}-0", f"{LAYER}-1"} <= set(nodes)
    assert nodes[f"{LAYER}-0"]["data"]["label"] == "▲ 0" and nodes[f"{LAYER}-1"]["data"]["label"] == "▼ 1"
    assert nodes[f"{LAYER}-0"]["data"]["size"] == 96
    assert "only in this image's" in str(shown.body) and not shown.probed
    probed = ask(live, visit, store, tab="graph", probe={"layer": LAYER, "channel": 0}).probed
    assert "Activation 3; attribution to carp +0.5" in str(probed) and "Relevance through" in str(probed)
    other = ask(live, visit, store, tab="graph", probe={"layer": LAYER, "channel": 5}).probed
    assert "Not among the strongest channels of this image." in str(other)
    assert not ask(live, visit, store, tab="graph", probe={"layer": "nowhere", "channel": 5}).probed
