"""An edge that skips a layer, as those past a residual block, in a small synthetic run."""

from __future__ import annotations

from pathlib import Path

from precompute.contract.schema import read_table
from precompute.contract.writing import write_table
from tests.support.synthetic_options import SyntheticRun

__all__ = ["SMALL", "add_far_edge"]

SMALL = SyntheticRun(n_classes=4, layers=(("a", 6), ("b.0", 6), ("c", 6)), n_images=20)


def add_far_edge(run: Path) -> tuple[int, int]:
    """Adds an edge from the layer two below to the graph of class 0; returns the target's and source's number."""
    nodes = [row for row in read_table(run, "attribution_graph_nodes").to_pylist() if row["class_id"] == 0]
    source = next(row["channel"] for row in nodes if row["layer"] == "a")
    target = next(row["channel"] for row in nodes if row["layer"] == "c")
    rows = read_table(run, "attribution_graph_edges").to_pylist()
    ends = {"class_id": 0, "target_layer": "c", "target_channel": target, "source_layer": "a", "source_channel": source}
    rows.append({**ends, "influence_count": 7, "mean_influence": 0.5})
    layers = ["a", "b.0", "c"]

    def rank(row: dict[str, object]) -> tuple[object, ...]:
        return tuple(layers.index(str(v)) if v in layers else v for v in list(row.values())[:5])

    rows.sort(key=rank)
    write_table(run, "attribution_graph_edges", {name: [row.get(name) for row in rows] for name in rows[0]})
    return target, source
