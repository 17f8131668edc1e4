"""The measures `summit` and `gradient` by loops and dictionaries, from their definitions alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from tests.reference.influence import Conv, influence_of, strongest_channels, top_sources

Pairs = dict[tuple[int, int], int]
"""Counts by (target, source)."""

SAMPLING = 3


def sampled(conv: Conv) -> Conv:
    """The convolution at every third position of its output (Summit's published code)."""
    return Conv(conv.weight, conv.stride * SAMPLING, conv.padding, conv.dilation, conv.groups)


def summit_counts(conv: Conv, reads: Sequence[Tensor], top_k: int) -> Pairs:
    """Over the images of a class, how often each source is among the `top_k` strongest of a target.

    Args:
        reads: per image what the convolution reads, `(source, height, width)`.
    """
    counts: Pairs = defaultdict(int)
    for values in reads:
        for target, row in enumerate(top_sources(influence_of(sampled(conv), values), top_k)):
            for source, _ in row:
                counts[target, source] += 1
    return counts


def composed(outer: Pairs, inner: Pairs) -> Pairs:
    """`count(j, i) = max over m of min(count(j, m), count(m, i))`."""
    counts: Pairs = defaultdict(int)
    for (j, m), first in outer.items():
        for (n, i), second in inner.items():
            if m == n:
                counts[j, i] = max(counts[j, i], min(first, second))
    return counts


def shifted(counts: Pairs, targets: int = 0, sources: int = 0) -> Pairs:
    """The same pairs, as a part of a concatenation has them."""
    return {(j + targets, i + sources): count for (j, i), count in counts.items()}


def either(*ways: Pairs) -> Pairs:
    """Of several ways from source to target the stronger one."""
    counts: Pairs = defaultdict(int)
    for way in ways:
        for pair, count in way.items():
            counts[pair] = max(counts[pair], count)
    return counts


@dataclass
class Between:
    """Two recorded modules of a model, one of which feeds the other."""

    model: nn.Module
    source: nn.Module
    target: nn.Module


def gradient_influence(between: Between, image: Tensor, mass: float) -> Tensor:
    """Gradient x activation of every strong target channel, summed over positions, positive part.

    The whole model runs again for every channel; what the source module returns is replaced by a leaf.

    Args:
        image: `(1, channel, height, width)`.

    Returns:
        `(target, source)`.
    """
    with torch.no_grad():
        values = _outputs(between, image, None)
    rows = torch.zeros(values["target"].shape[1], values["source"].shape[1])
    for channel in strongest_channels(values["target"][0], mass):
        leaf = values["source"].clone().requires_grad_()
        target = _outputs(between, image, leaf)["target"]
        flat = target[0, channel].flatten()
        flat[int(flat.argmax())].backward()  # type: ignore[no-untyped-call]
        gradient = leaf.grad
        assert gradient is not None
        for source in range(rows.shape[1]):
            total = float((gradient[0, source] * leaf.detach()[0, source]).sum())
            rows[channel, source] = max(total, 0.0)
    return rows


def _outputs(between: Between, image: Tensor, leaf: Tensor | None) -> dict[str, Tensor]:
    found: dict[str, Tensor] = {}

    def at_source(module: nn.Module, inputs: Any, output: Tensor) -> Tensor:
        found["source"] = output if leaf is None else leaf
        return found["source"]

    def at_target(module: nn.Module, inputs: Any, output: Tensor) -> None:
        found["target"] = output

    handles = [between.source.register_forward_hook(at_source), between.target.register_forward_hook(at_target)]
    try:
        between.model(image)
    finally:
        for handle in handles:
            handle.remove()
    return found
