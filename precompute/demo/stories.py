"""The stories about the demo's classes that the dashboard shows, as data in JSON types."""

from typing import Any

__all__ = ["STORIES"]

STORIES: tuple[dict[str, Any], ...] = (
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
            "Channels that are in the carp's graph and in no other one, the most used first: {own_channels}. Look for "
            "white cuffs and hands among their examples: the network has learned to see a carp in the hand, not only "
            "the fish.",
            "Channels that the carp shares with others, and not with the trout: {other_channels}. They react to more "
            "than the hand: their examples over all classes show to what.",
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
)
"""Each story compares `class` with `vs`, both by class name, in steps.

A step is a sentence or two with links `[text](target)`: `class` is the class's graph, `compare` the comparison of the
two classes, `parting` the comparison at the layer from which they part. `{own_channels}` is replaced by links to the
channels in the graph of `class` and no other one, `{other_channels}` by those that `vs` lacks and other classes have,
`{parting_layer}` by the name of the layer. A reader leaves a step out if the run has nothing
to put in.
"""
