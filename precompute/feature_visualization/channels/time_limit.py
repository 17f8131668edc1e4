"""As many pictures as there is time for: those of the most used channels, each of them finished.

Which batches there are follows from the ranking and from how much the model computes, never from a clock. The clock
decides only how many of them are drawn, so that it changes which pictures there are and never a picture.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import torch
from torch import fx
from torch.utils.flop_counter import FlopCounterMode

from precompute.feature_visualization.ascent.config import VisualizationConfig
from precompute.feature_visualization.channels.choice import Channel
from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.selection import select_layers

__all__ = ["TimeLimit", "batches_by_rank", "count_operations"]

_BATCH_OPERATIONS = 2e11
"""Of a batch of pictures: ten seconds, more or less, of a core. A batch that is begun is finished."""

_BLOCK_OPERATIONS = 8 * _BATCH_OPERATIONS
"""Of the channels in a row of the ranking that are drawn layer by layer, so that batches have several pictures."""

Item = TypeVar("Item")


@dataclass
class TimeLimit:
    """Lets those batches begin that will end in time; the first ones, from which it learns the speed, always.

    Attributes:
        seconds: from the first question on.
        operations: of one picture's forward pass up to each layer; empty where batches are not to be made smaller.
        clock: seconds since any time.
    """

    seconds: float
    operations: Mapping[str, float] = field(default_factory=dict)
    clock: Callable[[], float] = time.monotonic
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)
    _end: float | None = field(default=None, init=False)
    _done: list[float] = field(default_factory=lambda: [0.0, 0.0], init=False)

    def work(self, layer: str, n_pictures: int) -> float:
        """What pictures of a layer cost, against one another."""
        return n_pictures * (self.operations.get(layer) or 1.0)

    def within(self, draw: Callable[[Item], list[Any]], work: Callable[[Item], float]) -> Callable[[Item], list[Any]]:
        """The same function for what there is time for; no rows for the others."""

        def limited(item: Item) -> list[Any]:
            cost = work(item)
            if not self._may_begin(cost):
                return []
            start = self.clock()
            rows = draw(item)
            with self._lock:
                self._done[0] += cost
                self._done[1] += self.clock() - start
            return rows

        return limited

    def _may_begin(self, cost: float) -> bool:
        with self._lock:
            now = self.clock()
            self._end = now + self.seconds if self._end is None else self._end
            done, seconds = self._done
            return not done or now + seconds / done * cost <= self._end


def batches_by_rank(
    ranked: Sequence[Channel], layers: Sequence[str], config: VisualizationConfig, limit: TimeLimit
) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Batches of one layer each, those with the best channels first.

    Where all of them together are little work, they are those that are drawn without a limit.

    Args:
        ranked: the channels in the order in which they matter.
        layers: in order from the input.
        config: of the pictures.
        limit: knows what a picture of each layer costs.
    """
    rank = {channel: place for place, channel in enumerate(ranked)}
    for block in _blocks(ranked, config, limit):
        batches = []
        for layer in layers:
            members, size = sorted(c.channel for c in block if c.layer == layer), _batch_size(layer, config, limit)
            batches += [(layer, tuple(members[first : first + size])) for first in range(0, len(members), size)]
        yield from sorted(batches, key=lambda batch: min(rank[Channel(batch[0], channel)] for channel in batch[1]))


def _blocks(ranked: Sequence[Channel], config: VisualizationConfig, limit: TimeLimit) -> Iterator[list[Channel]]:
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


def _batch_size(layer: str, config: VisualizationConfig, limit: TimeLimit) -> int:
    operations = limit.operations.get(layer, 0.0) * config.n_steps
    return max(1, min(config.batch_size, int(_BATCH_OPERATIONS / operations) if operations else config.batch_size))


def count_operations(model: ExportedModel, layers: Sequence[str]) -> dict[str, float]:
    """Counts the floating-point operations of one image's forward pass up to each layer; computes it once.

    Convolutions and products of matrices count, as torch counts them; whatever else there is takes little of the time.

    Args:
        model: exported for images of their size, on the CPU.
        layers: names as `select_layers` takes them.
    """
    graph = model.sub_graph([layer.node for layer in select_layers(model, layers)])
    counting = _Counting(graph)
    with torch.no_grad():
        counting.run(torch.zeros(1, *model.input_size))
    (values,) = next(node for node in graph.graph.nodes if node.op == "output").args
    return {name: float(counting.up_to(node)) for name, node in zip(layers, values, strict=True)}


class _Counting(fx.Interpreter):
    """Runs a graph and keeps what each node computes."""

    def __init__(self, graph: fx.GraphModule) -> None:
        super().__init__(graph)
        self._counts: dict[fx.Node, int] = {}

    def run_node(self, n: fx.Node) -> Any:
        with FlopCounterMode(display=False) as counter:
            value = super().run_node(n)
        self._counts[n] = counter.get_total_flops()
        return value

    def up_to(self, node: fx.Node) -> int:
        """Of a node and all that it is computed from."""
        needed, waiting = {node}, [node]
        while waiting:
            parents = set(waiting.pop().all_input_nodes) - needed
            needed |= parents
            waiting += parents
        return sum(self._counts[one] for one in needed)
