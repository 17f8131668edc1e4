"""The part of a map that passes through chosen channels of a recorded layer (Achtibat et al. 2023, section 3.2).

It shows the place in the image where these channels speak for the class.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from precompute.contract.errors import InputError
from precompute.explanations.backward.walks import WALKS, Walk
from precompute.explanations.explainer import Explainer
from precompute.explanations.registry import find_method
from precompute.explanations.target import Target

__all__ = ["ChannelRelevance", "compute_channel_relevance", "iterate_channel_relevance", "read_channels"]


@dataclass(frozen=True)
class ChannelRelevance:
    """Maps of what passes through some channels.

    Attributes:
        map: `(image, channel, height, width)` of the model's input. The maps of all channels of a layer that every
            way to the class passes through add up to the method's own map.
        scores: of the targets, `(image,)`.
    """

    map: Tensor
    scores: Tensor


def compute_channel_relevance(
    explainer: Explainer,
    images: Tensor,
    targets: Sequence[Target],
    layer: str,
    channels: Sequence[int],
    method: str = "lrp",
    options: Mapping[str, Any] | None = None,
) -> ChannelRelevance:
    """Computes the maps of images by a method that walks back over the model, through some channels alone.

    Args:
        explainer: the model.
        images: `(image, channel, height, width)`, after preprocessing.
        targets: one for each image.
        layer: a recorded layer.
        channels: of the layer.
        method: one of `WALKS`; `simple_taylor` is gradient times input.
        options: of the method, those that differ from its defaults.

    Raises:
        InputError: the layer is not recorded or has no such channel; the method does not pass through layers, or has
            no rule for an operator.
    """
    n_channels = _require_channels(explainer, layer, channels)
    walk = _prepare(explainer, images, targets, method, options)
    kept = torch.zeros(n_channels)
    kept[list(channels)] = 1
    return ChannelRelevance(walk.leave(layer, walk.reach(layer), kept), walk.scores)


def iterate_channel_relevance(
    explainer: Explainer,
    images: Tensor,
    targets: Sequence[Target],
    layer: str,
    channels: Sequence[int],
    method: str = "lrp",
) -> Iterator[ChannelRelevance]:
    """Computes the maps of images through each of some channels alone, one after another.

    The way from the class down to the layer is walked once.

    Args:
        explainer: the model.
        images: as in `compute_channel_relevance`.
        targets: the same.
        layer: the same.
        channels: the same.
        method: the same.

    Raises:
        InputError: as in `compute_channel_relevance`.
    """
    n_channels = _require_channels(explainer, layer, channels)
    walk = _prepare(explainer, images, targets, method, None)
    reached = walk.reach(layer)
    for channel in channels:
        kept = torch.zeros(n_channels)
        kept[channel] = 1
        yield ChannelRelevance(walk.leave(layer, reached, kept), walk.scores)


def _require_channels(explainer: Explainer, layer: str, channels: Sequence[int]) -> int:
    """Checks that a layer has channels, and returns how many it has in all."""
    n_channels = explainer.exported.layouts[explainer.find_layer(layer)].n_channels
    beyond = [channel for channel in channels if not 0 <= channel < n_channels]
    if beyond or not channels:
        raise InputError(
            f"The channels of {layer} are 0 to {n_channels - 1}.",
            f"Found {beyond[0]}." if beyond else "Found none.",
            "Name some of them, such as " + f"{layer}-0.",
        )
    return n_channels


def _prepare(
    explainer: Explainer,
    images: Tensor,
    targets: Sequence[Target],
    method: str,
    options: Mapping[str, Any] | None,
) -> Walk:
    """Prepares the walk of a method."""
    defaults = find_method(method).options
    if method not in WALKS:
        raise InputError(
            f"Through channels pass the methods {', '.join(WALKS)}.", f"Found {method}.", "Name one of them."
        )
    return WALKS[method](explainer, images, targets, {**defaults, **(options or {})})


def read_channels(names: Sequence[str], layers: Sequence[str]) -> dict[str, list[int]]:
    """Reads names of channels such as `mixed4d-346`, by layer, in the order of their first mention.

    Args:
        names: layer and number, joined by a hyphen.
        layers: the recorded ones.

    Raises:
        InputError: a layer is unknown, or no number follows.
    """
    found: dict[str, list[int]] = {}
    for name in names:
        layer, _, number = name.rpartition("-")
        if layer not in layers or not number.isdecimal():
            near = difflib.get_close_matches(layer or name, layers, n=1)
            raise InputError(
                "A channel is a recorded layer and a number, such as "
                f"{near[0] if near else next(iter(layers), 'mixed4d')}-0.",
                f"Found {name}.",
                f"Layers are {', '.join(layers)}.",
            )
        channels = found.setdefault(layer, [])
        if int(number) not in channels:
            channels.append(int(number))
    return found
