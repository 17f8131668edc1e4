"""The channels of a class's graph that lead nowhere, asked for by a card: this needs all influences of the class."""

from __future__ import annotations

from typing import Any

from summit_dash.graph.ends import explain_ends
from summit_dash.run.store import RunStore

__all__ = ["build_class_ends"]


def build_class_ends(store: RunStore, class_id: int) -> dict[str, Any]:
    """Builds `reasons` by channel id for the channels from which nothing leads to the last layer."""
    if not store.has("influences"):
        return {"reasons": {}}
    reasons = explain_ends(store.graph(class_id), lambda channel: store.read_targets(class_id, channel, 1))
    return {"reasons": {channel.channel_id: reason for channel, reason in reasons.items()}}
