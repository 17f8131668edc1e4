"""The answers about an image, whatever the address asks."""

from __future__ import annotations

from summit_dash.live.service import Live
from summit_dash.live.visits import Visit
from summit_dash.run.store import RunStore
from tests.support.live_page import ask


def test_a_link_to_another_tab_layer_or_target_is_answered_or_refused_in_words(
    live: Live, visit: Visit, store: RunStore
) -> None:
    assert "Signed maps" in str(ask(live, visit, store, tab="nothing").body)
    assert "conv1-0" in str(ask(live, visit, store, tab="cells", at="conv1").body)
    for wrong in ({"target": 99}, {"target": 1, "against": 1}):
        assert "two of the model" in str(ask(live, visit, store, tab="cells", **wrong).body)
    assert "None is chosen." in str(ask(live, visit, store, tab="graph", class_id=None).body)
