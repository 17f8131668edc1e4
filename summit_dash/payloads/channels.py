"""The channels of a layer side by side, and the use of each layer's channels by classes."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from summit_dash.figures.channel_use import build_channel_use_figure
from summit_dash.figures.look import ACCENTS
from summit_dash.graph.theme import PALETTES
from summit_dash.run.graphs import Channel
from summit_dash.run.store import ChannelFacts, RunStore

__all__ = ["N_POINTS", "build_channel_use", "build_channels"]

N_POINTS = 200
"""Greatest number of points of a layer's curve of use."""


def build_channels(store: RunStore, layer: str) -> dict[str, Any]:
    """Builds arrays along the channels of a layer; `n_graphs` is None where the run has no graphs."""
    info = store.layers[layer]
    graphs = store.read_graph_uses(layer).tolist() if store.has("attribution_graph_nodes") else None
    return {
        "layer": layer,
        "n_channels": info.n_channels,
        "n_graphs": graphs,
        **_build_facts(store, layer),
        "picture": [store.pictures.get_picture_kind(Channel(layer, channel)) for channel in range(info.n_channels)],
        "found_dead": [n for n in range(info.n_channels) if store.pictures.is_found_dead(Channel(layer, n))],
        "pictures": store.pictures.count_pictures(layer)._asdict(),
    }


def _build_facts(store: RunStore, layer: str) -> dict[str, Any]:
    if not store.has("channels"):
        return {}
    facts = store.read_channel_facts(layer)
    return {
        "n_classes": facts.n_classes.tolist(),
        "activation_fraction": [round(value, 6) for value in facts.activation_fraction.tolist()],
        "max_activation": [float(f"{value:.4g}") for value in facts.max_activation.tolist()],
        "is_dead": np.flatnonzero(facts.is_dead).tolist(),
        "is_outlier": np.flatnonzero(facts.is_outlier).tolist(),
    }


def build_channel_use(store: RunStore) -> dict[str, Any]:
    """Builds a curve per layer, numbers of classes that use its channels, most used first, and the figure of all.

    Source: the experimental notebook of Summit (Hohman et al. 2020).

    Raises:
        InputError: the run has no table of channels.
    """
    n_classes = len(store.classes)
    uses = [_build_use(store.read_channel_facts(layer), n_classes) for layer in store.layers]
    figures = {theme: build_channel_use_figure(list(store.layers), uses, n_classes, theme=theme) for theme in PALETTES}
    return {
        "n_classes": n_classes,
        "layers": uses,
        "figures": {theme: json.loads(figure.to_json()) for theme, figure in figures.items()},
        "accents": dict(ACCENTS),
    }


def _build_use(facts: ChannelFacts, n_classes: int) -> dict[str, Any]:
    """Returns the curve of a layer: `place` in the order of use, and `count` of classes that use the channel there."""
    uses = facts.n_classes
    ranked = -np.sort(-uses)
    top = int(np.lexsort((-facts.activation_fraction, -uses))[0])
    ranks = np.unique(np.linspace(0, len(ranked) - 1, min(len(ranked), N_POINTS)).round().astype(int))
    return {
        "n_channels": len(uses),
        "place": ranks.tolist(),
        "count": ranked[ranks].tolist(),
        "by_none": int((uses == 0).sum()),
        "by_one": int((uses == 1).sum()),
        "by_most": int((2 * uses > n_classes).sum()),
        "top": top,
        "top_count": int(uses[top]),
    }
