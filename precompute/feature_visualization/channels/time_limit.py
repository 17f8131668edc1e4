"""A time limit for pictures: those of the most used channels are drawn, and every one that is begun is finished.

The batches follow from the ranking and from the model's number of operations, never from a clock. The clock decides
only the number of batches that are drawn, so it never changes a picture.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import torch
from torch import fx
from torch.utils.flop_counter import FlopCounterMode

from precompute.feature_visualization.ascent.config import VisualizationConfig
from precompute.feature_visualization.channels.choice import Channel
from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.selection import select_layers

__all__ = ["TimeLimit", "count_operations", "order_batches_by_rank"]

_BATCH_OPERATIONS = 2e11
"""The number of operations of a batch: about ten seconds of a core, by which a limit may be exceeded."""

_BLOCK_OPERATIONS = 8 * _BATCH_OPERATIONS
"""The number of operations of consecutive channels that are drawn layer by layer, so that batches have several."""

Item = TypeVar("Item")


@dataclass
class TimeLimit:
    """A time limit that lets a batch begin if it will probably end in time.

    The first batches always begin: they show the speed.

    Attributes:
        seconds: time from the start of the first batch.
        operations: operations of one picture's forward pass up to each layer; empty: all layers count alike, and
            batches are not made smaller.
        clock: function that returns the time in seconds since a fixed moment.
    """

    seconds: float
    operations: Mapping[str, float] = field(default_factory=dict)
    clock: Callable[[], float] = time.monotonic
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)
    _end: float | None = field(default=None, init=False)
    _done: list[float] = field(default_factory=lambda: [0.0, 0.0], init=False)

    def estimate_work(self, layer: str, n_pictures: int) -> float:
        """Estimates the work of pictures of a layer, in arbitrary units."""
        return n_pictures * (self.operations.get(layer) or 1.0)

    def apply(
        self, draw: Callable[[Item], Iterable[list[Any]]], work: Callable[[Item], float]
    ) -> Callable[[Item], Iterator[list[Any]]]:
        """Returns a function like `draw` that yields nothing for items for which there is no time.

        Args:
            draw: function from an item to the rows of its parts.
            work: function from an item to its work, in the units of `estimate_work`.
        """

        def draw_in_time(item: Item) -> Iterator[list[Any]]:
            cost = work(item)
            if not self._may_begin(cost):
                return
            start = self.clock()
            yield from draw(item)
            with self._lock:
                self._done[0] += cost
                self._done[1] += self.clock() - start

        return draw_in_time

    def _may_begin(self, cost: float) -> bool:
        with self._lock:
            now = self.clock()
            self._end = now + self.seconds if self._end is None else self._end
            done, seconds = self._done
            return not done or now + seconds / done * cost <= self._end


def order_batches_by_rank(
    ranked: Sequence[Channel], layers: Sequence[str], config: VisualizationConfig, limit: TimeLimit
) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Splits ranked channels into batches of one layer, ordered by the rank of their best channel.

    If all of them together are little work, the batches are the same as without a limit.

    Args:
        ranked: channels in descending order of importance.
        layers: layers in order from the input.
        config: settings of the pictures.
        limit: operations of a picture of each layer.

    Yields:
        A layer and the channels of a batch.
    """
    rank = {channel: index for index, channel in enumerate(ranked)}
    for block in _split_into_blocks(ranked, config, limit):
        batches = []
        for layer in layers:
            members, size = (
                sorted(c.channel for c in block if c.layer == layer),
                _choose_batch_size(layer, config, limit),
            )
            batches += [(layer, tuple(members[first : first + size])) for first in range(0, len(members), size)]
        yield from sorted(batches, key=lambda batch: min(rank[Channel(batch[0], channel)] for channel in batch[1]))


def _split_into_blocks(
    ranked: Sequence[Channel], config: VisualizationConfig, limit: TimeLimit
) -> Iterator[list[Channel]]:
    block: list[Channel] = []
    operations = 0.0
    for channel in ranked:
        more = limit.operations.get(channel.layer, 0.0) * config.n_steps
        if block and operations + more > _BLOCK_OPERATIONS:
            yield block
            block, operations = [], 0.0
        block.append(channel)
        operations += more
    if block:
        yield block


def _choose_batch_size(layer: str, config: VisualizationConfig, limit: TimeLimit) -> int:
    operations = limit.operations.get(layer, 0.0) * config.n_steps
    return max(1, min(config.batch_size, int(_BATCH_OPERATIONS / operations) if operations else config.batch_size))


def count_operations(model: ExportedModel, layers: Sequence[str]) -> dict[str, float]:
    """Counts the floating-point operations of one image's forward pass up to each layer, in one pass.

    Convolutions and products of matrices count, as torch counts them. All other operators take little of the time.

    Args:
        model: the model, exported for images of their size, on the CPU.
        layers: names as `select_layers` takes them.
    """
    graph = model.build_sub_graph([layer.node for layer in select_layers(model, layers)])
    counting = _Counting(graph)
    with torch.no_grad():
        counting.run(torch.zeros(1, *model.input_size))
    (values,) = next(node for node in graph.graph.nodes if node.op == "output").args
    return {name: float(counting.count_up_to(node)) for name, node in zip(layers, values, strict=True)}


class _Counting(fx.Interpreter):
    """An interpreter of a graph that keeps the number of operations of each node."""

    def __init__(self, graph: fx.GraphModule) -> None:
        super().__init__(graph)
        self._counts: dict[fx.Node, int] = {}

    def run_node(self, n: fx.Node) -> Any:
        with FlopCounterMode(display=False) as counter:
            value = super().run_node(n)
        self._counts[n] = counter.get_total_flops()
        return value

    def count_up_to(self, node: fx.Node) -> int:
        """Sums the operations of a node and of all nodes that it depends on."""
        needed, waiting = {node}, [node]
        while waiting:
            parents = set(waiting.pop().all_input_nodes) - needed
            needed |= parents
            waiting += parents
        return sum(self._counts[one] for one in needed)
