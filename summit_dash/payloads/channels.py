"""The channels of a layer side by side, and the use of each layer's channels by classes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from summit_dash.figures.channel_use import build_channel_use_figure
from summit_dash.figures.look import ACCENTS
from summit_dash.graph.theme import PALETTES
from summit_dash.payloads.blocks import Block, build_action, build_cell, build_element, build_head
from summit_dash.run.graphs import Channel
from summit_dash.run.layer_names import shorten_layer_names
from summit_dash.run.store import ChannelFacts, RunStore
from summit_dash.run.text import format_count, format_part, format_percent

__all__ = ["N_POINTS", "build_channel_use", "build_channels"]

N_POINTS = 200
"""Greatest number of points of a layer's curve of use."""
_CAPTION = "Share of the channels that no class, one class, or more than half of the classes use, by layer"
_HEADS = (
    {"name": "layer"},
    build_head("channels"),
    build_head("by none", "Channels that no class uses, of the channels of the layer."),
    build_head("by one", "Channels that one class alone uses."),
    build_head("by > half", "Channels that more than half of the classes use."),
    build_head("most used", "The channel that most classes use; of several, the one strong on most images."),
)


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
    """Builds a curve per layer, numbers of classes that use its channels, most used first, the figure of all, a table.

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
        "blocks": [_build_use_table(store, uses)],
    }


def _build_use_table(store: RunStore, uses: Sequence[Mapping[str, Any]]) -> Block:
    shorts = shorten_layer_names(store.layer_names)
    rows = [
        {"data-layer": layer, "cells": _build_use_row(layer, short, place, use, len(store.classes))}
        for place, (layer, short, use) in enumerate(zip(store.layers, shorts, uses, strict=True))
    ]
    return {"table": {"caption": _CAPTION, "heads": list(_HEADS), "rows": rows}}


def _build_use_row(layer: str, short: str, place: int, use: Mapping[str, Any], n_classes: int) -> list[Block]:
    n = use["n_channels"]
    name = build_action({"layer": layer}, short, class_="use-layer", data_tip=layer)
    shares = [
        build_cell(format_percent(use[key] / n), f"{format_part(use[key], n)} channels")
        for key in ("by_none", "by_one", "by_most")
    ]
    tip = f"{layer}-{use['top']}: used by {format_part(use['top_count'], n_classes)} classes"
    top = build_action({"layer": layer, "channel": use["top"]}, str(use["top"]), class_="use-top", data_tip=tip)
    head = build_element("th", name, scope="row", data_value=str(place))
    return [head, format_count(n), *shares, build_element("td", top, class_="number")]


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
