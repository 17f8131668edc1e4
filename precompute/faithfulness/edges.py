"""The effects of edges: the share by which a target's activation falls when one of its sources is removed.

Beside the edges of a class's graphs, pairs of a target and a random channel that is none of its sources are measured,
so that a reader sees what an edge is worth.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import mannwhitneyu
from torch import Tensor

from precompute.devices.batches import BatchSize
from precompute.faithfulness.ablation import AblatedModel
from precompute.faithfulness.replacement import list_tokens, repeat_rows

__all__ = ["EDGE_ROWS", "EdgeProver", "Pair", "average_images", "choose_others", "compute_auc"]

Pair: TypeAlias = tuple[int, int, int, int]
"""A target and a source: index of the target's layer, its channel, index of the source's layer, its channel."""
EDGE_ROWS = 8
"""Sources that run as one batch, for one image."""


def choose_others(
    edges: Sequence[Pair], known: Sequence[Pair], n_channels: Sequence[int], seed: Sequence[int]
) -> list[Pair]:
    """Chooses for the targets of edges as many random channels of their source layers that are none of their sources.

    Each source layer has as many random channels as it has sources in the edges, the same for all targets.

    Args:
        edges: of the graphs.
        known: all pairs of the class that were counted at all, in any image.
        n_channels: of each layer.
        seed: of the choice.
    """
    sources_of: dict[int, set[int]] = {}
    targets_of: dict[int, set[tuple[int, int]]] = {}
    for target_layer, target, source_layer, source in edges:
        sources_of.setdefault(source_layer, set()).add(source)
        targets_of.setdefault(source_layer, set()).add((target_layer, target))
    counted = set(known)
    found: list[Pair] = []
    for layer, sources in sorted(sources_of.items()):
        random = np.random.default_rng([*seed, layer])
        chosen = random.permutation(n_channels[layer])[: len(sources)].tolist()
        found += [
            (*target, layer, channel)
            for target in sorted(targets_of[layer])
            for channel in sorted(chosen)
            if (*target, layer, channel) not in counted
        ]
    return found


def compute_auc(edges: NDArray[np.float64], others: NDArray[np.float64]) -> float | None:
    """Computes the probability that an edge has a greater effect than another pair, ties as one half.

    None without one of either kind.
    """
    if not len(edges) or not len(others):
        return None
    return float(mannwhitneyu(edges, others).statistic / (len(edges) * len(others)))


class EdgeProver:
    """A model that runs images with single sources removed, and reads their targets.

    Args:
        model: with its layers.
        fills: per layer what takes a channel's place, as `build_replacement` returns it.
        sizes: of the batches of sources.
    """

    def __init__(self, model: AblatedModel, fills: Sequence[Tensor], sizes: BatchSize) -> None:
        self._model, self._fills, self._sizes = model, fills, sizes

    def measure(self, images: Tensor, pairs: Sequence[Pair]) -> NDArray[np.float64]:
        """Measures pairs on images, one after another.

        Args:
            images: `(image, channel, height, width)`, preprocessed, on the model's device.
            pairs: targets with sources.

        Returns:
            `(image, pair)`: 1 minus the target's greatest value without the source over that with it; NaN where the
            target has no value above 0 in the image.
        """
        found = np.full((len(images), len(pairs)), np.nan)
        with torch.inference_mode():
            for number in range(len(images)):
                image = images[number : number + 1]
                _, values = self._model.record(image)
                before = [self._find_greatest(value, layer) for layer, value in enumerate(values)]
                for layer, sources in _group_by_source(pairs):
                    of_layer = functools.partial(self._measure_sources, image, values, before, layer, pairs)
                    for places, effects in self._sizes.run(of_layer, sources):
                        found[number, places] = effects
        return found

    def _measure_sources(
        self,
        image: Tensor,
        values: Sequence[Tensor],
        before: Sequence[Tensor],
        layer: int,
        pairs: Sequence[Pair],
        sources: Sequence[tuple[int, Sequence[int]]],
    ) -> tuple[list[int], list[float]]:
        """Removes some sources of a layer, each in a row of its own, and measures what their targets lose.

        Returns:
            the places of pairs, and their effects.
        """
        places = [(row, place) for row, (_, of_source) in enumerate(sources) for place in of_source]
        above = sorted({pairs[place][0] for _, place in places})
        n_channels = before[layer].shape[1]
        kept = torch.ones(len(sources), n_channels, dtype=torch.bool, device=image.device)
        kept[torch.arange(len(sources)), [source for source, _ in sources]] = False
        rows = [repeat_rows(each, len(sources)) for each in (image, values[layer])]
        after = self._model.read_above(layer, rows[0], rows[1], kept, self._fills[layer], above)
        greatest = {index: self._find_greatest(value, index) for index, value in zip(above, after, strict=True)}
        effects = []
        for row, place in places:
            target_layer, target, *_ = pairs[place]
            whole = float(before[target_layer][0, target])
            left = float(greatest[target_layer][row, target]) if whole > 0 else 0.0
            effects.append(1 - max(left, 0.0) / whole if whole > 0 else math.nan)
        return [place for _, place in places], effects

    def _find_greatest(self, value: Tensor, layer: int) -> Tensor:
        """Finds the greatest value of each channel over positions, `(batch, channel)`, on the host."""
        greatest: Tensor = list_tokens(value, self._model.layouts[layer]).amax(2).cpu()
        return greatest


def _group_by_source(pairs: Sequence[Pair]) -> Iterator[tuple[int, Sequence[tuple[int, Sequence[int]]]]]:
    """Yields a layer, and some of its sources with the places of their pairs."""
    by_layer: dict[int, dict[int, list[int]]] = {}
    for place, (_, _, layer, source) in enumerate(pairs):
        by_layer.setdefault(layer, {}).setdefault(source, []).append(place)
    for layer, by_source in sorted(by_layer.items()):
        sources = sorted(by_source.items())
        yield from ((layer, sources[first : first + EDGE_ROWS]) for first in range(0, len(sources), EDGE_ROWS))


def average_images(effects: NDArray[np.float64]) -> NDArray[np.float64]:
    """Averages effects over the images in which the target has a value, `(pair,)`; NaN where it has one in none."""
    known = ~np.isnan(effects)
    counts = known.sum(0)
    sums = np.where(known, effects, 0).sum(0)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
