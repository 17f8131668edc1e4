"""The stage `examples`: the parts of images that excite each channel most."""

from __future__ import annotations

from precompute.pipeline.stage import RunContext, Stage

__all__ = ["STAGE"]


def _run(context: RunContext) -> None:
    from precompute.examples.build import ExamplesRequest, build_examples

    config = context.config
    request = ExamplesRequest(config.aggregate, config.examples, config.workers)
    build_examples(context.folder, context.units, context.inputs, request, context.progress)


STAGE = Stage(
    name="examples",
    rank=30,
    after=("aggregate", "graphs"),
    tables=("dataset_examples",),
    run=_run,
    identity=lambda config: config.examples.identity(),
    reads_units=True,
)
