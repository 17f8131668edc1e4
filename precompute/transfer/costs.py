"""The cost of a model that is cut behind a layer: parameters, multiply-adds, and milliseconds per image."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import torch
from torch import fx, nn
from torch.utils.flop_counter import FlopCounterMode

from precompute.devices.choice import wait_for
from precompute.devices.cores import Parallel
from precompute.models.graph.exported import ExportedModel
from precompute.models.graph.optimized import optimize
from precompute.models.layers.selection import RecordedLayer

__all__ = ["Cost", "measure_costs"]

_N_REPEATS = 5


@dataclass(frozen=True)
class Cost:
    """The cost of one image up to a layer, without a head.

    Attributes:
        parameters: trainable numbers that the layer depends on.
        multiply_adds: of convolutions and matrix products.
        milliseconds: least of several forward passes of one image, on one thread of a CPU or on the GPU.
    """

    parameters: int
    multiply_adds: int
    milliseconds: float


def measure_costs(model: ExportedModel, layers: Sequence[RecordedLayer], device: torch.device) -> list[Cost]:
    """Measures the cost of each layer: counts in one forward pass, time by passes of their own.

    The passes take turns, so that other work on the machine slows all layers alike.
    """
    counts = _count_multiply_adds(model, layers)
    times = _measure_milliseconds(model, layers, device)
    return [
        Cost(_count_parameters(model, layer), count, milliseconds)
        for layer, count, milliseconds in zip(layers, counts, times, strict=True)
    ]


def _count_parameters(model: ExportedModel, layer: RecordedLayer) -> int:
    module = model.build_sub_graph([layer.node])
    names = {str(node.target) for node in module.graph.nodes if node.op == "get_attr"}
    found = {id(value): value for value in (attrgetter(name)(module) for name in names)}
    return sum(value.numel() for value in found.values() if isinstance(value, nn.Parameter))


class _Counter(fx.Interpreter):
    """A forward pass that notes the multiply-adds of every node."""

    def __init__(self, module: fx.GraphModule, counter: FlopCounterMode) -> None:
        super().__init__(module)
        self._counter = counter
        self.counts: dict[str, int] = {}

    def run_node(self, n: fx.Node) -> Any:
        before = self._counter.get_total_flops()
        result = super().run_node(n)
        self.counts[n.name] = (self._counter.get_total_flops() - before) // 2
        return result


def _count_multiply_adds(model: ExportedModel, layers: Sequence[RecordedLayer]) -> list[int]:
    module = model.build_sub_graph([layer.node for layer in layers])
    (output,) = (node for node in module.graph.nodes if node.op == "output")
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        interpreter = _Counter(module, counter)
        interpreter.run(torch.zeros(1, *model.input_size))
    return [sum(interpreter.counts[node.name] for node in _find_needed(last)) for last in output.args[0]]


def _find_needed(last: fx.Node) -> set[fx.Node]:
    """Finds a node and all that it is computed from."""
    needed, stack = {last}, [last]
    while stack:
        for node in stack.pop().all_input_nodes:
            if node not in needed:
                needed.add(node)
                stack.append(node)
    return needed


def _extract(module: fx.GraphModule, last: fx.Node) -> fx.GraphModule:
    """Builds a module that computes one of a module's values and shares its weights."""
    needed, graph = _find_needed(last), fx.Graph()
    copies: dict[fx.Node, fx.Node] = {}
    for node in module.graph.nodes:
        if node in needed or node.op == "placeholder":
            copies[node] = graph.node_copy(node, lambda each: copies[each])
    graph.output(copies[last])
    return fx.GraphModule(module, graph)


def _measure_milliseconds(model: ExportedModel, layers: Sequence[RecordedLayer], device: torch.device) -> list[float]:
    whole = optimize(model.build_sub_graph([layer.node for layer in layers])).to(device)
    (output,) = (node for node in whole.graph.nodes if node.op == "output")
    forwards = [_extract(whole, last) for last in output.args[0]]
    image = torch.zeros(1, *model.input_size, device=device).contiguous(memory_format=torch.channels_last)
    least = [math.inf] * len(forwards)
    with Parallel(device), torch.inference_mode():
        for turn in range(1 + _N_REPEATS):
            for place, forward in enumerate(forwards):
                start = time.perf_counter()
                forward(image)
                wait_for(device)
                if turn:  # the first pass warms up
                    least[place] = min(least[place], 1000 * (time.perf_counter() - start))
    return least
