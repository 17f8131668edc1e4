"""The tools around the graph of an image: table, files, pins, and the way of the keyboard."""

from __future__ import annotations

from summit_dash.live.service import Live
from summit_dash.live.visits import Visit
from summit_dash.pages.images_graph import build_canvas
from summit_dash.run.store import RunStore
from tests.support.live_answers import LAYER
from tests.support.live_page import ask


def test_pins_leave_what_is_connected_and_the_table_holds_the_same_channels(
    live: Live, visit: Visit, store: RunStore
) -> None:
    whole = ask(live, visit, store, tab="graph")
    assert whole.table is None
    pinned = ask(live, visit, store, tab="graph", pins=[f"{LAYER}-0"], probe={"layer": LAYER, "channel": 0})
    nodes = {each["data"]["id"]: each["classes"] for each in pinned.elements if "source" not in each["data"]}
    assert 0 < len(nodes) < len(whole.elements) and "pinned" in nodes[f"{LAYER}-0"]
    assert "1 channel pinned" in str(pinned.body) and "Unpin" in str(pinned.probed)
    shown = ask(live, visit, store, tab="graph", **{"as": "table"})
    assert not shown.elements and shown.table is not None
    own = next(row for row in shown.table["rows"] if (row["layer"], row["channel"]) == (LAYER, 0))
    assert own["cells"][1:3] == ["3", "+0.5"]


def test_files_of_the_graph_lie_beside_the_pictures_of_the_visit(live: Live, visit: Visit, store: RunStore) -> None:
    body = str(ask(live, visit, store, tab="graph").body)
    address = body.partition("image-graph-channels.csv")[2].partition("href='")[2].partition("'")[0]
    content = visit.shelf.find(address.rpartition("/")[2])
    assert content is not None and content.startswith(b"layer,channel,part,") and b"conv2,0," in content


def test_the_keyboard_walks_through_the_channels_by_one_stop(live: Live, visit: Visit, store: RunStore) -> None:
    drawn, walk = build_canvas(ask(live, visit, store, tab="graph").elements, "light")
    nodes = [each for each in drawn.elements if "source" not in each["data"]]
    assert len(walk.children) == len(nodes)
    assert [button.tabIndex for button in walk.children].count(0) == 1
