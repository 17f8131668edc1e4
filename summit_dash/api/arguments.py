"""The arguments of the Python interface: a class, a layer and a channel, as people write them."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

import numpy as np

from precompute.contract.errors import InputError
from summit_dash.run.find_class import find_class
from summit_dash.run.graphs import Channel
from summit_dash.run.store import RunStore

__all__ = ["ClassName", "find_channel", "find_class_id", "find_layer"]

ClassName = str | int
"""A class: its class_id as a number, or a text as the command line takes it (synset, name, first name, `#3`)."""


def find_class_id(store: RunStore, class_: ClassName) -> int:
    """Finds the class_id of a class.

    Raises:
        InputError: no class, or several, are named so; the message lists the nearest ones.
    """
    if isinstance(class_, str):
        return find_class(store.classes, class_).class_id
    return find_class(store.classes, f"#{_read_number(class_, 'class_id')}").class_id


def find_layer(store: RunStore, layer: str) -> str:
    """Returns the name of a recorded layer, which must be exact.

    Raises:
        InputError: the run has no such layer.
    """
    if layer in store.layers:
        return layer
    near = get_close_matches(str(layer), store.layer_names, n=3, cutoff=0.5)
    hint = f"Near it: {', '.join(near)}." if near else f"The run has {', '.join(store.layer_names)}."
    raise InputError("A layer is one of those that the run recorded.", f"It has no {layer!r}.", hint)


def find_channel(store: RunStore, layer: str, channel: int) -> Channel:
    """Returns a channel of a layer.

    Raises:
        InputError: the run has no such layer, or the layer has no such channel.
    """
    n_channels = store.layers[find_layer(store, layer)].n_channels
    number = _read_number(channel, "channel")
    if not 0 <= number < n_channels:
        raise InputError(
            "A channel is a number from 0.",
            f"{layer} has {n_channels:,} channels, and {number} is none of them.",
            f"Choose one from 0 to {n_channels - 1}.",
        )
    return Channel(layer, number)


def _read_number(value: Any, what: str) -> int:
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        return int(value)
    raise InputError(f"A {what} is a whole number.", f"Found {value!r}.", "Give a number such as 3.")
