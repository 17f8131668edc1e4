"""The keys of payloads, and which builder answers each. What is served and what a static site holds are the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from precompute.contract.errors import InputError
from summit_dash.payloads.about import build_about
from summit_dash.payloads.channel import build_channel, build_class_channel
from summit_dash.payloads.channels import build_channel_use, build_channels
from summit_dash.payloads.embedding import build_embedding
from summit_dash.payloads.of_class import build_class
from summit_dash.payloads.of_class_panel import build_class_panel
from summit_dash.payloads.of_layer import build_class_layer
from summit_dash.payloads.overview import build_overview
from summit_dash.payloads.preview import build_preview
from summit_dash.run.graphs import Channel
from summit_dash.run.labels import build_labels
from summit_dash.run.store import RunStore

__all__ = ["build_payload"]

Builder = Callable[..., dict[str, Any]]


def _class_id(store: RunStore, text: str) -> int:
    class_id = int(text)
    if class_id not in store.classes:
        raise InputError("A class is one of the run's.", f"The run has no class {class_id}.", "Choose one of the list.")
    return class_id


def _layer(store: RunStore, layer: str) -> str:
    if layer not in store.layers:
        raise InputError("A layer is one of the run's.", f"The link says layer={layer}.", "Choose one of the strip.")
    return layer


def _channel(store: RunStore, layer: str, text: str) -> Channel:
    info = store.layers.get(layer)
    if info is None or int(text) >= info.n_channels:
        rule = (
            f"A channel of {layer} is a number from 0 to {info.n_channels - 1}."
            if info
            else "A layer is one of the run's."
        )
        raise InputError(rule, f"The link says {layer}-{text}.", "Choose a channel of the graph.")
    return Channel(layer, int(text))


_BUILDERS: tuple[tuple[str, Builder], ...] = (
    (r"run", build_overview),
    (r"about", build_about),
    (r"embedding", build_embedding),
    (r"class/(\d{1,9})", lambda store, c: build_class(store, _class_id(store, c))),
    (r"class/(\d{1,9})/panel", lambda store, c: build_class_panel(store, _class_id(store, c))),
    (r"preview/(\d{1,9})", lambda store, c: build_preview(store, _class_id(store, c))),
    (
        r"class/(\d{1,9})/layer/(.+)",
        lambda store, c, layer: build_class_layer(store, _class_id(store, c), _layer(store, layer)),
    ),
    (r"channel/(.+)/(\d{1,9})", lambda store, layer, n: build_channel(store, _channel(store, layer, n))),
    (r"channels/(.+)", lambda store, layer: build_channels(store, _layer(store, layer))),
    (r"labels", build_labels),
    (r"channel_use", build_channel_use),
    (
        r"class/(\d{1,9})/channel/(.+)/(\d{1,9})",
        lambda store, c, layer, n: build_class_channel(store, _class_id(store, c), _channel(store, layer, n)),
    ),
)


def build_payload(store: RunStore, key: str) -> dict[str, Any] | None:
    """The payload of a key, or None where there is no such kind.

    Raises:
        InputError: the run lacks what the key names.
    """
    for pattern, build in _BUILDERS:
        match = re.fullmatch(pattern, key)
        if match:
            return build(store, *match.groups())
    return None
