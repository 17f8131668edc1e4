"""A proof of two classes of a synthetic run, in round numbers."""

from __future__ import annotations

from pathlib import Path

from precompute.contract.schema import TABLES, read_manifest, read_table, write_manifest
from precompute.contract.writing import write_table

__all__ = ["prove"]


def prove(run: Path, class_ids: tuple[int, ...] = (0, 1)) -> Path:
    """Adds the tables of a proof: untouched 90 %, 20 % without the graph's channels, 80 % without others, 10 % alone.

    Only these classes are proven.
    """
    graphs = read_table(run, "attribution_graphs", ["class_id", "n_nodes"]).to_pylist()
    n_nodes = {row["class_id"]: row["n_nodes"] for row in graphs}
    first = read_table(run, "layers", ["layer"])["layer"].to_pylist()[0]
    rows = []
    for class_id in class_ids:
        n_first = sum(
            row["class_id"] == class_id and row["layer"] == first
            for row in read_table(run, "attribution_graph_nodes", ["class_id", "layer"]).to_pylist()
        )
        for selection in ("effect", "pagerank"):
            rows += [
                _build_row(class_id, first, selection, "remove", n_first, 0.5),
                _build_row(class_id, "all", selection, "keep", n_nodes[class_id], 0.1),
                _build_row(class_id, "all", selection, "random", n_nodes[class_id], 0.8),
                _build_row(class_id, "all", selection, "remove", 0, 0.9),
                _build_row(class_id, "all", selection, "remove", n_nodes[class_id], 0.2),
                _build_row(class_id, "all", selection, "remove", 2 * n_nodes[class_id], 0.1),
            ]
    names = [column.name for column in TABLES["faithfulness"].columns]
    write_table(run, "faithfulness", {name: [row[name] for row in rows] for name in names})
    edges = [
        {"class_id": class_id, "layer": "conv2", "auc": 0.7 + 0.1 * class_id, "mean_edge_effect": 0.3,
         "mean_other_effect": 0.1, "n_edges": 10, "n_others": 20, "n_images": 5}
        for class_id in class_ids
    ]  # fmt: skip
    write_table(run, "edge_faithfulness", {name: [row[name] for row in edges] for name in edges[0]})
    smallest = {"class_id": 0, "selection": "effect", "share": 0.9, "n_channels": 40, "accuracy": 0.85,
                "ci_low": 0.7, "ci_high": 0.95, "n_images": 20}  # fmt: skip
    write_table(run, "sufficient_graphs", {name: [value] for name, value in smallest.items()})
    nodes = read_table(run, "attribution_graph_nodes").to_pylist()
    node = next(row for row in nodes if row["class_id"] == class_ids[0])
    alone = {"accuracy_lost": 0.05, "ci_low": -0.04, "ci_high": 0.14, "log_probability_lost": 0.31,
             "log_probability_low": 0.1, "log_probability_high": 0.5, "n_images": 20}  # fmt: skip
    alone = {"class_id": class_ids[0], "layer": node["layer"], "channel": node["channel"], **alone}
    write_table(run, "single_channels", {name: [value] for name, value in alone.items()})
    manifest = read_manifest(run)
    write_manifest(run, {**manifest, "faithfulness": {"replacement": "mean", "n_repeats": 5}})
    return run


def _build_row(
    class_id: int, layer: str, selection: str, intervention: str, n_channels: int, accuracy: float
) -> dict[str, object]:
    below = (0.5, 0.25, 0.75) if intervention == "remove" and n_channels else (None, None, None)
    return {
        "class_id": class_id, "layer": layer, "selection": selection, "intervention": intervention,
        "n_channels": n_channels, "accuracy": accuracy, "ci_low": max(0.0, accuracy - 0.1),
        "ci_high": min(1.0, accuracy + 0.1), "mean_log_probability": -1.0, "log_probability_low": -1.5,
        "log_probability_high": -0.5, "below_random": below[0], "below_random_low": below[1],
        "below_random_high": below[2], "n_images": 20, "n_repeats": 5 if intervention == "random" else 1,
    }  # fmt: skip
