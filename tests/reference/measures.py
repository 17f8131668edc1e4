"""The measures `summit` and `gradient` by loops and dictionaries, from their definitions alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from tests.reference.influence import Conv, compute_influence, find_strongest_channels, find_top_sources

Pairs = dict[tuple[int, int], int]
"""Counts by (target, source)."""

SAMPLING = 3


def sample_positions(conv: Conv) -> Conv:
    """Builds the convolution at every third position of its output (Summit's published code)."""
    return Conv(conv.weight, conv.stride * SAMPLING, conv.padding, conv.dilation, conv.groups)


def count_as_summit(conv: Conv, reads: Sequence[Tensor], top_k: int) -> Pairs:
    """Counts, over the images of a class, how often each source is among the `top_k` strongest of a target.

    Args:
        reads: per image the convolution's input, `(source, height, width)`.
    """
    counts: Pairs = defaultdict(int)
    for values in reads:
        for target, row in enumerate(find_top_sources(compute_influence(sample_positions(conv), values), top_k)):
            for source, _ in row:
                counts[target, source] += 1
    return counts


def compose_counts(outer: Pairs, inner: Pairs) -> Pairs:
    """Composes counts: `count(j, i) = max over m of min(count(j, m), count(m, i))`."""
    counts: Pairs = defaultdict(int)
    for (j, m), first in outer.items():
        for (n, i), second in inner.items():
            if m == n:
                counts[j, i] = max(counts[j, i], min(first, second))
    return counts


def shift_pairs(counts: Pairs, targets: int = 0, sources: int = 0) -> Pairs:
    """Shifts the indices of pairs, as a concatenation does."""
    return {(j + targets, i + sources): count for (j, i), count in counts.items()}


def choose_stronger(*ways: Pairs) -> Pairs:
    """Chooses the stronger one of several paths from source to target."""
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


def compute_gradient_influence(between: Between, image: Tensor, mass: float) -> Tensor:
    """Computes gradient x activation of every strong target channel, summed over positions, positive part.

    The whole model runs again for every channel; a leaf replaces the output of the source module.

    Args:
        image: `(1, channel, height, width)`.

    Returns:
        `(target, source)`.
    """
    with torch.no_grad():
        values = _run(between, image, None)
    rows = torch.zeros(values["target"].shape[1], values["source"].shape[1])
    for channel in find_strongest_channels(values["target"][0], mass):
        leaf = values["source"].clone().requires_grad_()
        target = _run(between, image, leaf)["target"]
        flat = target[0, channel].flatten()
        flat[int(flat.argmax())].backward()  # type: ignore[no-untyped-call]
        gradient = leaf.grad
        assert gradient is not None
        for source in range(rows.shape[1]):
            total = float((gradient[0, source] * leaf.detach()[0, source]).sum())
            rows[channel, source] = max(total, 0.0)
    return rows


def _run(between: Between, image: Tensor, leaf: Tensor | None) -> dict[str, Tensor]:
    found: dict[str, Tensor] = {}

    def replace_source(module: nn.Module, inputs: Any, output: Tensor) -> Tensor:
        found["source"] = output if leaf is None else leaf
        return found["source"]

    def read_target(module: nn.Module, inputs: Any, output: Tensor) -> None:
        found["target"] = output

    handles = [between.source.register_forward_hook(replace_source), between.target.register_forward_hook(read_target)]
    try:
        between.model(image)
    finally:
        for handle in handles:
            handle.remove()
    return found
