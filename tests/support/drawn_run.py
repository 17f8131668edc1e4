"""A run with attribution graphs alone, and two layers whose calls are counted, to draw pictures of."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from precompute.contract.writing import write_table
from precompute.feature_visualization.ascent.config import VisualizationConfig
from precompute.feature_visualization.ascent.optimize import LayerForward
from precompute.feature_visualization.channels.drawing import Drawing

__all__ = ["CONFIG", "DEAD", "NODES", "N_CHANNELS", "Forwards", "build_drawing", "make_run", "normalize"]

DEAD, N_CHANNELS = 4, 6
CONFIG = VisualizationConfig(size=16, n_steps=12, batch_size=2, threads=1)
NODES = {
    0: [("z/early", 0, 5), ("z/early", 1, 9), ("z/early", DEAD, 1), ("a.late", 2, 3)],
    1: [("z/early", 0, 5), ("z/early", 3, 9), ("z/early", DEAD, 1), ("a.late", 2, 3)],
    2: [("z/early", 0, 5), ("a.late", 1, 9), ("a.late", 2, 3), ("a.late", 0, 2)],
}
"""Layer, channel and activation_count of the nodes of each class's graph."""


class Forwards:
    """Two layers that count their calls, and raise KeyboardInterrupt after `stop_after` of them."""

    def __init__(self, stop_after: int | None = None) -> None:
        torch.manual_seed(0)
        self.first, self.second = nn.Conv2d(3, 5, 3), nn.Conv2d(5, 3, 3)
        with torch.no_grad():
            self.first.bias += 0.2
            self.first.weight[DEAD], self.first.bias[DEAD] = 0, -1
        self.calls = {"z/early": 0, "a.late": 0}
        self.stop_after = stop_after

    def compute_early(self, x: Tensor) -> Tensor:
        """Computes the maps of the layer `z/early`."""
        return self._count("z/early", functional.relu(self.first(x)))

    def compute_late(self, x: Tensor) -> Tensor:
        """Computes the values of the layer `a.late`, which has no positions."""
        return self._count("a.late", self.second(functional.relu(self.first(x))).mean((2, 3)))

    def _count(self, layer: str, output: Tensor) -> Tensor:
        self.calls[layer] += 1
        if self.stop_after is not None and sum(self.calls.values()) > self.stop_after:
            raise KeyboardInterrupt
        return output

    def __call__(self, layer: str, kind: str) -> LayerForward:
        return {"z/early": self.compute_early, "a.late": self.compute_late}[layer]


def normalize(pictures: Tensor) -> Tensor:
    """Returns pictures as they are."""
    return pictures


def make_run(run: Path) -> Path:
    """Writes a run with the table `attribution_graph_nodes` alone."""
    run.mkdir()
    rows = [(c, *node) for c, nodes in NODES.items() for node in nodes]
    names = ("class_id", "layer", "channel", "activation_count")
    columns = {name: [row[i] for row in rows] for i, name in enumerate(names)}
    write_table(run, "attribution_graph_nodes", {**columns, "pagerank_score": [0.1] * len(rows)})
    return run


def build_drawing(run: Path, config: VisualizationConfig = CONFIG, forwards: Forwards | None = None) -> Drawing:
    """Builds the drawing of the stage; `facts.json` in the run takes the part of the manifest."""
    path = run / "facts.json"
    facts = json.loads(path.read_text()) if path.is_file() else {}
    return Drawing(
        forwards or Forwards(),
        normalize,
        ("z/early", "a.late"),
        config,
        facts,
        lambda found: path.write_text(json.dumps(found)) and None,
    )
