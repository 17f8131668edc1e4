"""Descent of channels: the channels that raise or lower each channel of a value, with no convolution in between."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import fx

from precompute.models.provenance.expressions import (
    Addition,
    Channels,
    Concatenation,
    Convolution,
    Nothing,
    Passed,
    Selection,
    Source,
    list_inner,
    sort_post_order,
)

Descent = dict[tuple[fx.Node, int], int]
"""The sign by layer or convolution and channel: 1 where raising it raises the descendant, -1 lowers, 0 does both."""


def find_descents(channels: Channels) -> list[Descent]:
    """Finds the descent of every channel of an expression."""
    known: dict[int, list[Descent]] = {}
    for expression in _list_closed_parts(channels):
        known[id(expression)] = _combine(expression, known)
    return known[id(channels)]


def is_turned(channels: Channels, known: dict[Channels, bool]) -> bool:
    """Returns whether any channel descends from one that lowers it.

    Args:
        channels: the expression.
        known: the answers for earlier expressions; new ones are added.
    """
    for part in sort_post_order(channels, lambda e: () if isinstance(e, Convolution) or e in known else list_inner(e)):
        if isinstance(part, Source | Convolution):
            known[part] = bool((_read_signs(part) < 0).any())
        elif part not in known:
            known[part] = any(known[inner] for inner in list_inner(part))
    return known[channels]


def _list_closed_parts(channels: Channels) -> list[Channels]:
    return sort_post_order(channels, lambda e: () if isinstance(e, Convolution) else list_inner(e))


def _combine(channels: Channels, known: dict[int, list[Descent]]) -> list[Descent]:
    match channels:
        case Source() | Convolution():
            node = channels.node if isinstance(channels, Convolution) else channels.layer.node
            signs = _read_signs(channels).int().tolist()
            return [{(node, channel): sign} if sign else {} for channel, sign in enumerate(signs)]
        case Nothing(n_channels):
            return [{} for _ in range(n_channels)]
        case Passed(inner):
            return known[id(inner)]
        case Selection(inner, kept):
            return [known[id(inner)][channel] for channel in kept]
        case Concatenation(parts):
            return [found for part in parts for found in known[id(part)]]
        case Addition(terms):
            columns = zip(*(known[id(term.channels)] for term in terms), strict=True)
            return [_unite(found) for found in columns]


def _read_signs(channels: Source | Convolution) -> torch.Tensor:
    scale = channels.sign if isinstance(channels, Source) else channels.gain
    return torch.ones(channels.n_channels) if scale is None else scale.sign()


def _unite(descents: Iterable[Descent]) -> Descent:
    united: Descent = {}
    for descent in descents:
        for origin, sign in descent.items():
            united[origin] = sign if united.get(origin, sign) == sign else 0
    return united
