"""A small run that keeps every rule of the contract, and ways to break one rule at a time.

It has the classes 3 and 7 with two images each, and the layers stem (2 channels) and head (1 channel).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from precompute.contract.schema import write_manifest
from precompute.contract.tables import TABLES
from precompute.contract.validate import Finding
from precompute.contract.writing import write_table
from precompute.pipeline.registry import list_tables

__all__ = [
    "JPEG",
    "LAYERS",
    "MANIFEST",
    "ROWS",
    "WEBP",
    "Change",
    "Columns",
    "describe_findings",
    "make_nullable",
    "pick_rows",
    "set_column",
    "write_sound_run",
]

Columns = Mapping[str, Sequence[Any]]
Change = Callable[[Columns], Columns]

WEBP = b"RIFF\x00\x00\x00\x00WEBPVP8 "
JPEG = b"\xff\xd8\xff\xe0" + bytes(8)
LAYERS = ("stem", "head")
"""The layers from the input, which is not their alphabetical order."""
MANIFEST: dict[str, Any] = {
    "created": "2024-01-01T00:00:00Z",
    "model": {"name": "toy"},
    "dataset": {"name": "toy", "n_images": 4, "n_classes": 2},
    "layers": list(LAYERS),
    "stages": {stage: {"state": "done", "seconds": 1.0} for stage in list_tables()},
    "prototypes": {"n_prototypes": 3, "settings": {"a": {}, "b": {}}},
}
_HISTOGRAM = [0] * 18 + [1, 1]

_MATRIX: Columns = {
    "class_id": [3, 3, 3, 7, 7, 7],
    "layer": ["stem", "stem", "head"] * 2,
    "channel": [0, 1, 0] * 2,
}
_EDGES: Columns = {
    "class_id": [3, 3, 7],
    "target_layer": ["head"] * 3,
    "target_channel": [0] * 3,
    "source_layer": ["stem"] * 3,
    "source_channel": [0, 1, 1],
    "influence_count": [2, 1, 2],
    "mean_influence": [0.5, 0.25, 1.5],
}
ROWS: Mapping[str, Columns] = {
    "classes": {
        "class_id": [3, 7],
        "class_name": ["crane", "crane"],
        "synset": ["n02012849", None],
        "group": [None, None],
        "n_images": [2, 2],
        "top1_accuracy": [1.0, None],
        "top5_accuracy": [1.0, None],
        "probability_histogram": [_HISTOGRAM, None],
    },
    "layers": {
        "layer": list(LAYERS),
        "layer_index": [0, 1],
        "module_type": ["Conv2d", "Conv2d"],
        "n_channels": [2, 1],
        "height": [8, 4],
        "width": [8, 4],
        "stride": [1, 2],
        "receptive_field": [3, 7],
    },
    "images": {
        "image_id": [0, 1, 2, 4],
        "class_id": [3, 3, 7, 7],
        "path": ["a", "b", "c", "d"],
        "predicted_class_id": [3, 3, 0, 999],
        "predicted_probability": [0.5, 1.0, 0.25, 0.125],
        "true_probability": [0.5, 1.0, None, None],
    },
    "activations": {**_MATRIX, "activation_count": [2, 0, 1, 1, 1, 2], "mean_activation": [0.5] * 6},
    "influences": _EDGES,
    "channels": {
        "layer": ["stem", "stem", "head"],
        "channel": [0, 1, 0],
        "n_classes": [2, 1, 2],
        "activation_fraction": [0.75, 0.25, 0.75],
        "max_activation": [3.0, 2.0, 1.0],
        "is_dead": [False] * 3,
        "is_outlier": [False] * 3,
    },
    "example_images": {"image_id": [0, 4], "width": [8, 8], "height": [6, 6], "image": [JPEG, JPEG]},
    "dataset_examples": {
        "layer": ["stem", "stem", "stem", "head"],
        "channel": [0, 0, 1, 0],
        "class_id": [-1, 3, -1, 7],
        "rank": [0, 0, 0, 0],
        "image_id": [4, 0, 1, 2],
        "activation": [3.0, 2.0, 1.0, 1.0],
        **{"x0": [0] * 4, "y0": [0] * 4, "x1": [3] * 4, "y1": [3] * 4},
        "image": [None, WEBP, WEBP, WEBP],
    },
    "attribution_graph_nodes": {
        **_MATRIX,
        "activation_count": [2, 0, 1, 1, 1, 2],
        "pagerank_score": [0.25, 0.25, 0.5] * 2,
        "effect": [0.5, -0.25, 0.0, 0.125, 0.0, 1.0],
        "selection": ["pagerank"] * 6,
    },
    "attribution_graph_edges": {**_EDGES, "selection": ["pagerank"] * 3, "edge_effect": [0.5, None, -0.1]},
    "attribution_graphs": {
        "class_id": [3, 7],
        "selection": ["pagerank"] * 2,
        "pagerank_mass": [0.1, 0.2],
        "n_nodes": [3, 3],
        "n_edges": [2, 1],
    },
    "embeddings": {
        "layer": ["stem", "stem", "head", "head"],
        "class_id": [3, 7, 3, 7],
        "x": [0.0, 1.0, -1.0, 2.0],
        "y": [0.0, 1.0, -1.0, 2.0],
    },
    "feature_visualizations": {
        "layer": ["stem", "stem"],
        "channel": [0, 0],
        "kind": ["channel", "negative"],
        "image": [WEBP, WEBP],
        "objective_value": [3.0, -1.0],
        "n_steps": [256, 256],
        "initial_objective_value": [0.5, 0.5],
    },
    "prototypes": {
        "class_id": [3, 3, 7],
        "method": ["code-space", "picture-space", "picture-space"],
        "image": [WEBP] * 3,
        "log_probability": [-0.1, 0.0, -2.5],
        "initial_log_probability": [-3.0] * 3,
        "n_steps": [40] * 3,
        "settings": ["a", "b", "b"],
    },
    "explanation_quality": {
        "method": ["edges", "gradient", "gradient"],
        "metric": ["selectivity", "randomisation", "selectivity"],
        "value": [1.2, -0.1, 0.5],
        "ci_low": [1.1, -0.3, None],
        "ci_high": [1.3, 0.2, None],
        "n_images": [2, 2, 1],
    },
    "faithfulness": {
        "class_id": [3, 3],
        "layer": ["stem", "all"],
        "selection": ["effect", "pagerank"],
        "intervention": ["keep", "remove"],
        "n_channels": [1, 1],
        "accuracy": [0.9, 0.5],
        "ci_low": [0.8, 0.4],
        "ci_high": [1.0, 0.6],
        "mean_log_probability": [-0.2, -3.0],
        "log_probability_low": [-0.3, -3.5],
        "log_probability_high": [-0.1, -2.5],
        "below_random": [None, 2.0],
        "below_random_low": [None, 1.5],
        "below_random_high": [None, None],
        "n_images": [2, 2],
        "n_repeats": [1, 1],
    },
    "edge_faithfulness": {
        "class_id": [3, 7],
        "layer": ["head", "head"],
        "auc": [0.75, None],
        "mean_edge_effect": [0.5, -0.1],
        "mean_other_effect": [0.25, None],
        "n_edges": [2, 1],
        "n_others": [4, 0],
        "n_images": [2, 2],
    },
    "layer_probes": {
        "layer": ["stem", "head"],
        "n_images": [4, 4],
        "n_folds": [2, 2],
        "accuracy": [0.5, 1.0],
        "ci_low": [0.15, 0.51],
        "ci_high": [0.85, 1.0],
        "macro_f1": [0.4, 1.0],
        "log_loss": [0.7, 0.1],
    },
    "single_channels": {
        "class_id": [3],
        "layer": ["head"],
        "channel": [0],
        "accuracy_lost": [-0.5],
        "ci_low": [-0.9],
        "ci_high": [0.4],
        "log_probability_lost": [0.25],
        "log_probability_low": [None],
        "log_probability_high": [None],
        "n_images": [2],
    },
    "sufficient_graphs": {
        "class_id": [3, 3],
        "selection": ["effect", "pagerank"],
        "share": [0.9, 0.9],
        "n_channels": [2, 3],
        "accuracy": [1.0, 0.5],
        "ci_low": [0.8, 0.1],
        "ci_high": [1.0, 0.9],
        "n_images": [2, 2],
    },
}
"""The columns of each table."""


def write_sound_run(folder: Path) -> Path:
    """Writes the run into a folder, which it returns."""
    write_manifest(folder, MANIFEST)
    for name, rows in ROWS.items():
        write_table(folder, name, rows)
    return folder


def set_column(column: str, values: Sequence[Any]) -> Change:
    """Returns a change that replaces the values of a column."""
    return lambda columns: {**columns, column: values}


def pick_rows(*rows: int) -> Change:
    """Returns a change that keeps some rows, in the order given."""
    return lambda columns: {name: [values[row] for row in rows] for name, values in columns.items()}


def make_nullable(name: str, columns: Columns) -> pa.Table:
    """Builds a table whose columns may hold nulls even where the contract has none."""
    fields = [pa.field(f.name, f.type, nullable=True) for f in TABLES[name].schema]
    return pa.table([pa.array(columns[f.name], f.type) for f in fields], schema=pa.schema(fields))


def describe_findings(findings: Sequence[Finding]) -> str:
    """Returns one line per finding: table, rule and what was found."""
    return "\n".join(f"{f.table} | {f.rule} | {f.found}" for f in findings)
