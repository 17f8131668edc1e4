"""The tab of channels."""

from __future__ import annotations

from summit_dash.live.service import Live
from summit_dash.live.visits import Visit
from summit_dash.run.store import RunStore
from tests.support.live_answers import LAYER
from tests.support.live_page import ask


def test_channels_have_attribution_share_and_maps_and_a_mean_over_the_strip(
    live: Live, visit: Visit, store: RunStore
) -> None:
    live.visits.add(visit, "b.png", b"other")
    body = str(ask(live, visit, store, tab="channels").body)
    for words in (
        "Speak for carp",
        "75.0 %",
        "+2",
        f"Relevance through {LAYER}-0",
        "n = 1 image",
        "All 2 of the strip",
    ):
        assert words in body
    assert "None." in body  # nothing speaks against
    assert "n = 2 images" in str(ask(live, visit, store, tab="channels", over="all").body)
