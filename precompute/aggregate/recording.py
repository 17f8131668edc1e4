"""One forward pass that returns everything the aggregation reads: a graph with more outputs, and no hook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, fx

from precompute.aggregate.influence.link_measure import LinkMeasure
from precompute.aggregate.influence.values import Values
from precompute.contract.errors import InputError
from precompute.devices.cores import Parallel
from precompute.devices.precision import DTYPES, keep_forward_precision, require_precision
from precompute.models.graph.exported import ExportedModel
from precompute.models.graph.memory import compute_bytes
from precompute.models.graph.optimized import optimize
from precompute.models.layers.selection import RecordedLayer


@dataclass(frozen=True)
class Recording:
    """The result of one batch: logits `(batch, output)`, and the values of layers and of all that influences read."""

    logits: Tensor
    values: Values


class Recorder:
    """A model's forward pass that records its layers and all that the measures of its links read.

    Args:
        precision: one of `config.PRECISIONS`; recorded values are float32 with either.

    Raises:
        InputError: the device or an operator of the model cannot compute in that precision.
    """

    def __init__(
        self,
        model: ExportedModel,
        layers: Sequence[RecordedLayer],
        measures: Sequence[LinkMeasure],
        parallel: Parallel,
        precision: str = "float32",
    ) -> None:
        require_precision(precision, parallel.device)
        wanted = {layer.node for layer in layers}
        for measure in measures:
            wanted |= measure.nodes
        self._nodes: list[fx.Node] = [node for node in model.graph.nodes if node in wanted]
        sub_graph = model.build_sub_graph([model.output, *self._nodes])
        self._forward = optimize(sub_graph, DTYPES[precision]).to(parallel.device)
        self._layouts = model.layouts
        self._parallel, self._precision = parallel, precision
        self.bytes_per_image = sum(compute_bytes(node) for node in self._nodes)
        """The size of all that is held of one image until its influences are counted."""
        if precision != "float32":
            self._require_forward(model.input_size)

    def __call__(self, batch: Tensor) -> Recording:
        """Records one batch `(batch, channel, height, width)` of preprocessed images."""
        if batch.device.type == "cpu":
            batch = batch.contiguous(memory_format=torch.channels_last)
        pieces = list(self._parallel.map(self._record, batch.split(self._parallel.count_images_each(len(batch)))))
        if len(pieces) == 1:
            return pieces[0]
        return Recording(torch.cat([one.logits for one in pieces]), Values.join([one.values for one in pieces]))

    def record_image(self, image: Tensor) -> Recording:
        """Records one image `(1, channel, height, width)` in the thread of the caller."""
        if image.device.type == "cpu":
            image = image.contiguous(memory_format=torch.channels_last)
        return self._record(image)

    def _record(self, batch: Tensor) -> Recording:
        logits, *recorded = self._run(batch)
        return Recording(logits, Values(dict(zip(self._nodes, recorded, strict=True)), self._layouts))

    def _require_forward(self, size: tuple[int, int, int]) -> None:
        try:
            self._run(torch.zeros(1, *size, device=self._parallel.device))
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as problem:
            raise InputError(
                f"With --precision {self._precision} every operator of the model takes what autocast gives it.",
                f"The forward pass fails: {str(problem).splitlines()[0]}",
                "Leave --precision out.",
            ) from problem

    def _run(self, batch: Tensor) -> tuple[Tensor, ...]:
        with torch.inference_mode():
            with keep_forward_precision(self._precision, self._parallel.device):
                values: tuple[Tensor, ...] = self._forward(batch)
            return tuple(value.float() if value.dtype == torch.bfloat16 else value for value in values)
