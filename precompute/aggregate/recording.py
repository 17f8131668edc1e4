"""One forward pass that hands out everything the aggregation reads: no hook, a graph that returns the values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, fx

from precompute.aggregate.influence import Values
from precompute.models.exported import ExportedModel
from precompute.models.layers import RecordedLayer
from precompute.models.provenance import Link, values_read
from precompute.parallel import Parallel


@dataclass(frozen=True)
class Recording:
    """What one batch gave: logits `(batch, output)`, and the values of layers and of what influences read."""

    logits: Tensor
    values: Values


class Recorder:
    """Runs a model and records its layers and whatever their links read."""

    def __init__(
        self, model: ExportedModel, layers: Sequence[RecordedLayer], links: Sequence[Link], parallel: Parallel
    ) -> None:
        wanted = {layer.node for layer in layers}
        for link in links:
            wanted |= values_read(link.channels)
        self._nodes: list[fx.Node] = [node for node in model.graph.nodes if node in wanted]
        self._forward = model.sub_graph([model.output, *self._nodes]).to(parallel.device)
        self._parallel = parallel

    def __call__(self, batch: Tensor) -> Recording:
        """Records one batch `(batch, channel, height, width)` of preprocessed images."""
        pieces = self._parallel.map(self._run, batch.split(self._parallel.share(len(batch))))
        logits, *values = (torch.cat(parts) for parts in zip(*pieces, strict=True))
        return Recording(logits, dict(zip(self._nodes, values, strict=True)))

    def _run(self, batch: Tensor) -> tuple[Tensor, ...]:
        with torch.inference_mode():
            values: tuple[Tensor, ...] = self._forward(batch)
            return values
