"""The trials of a class: which channels of which layers are kept in each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from precompute.faithfulness.config import FaithfulnessConfig

__all__ = ["ClassPlan", "Masks", "Trial", "compute_sizes", "list_trials"]

IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class ClassPlan:
    """The channels of one class, from which trials are made.

    Attributes:
        class_id: of the class.
        orders: by selection, the channels of each layer, `(n_channels,)`, the strongest first.
    """

    class_id: int
    orders: Mapping[str, Sequence[IntArray]]


@dataclass(frozen=True)
class Trial:
    """One intervention: some channels of a layer, or of every layer, are taken, and removed or kept alone.

    Attributes:
        layer: the index of the layer; None for all layers at once.
        selection: the order in which channels are taken; empty for `random`.
        intervention: `remove`, `keep` or `random`, which removes.
        sizes: the number of channels taken, per layer; 0 in layers that are left as they are.
        repeat: which of the random choices.
    """

    layer: int | None
    selection: str
    intervention: str
    sizes: tuple[int, ...]
    repeat: int = 0

    @property
    def n_channels(self) -> int:
        """The number of channels taken in all layers together."""
        return sum(self.sizes)


def compute_sizes(n_kept: Sequence[int], n_channels: Sequence[int], factor: float) -> tuple[int, ...]:
    """Computes how many channels of each layer are taken: the graph's number times a factor, at least 1, at most all.

    A layer without channels in the graph has none taken. The factor 0 takes one of every other layer.
    """
    return tuple(
        min(n, max(1, round(kept * factor))) if kept else 0 for kept, n in zip(n_kept, n_channels, strict=True)
    )


def list_trials(n_kept: Sequence[int], n_channels: Sequence[int], config: FaithfulnessConfig) -> list[Trial]:
    """Lists the trials of a class, those of one layer after another and last those of all layers.

    Args:
        n_kept: channels of the class's graph, per layer.
        n_channels: all channels of each layer.
        config: sizes and repeats.
    """
    found: list[Trial] = []
    for layer in range(len(n_channels)):
        sizes = {compute_sizes(n_kept, n_channels, factor)[layer]: None for factor in config.layer_factors}
        for size in sizes:
            if size:
                alone = tuple(size if other == layer else 0 for other in range(len(n_channels)))
                found += _list_of_sizes(layer, alone, config)
    if any(n_kept):
        for sizes_of_all in dict.fromkeys(compute_sizes(n_kept, n_channels, factor) for factor in config.factors):
            found += _list_of_sizes(None, sizes_of_all, config)
    return found


def _list_of_sizes(layer: int | None, sizes: tuple[int, ...], config: FaithfulnessConfig) -> Iterator[Trial]:
    for selection in config.selections:
        yield Trial(layer, selection, "remove", sizes)
        yield Trial(layer, selection, "keep", sizes)
    for repeat in range(config.n_repeats):
        yield Trial(layer, "", "random", sizes, repeat)


class Masks:
    """The channels that each trial of a class keeps.

    Args:
        plan: of the class.
        n_channels: of each layer.
        seed: of the random channels.
    """

    def __init__(self, plan: ClassPlan, n_channels: Sequence[int], seed: int) -> None:
        self._plan, self._n_channels, self._seed = plan, n_channels, seed
        self._random: dict[tuple[int, int], IntArray] = {}

    def find_kept(self, trial: Trial, layer: int) -> NDArray[np.bool_]:
        """Finds the channels of a layer that a trial keeps, `(n_channels,)`; all of a layer of which it takes none."""
        size, n = trial.sizes[layer], self._n_channels[layer]
        if not size:
            return np.ones(n, np.bool_)
        order = self._plan.orders[trial.selection][layer] if trial.selection else self._shuffle(layer, trial.repeat)
        is_taken = np.zeros(n, np.bool_)
        is_taken[order[:size]] = True
        return is_taken if trial.intervention == "keep" else ~is_taken

    def _shuffle(self, layer: int, repeat: int) -> IntArray:
        """Returns the channels of a layer in a random order, the same for every size of one repeat."""
        if (layer, repeat) not in self._random:
            generator = np.random.default_rng([self._seed, self._plan.class_id, layer, repeat])
            self._random[layer, repeat] = generator.permutation(self._n_channels[layer])
        return self._random[layer, repeat]
