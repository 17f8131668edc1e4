"""One channel: by itself, and within a class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from precompute.contract.schema import ALL_CLASSES
from summit_dash.payloads.examples import build_examples
from summit_dash.payloads.numbers import shorten
from summit_dash.run.graphs import Channel, Edge
from summit_dash.run.labels import LONGEST
from summit_dash.run.store import RunStore, Use
from summit_dash.run.suggested_labels import SEPARATOR, choose_top, suggest

__all__ = ["build_channel", "build_class_channel"]

N_CLASSES = 100
"""Greatest number of classes listed for a channel."""
N_ENDS = 10
"""Greatest number of sources, and of targets, listed for a channel."""


def build_channel(store: RunStore, channel: Channel, is_bare: bool = False) -> dict[str, Any]:
    """Builds the facts of a channel for the whole run: pictures, classes that use it, examples over all classes.

    Args:
        store: the run.
        channel: the channel.
        is_bare: leaves out examples and visualizations but the picture. Reading the examples is the slow part.
    """
    examples = [] if is_bare else store.pictures.list_examples(channel, ALL_CLASSES)
    uses = store.read_uses(channel) if store.has("activations") else []
    return {
        "picture": store.pictures.get_picture_kind(channel),
        "kinds": [] if is_bare else store.pictures.list_visualization_kinds(channel),
        "excitation": shorten(store.pictures.read_excitation(channel), 3),
        "found_dead": store.pictures.is_found_dead(channel),
        "n_graphs": store.count_graphs_with(channel) if store.has("attribution_graph_nodes") else None,
        **_build_facts(store, channel),
        "n_uses": len(uses),
        "uses": {
            "class": [use.class_id for use in uses[:N_CLASSES]],
            "count": [use.activation_count for use in uses[:N_CLASSES]],
        },
        "suggestion": _build_suggestion(store, uses),
        "examples": build_examples(store, examples),
    }


def build_class_channel(store: RunStore, class_id: int, channel: Channel) -> dict[str, Any]:
    """Builds the facts of a channel within a class: activation count, strongest sources and targets, examples."""
    count = (
        int(store.read_counts(channel.layer)[store.find_row(class_id), channel.channel])
        if store.has("activations")
        else None
    )
    return {
        "count": count,
        "sources": _build_ends(store, [(edge, edge.source) for edge in store.read_sources(class_id, channel, N_ENDS)]),
        "targets": _build_ends(store, [(edge, edge.target) for edge in store.read_targets(class_id, channel, N_ENDS)]),
        "examples": build_examples(store, store.pictures.list_examples(channel, class_id)),
    }


def _build_facts(store: RunStore, channel: Channel) -> dict[str, Any]:
    """Returns the facts of a channel over the whole dataset; nothing where the run lacks them."""
    if not store.has("channels"):
        return {}
    facts = store.read_channel_facts(channel.layer)
    return {
        "activation_fraction": round(float(facts.activation_fraction[channel.channel]), 6),
        "max_activation": shorten(facts.max_activation[channel.channel]),
        "is_dead": bool(facts.is_dead[channel.channel]),
        "is_outlier": bool(facts.is_outlier[channel.channel]),
    }


def _build_suggestion(store: RunStore, uses: Sequence[Use]) -> dict[str, Any] | None:
    """Returns a label suggested for the channel and the number of top classes that share a word of it, or None."""
    found = suggest(store.vocabulary, choose_top({use.class_id: use.fraction for use in uses}), LONGEST)
    return {**found._asdict(), "label": SEPARATOR.join(found.words)} if found else None


def _build_ends(store: RunStore, ends: Sequence[tuple[Edge, Channel]]) -> dict[str, list[Any]]:
    indices = {layer: index for index, layer in enumerate(store.layers)}
    return {
        "layer": [indices[channel.layer] for _, channel in ends],
        "channel": [channel.channel for _, channel in ends],
        "count": [edge.influence_count for edge, _ in ends],
        "mean": [shorten(edge.mean_influence) for edge, _ in ends],
        "picture": [store.pictures.get_picture_kind(channel) for _, channel in ends],
    }
