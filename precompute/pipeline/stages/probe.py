"""The stage `probe`: how well each layer separates the run's classes. It runs only when it is named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from precompute.pipeline.stage import RunContext, Stage

__all__ = ["STAGE"]


def _run(context: RunContext) -> Mapping[str, Any]:
    from precompute.transfer.features import Reader
    from precompute.transfer.probe import ProbeRequest, measure_layers

    inputs, config = context.inputs, context.config
    reader = Reader(inputs.source, inputs.preprocess, config.workers, config.batch_size)
    request = ProbeRequest(context.folder, context.fingerprint, inputs.model, inputs.layers, reader, context.device)
    return measure_layers(request, context.progress)


STAGE = Stage(name="probe", rank=55, after=("aggregate",), tables=("layer_probes",), run=_run, is_extra=True)
