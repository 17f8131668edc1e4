"""One channel: by itself, and within a class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from precompute.contract.schema import ALL_CLASSES
from summit_dash.payloads.numbers import shorten
from summit_dash.run.examples import Example
from summit_dash.run.graphs import Channel, Edge
from summit_dash.run.labels import LONGEST
from summit_dash.run.store import RunStore, Use
from summit_dash.run.suggested_labels import SEPARATOR, choose_top, suggest

__all__ = ["build_channel", "build_class_channel"]

N_CLASSES = 12
"""Classes listed for a channel."""
N_ENDS = 10
"""Strongest sources and targets listed for a channel."""


def build_channel(store: RunStore, at: Channel) -> dict[str, Any]:
    """What is true of a channel whatever the class: its pictures, who uses it, its examples over all classes."""
    uses = store.uses(at) if store.has("activations") else []
    return {
        "picture": store.pictures.picture_kind(at),
        "kinds": store.pictures.visualization_kinds(at),
        "excitation": shorten(store.pictures.excitation(at), 3),
        "found_dead": store.pictures.found_dead(at),
        "n_graphs": store.n_graphs_with(at) if store.has("attribution_graph_nodes") else None,
        **_facts(store, at),
        "n_uses": len(uses),
        "uses": {
            "class": [use.class_id for use in uses[:N_CLASSES]],
            "count": [use.activation_count for use in uses[:N_CLASSES]],
        },
        "suggestion": _suggestion(store, uses),
        "examples": _examples(store.pictures.examples(at, ALL_CLASSES)),
    }


def build_class_channel(store: RunStore, class_id: int, at: Channel) -> dict[str, Any]:
    """A channel within a class: in how many images it is strong, its strongest sources and targets, its examples."""
    count = int(store.counts(at.layer)[store.row_of(class_id), at.channel]) if store.has("activations") else None
    return {
        "count": count,
        "sources": _ends(store, [(edge, edge.source) for edge in store.sources(class_id, at, N_ENDS)]),
        "targets": _ends(store, [(edge, edge.target) for edge in store.targets(class_id, at, N_ENDS)]),
        "examples": _examples(store.pictures.examples(at, class_id)),
    }


def _facts(store: RunStore, at: Channel) -> dict[str, Any]:
    """The channel over the whole dataset; nothing where the run does not tell."""
    if not store.has("channels"):
        return {}
    facts = store.channel_facts(at.layer)
    return {
        "activation_fraction": round(float(facts.activation_fraction[at.channel]), 6),
        "max_activation": shorten(facts.max_activation[at.channel]),
        "is_dead": bool(facts.is_dead[at.channel]),
        "is_outlier": bool(facts.is_outlier[at.channel]),
    }


def _suggestion(store: RunStore, uses: Sequence[Use]) -> dict[str, Any] | None:
    """A label suggested for the channel, and how many of its top classes share a word of it; None without any."""
    found = suggest(store.vocabulary, choose_top({use.class_id: use.fraction for use in uses}), LONGEST)
    return {**found._asdict(), "label": SEPARATOR.join(found.words)} if found else None


def _examples(examples: Sequence[Example]) -> dict[str, list[Any]]:
    """Arrays along the examples; `box` is x0, y0, x1, y1 where the picture is a part of an image, else None."""
    return {
        "rank": [example.rank for example in examples],
        "image_id": [example.image_id for example in examples],
        "activation": [shorten(example.activation) for example in examples],
        "box": [example.box for example in examples],
    }


def _ends(store: RunStore, ends: Sequence[tuple[Edge, Channel]]) -> dict[str, list[Any]]:
    places = {layer: place for place, layer in enumerate(store.layers)}
    return {
        "layer": [places[at.layer] for _, at in ends],
        "channel": [at.channel for _, at in ends],
        "count": [edge.influence_count for edge, _ in ends],
        "mean": [shorten(edge.mean_influence) for edge, _ in ends],
        "picture": [store.pictures.picture_kind(at) for _, at in ends],
    }
