"""One forward pass that hands out everything the aggregation reads: no hook, a graph that returns the values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, fx

from precompute.aggregate.measures import LinkMeasure
from precompute.aggregate.values import Values
from precompute.models.exported import ExportedModel
from precompute.models.layers import RecordedLayer
from precompute.models.operators import size_for_one_image
from precompute.models.optimized import optimize
from precompute.parallel import Parallel


@dataclass(frozen=True)
class Recording:
    """What one batch gave: logits `(batch, output)`, and the values of layers and of what influences read."""

    logits: Tensor
    values: Values


class Recorder:
    """Runs a model and records its layers and whatever the measures of its links read."""

    def __init__(
        self, model: ExportedModel, layers: Sequence[RecordedLayer], measures: Sequence[LinkMeasure], parallel: Parallel
    ) -> None:
        wanted = {layer.node for layer in layers}
        for measure in measures:
            wanted |= measure.nodes
        self._nodes: list[fx.Node] = [node for node in model.graph.nodes if node in wanted]
        self._forward = optimize(model.sub_graph([model.output, *self._nodes])).to(parallel.device)
        self._layouts = model.layouts
        self._parallel = parallel
        self.bytes_per_image = sum(_size_for_one_image(node) for node in self._nodes)
        """What is held of one image until its influences are told."""

    def __call__(self, batch: Tensor) -> Recording:
        """Records one batch `(batch, channel, height, width)` of preprocessed images."""
        if batch.device.type == "cpu":
            batch = batch.contiguous(memory_format=torch.channels_last)
        pieces = list(self._parallel.map(self._run, batch.split(self._parallel.share(len(batch)))))
        values = [Values(dict(zip(self._nodes, recorded, strict=True)), self._layouts) for _, *recorded in pieces]
        return Recording(
            torch.cat([logits for logits, *_ in pieces]), values[0] if len(values) == 1 else Values.joined(values)
        )

    def _run(self, batch: Tensor) -> tuple[Tensor, ...]:
        with torch.inference_mode():
            values: tuple[Tensor, ...] = self._forward(batch)
            return values


def _size_for_one_image(node: fx.Node) -> int:
    value = node.meta["val"]
    return math.prod(size_for_one_image(size) for size in value.shape) * int(value.element_size())
