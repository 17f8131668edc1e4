"""The stage `graphs`: channels that are flagged as outliers stay out where the config says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from precompute.aggregate.config import AggregateConfig
from precompute.contract.schema import read_table
from precompute.pipeline.config import RunConfig
from precompute.pipeline.stages import aggregate, graphs
from tests.support.run_contexts import build_context


@pytest.mark.parametrize("is_excluded", [False, True], ids=["kept", "excluded"])
def test_flagged_channels_stay_out_of_the_graphs_where_asked(tmp_path: Path, is_excluded: bool) -> None:
    pass_config = AggregateConfig(outlier_fraction=0.1, exclude_outliers=is_excluded)
    context = build_context(tmp_path, RunConfig(aggregate=pass_config))
    aggregate.STAGE.run(context)
    flagged = {
        (row["layer"], row["channel"])
        for row in read_table(context.folder, "channels", ["layer", "channel", "is_outlier"]).to_pylist()
        if row["is_outlier"]
    }
    graphs.STAGE.run(context)
    nodes = read_table(context.folder, "attribution_graph_nodes", ["layer", "channel"]).to_pylist()
    in_graphs = {(row["layer"], row["channel"]) for row in nodes}
    assert flagged
    assert bool(flagged & in_graphs) is not is_excluded
