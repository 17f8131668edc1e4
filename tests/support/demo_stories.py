"""The two stories of the demo in the form of a manifest, as test data."""

from __future__ import annotations

from typing import Any

__all__ = ["STORIES"]

STORIES: list[dict[str, Any]] = [
    {
        "id": "story-hand",
        "title": "A story: the hand that makes the carp",
        "class": "carp",
        "vs": "trout",
        "steps": [
            "In nearly every scene of the [carp](class) a hand holds the fish. No other class has a hand.",
            "Open its graph and look at the examples of the channels near the output.",
            "Compare it with the [trout](compare), which has the same body, colours and places: what is left over is "
            "what tells them apart.",
            "Channels of the carp alone, the most used first: {own_channels}. Their examples show white cuffs and "
            "hands: the network has learned to see a carp in the hand, not only the fish.",
        ],
    },
    {
        "id": "story-bears",
        "title": "A story: where two bears part",
        "class": "black bear",
        "vs": "brown bear",
        "steps": [
            "Black bear and brown bear are the same drawing in two furs. [Compare them](compare).",
            "The bars at the left tell how many channels of each layer they share: the network sees one bear at first.",
            "From {parting_layer} on fewer than half are shared: this is [where they part](parting). Its channels in "
            "one colour react to fur of it.",
        ],
    },
]
