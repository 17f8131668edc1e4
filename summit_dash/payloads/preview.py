"""The picture of a class in a list: one of its dataset examples."""

from __future__ import annotations

from typing import Any

from summit_dash.run.examples import Example
from summit_dash.run.graphs import Channel, Graph, Node
from summit_dash.run.store import RunStore

__all__ = ["build_preview", "find_strongest_nodes", "locate"]

N_TRIED = 3
"""Number of channels that are searched for an example; the strongest one has one unless the run keeps none by class."""


def build_preview(store: RunStore, class_id: int) -> dict[str, Any]:
    """Chooses the dataset example that shows the class: `preview` is as `locate` returns it, or None without any.

    It is the best example among the class's own images for the channel of highest PageRank score in the last layer of
    the class's attribution graph.
    """
    if not (store.has("dataset_examples") and store.has("attribution_graph_nodes")):
        return {"preview": None}
    for node in find_strongest_nodes(store.graph(class_id)):
        examples = store.pictures.list_examples(node.channel, class_id)
        if examples:
            return {"preview": locate(node.channel, examples[0])}
    return {"preview": None}


def locate(channel: Channel, example: Example) -> dict[str, Any]:
    """Returns the address of an example: channel and rank, and the `box` of an image where the run holds that."""
    return {
        "layer": channel.layer,
        "channel": channel.channel,
        "rank": example.rank,
        "image_id": example.image_id,
        "box": example.box,
    }


def find_strongest_nodes(graph: Graph) -> list[Node]:
    """Finds the nodes of the last layer that has any, highest score first; ties by activation count, then channel.

    Returns `N_TRIED` nodes at most.
    """
    here = {node.channel.layer for node in graph.nodes}
    last = next((layer for layer in reversed(graph.layers) if layer in here), None)
    nodes = [node for node in graph.nodes if node.channel.layer == last]
    ordered = sorted(nodes, key=lambda node: (-node.pagerank_score, -node.activation_count, node.channel.channel))
    return ordered[:N_TRIED]
