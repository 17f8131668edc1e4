"""The stage `graphs`: the attribution graph of every class."""

from __future__ import annotations

from dataclasses import asdict

from precompute.pipeline.stage import RunContext, Stage

__all__ = ["STAGE"]


def _run(context: RunContext) -> None:
    import pyarrow.compute as pc

    from precompute.contract.schema import read_table
    from precompute.graphs.build import build_graphs

    excluded: list[tuple[str, int]] = []
    if context.config.aggregate.exclude_outliers:
        table = read_table(context.folder, "channels", ["layer", "channel"], pc.field("is_outlier"))
        excluded = list(zip(table["layer"].to_pylist(), table["channel"].to_pylist(), strict=True))
    build_graphs(
        context.folder,
        context.layers,
        context.class_ids,
        context.config.graphs,
        excluded=excluded,
        progress=context.progress,
    )


STAGE = Stage(
    name="graphs",
    rank=20,
    after=("aggregate",),
    tables=("attribution_graph_nodes", "attribution_graph_edges", "attribution_graphs"),
    run=_run,
    identity=lambda config: asdict(config.graphs),
)
