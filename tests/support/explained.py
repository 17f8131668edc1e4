"""Small networks ready to be explained."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from precompute.explanations.explainer import Explainer
from precompute.explanations.input_range import InputRange
from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.selection import select_layers


def build_explainer(
    module: nn.Module, input_size: tuple[int, int, int], layers: Sequence[str] | None = (), limit: float = 1.0
) -> Explainer:
    """Exports a module whose input lies between `-limit` and `limit`.

    Args:
        layers: to record, by name; None chooses the model's own.
    """
    exported = ExportedModel(module, input_size)
    recorded = () if layers == () else select_layers(exported, layers)
    high = torch.full((input_size[0], 1, 1), limit)
    return Explainer(
        exported, InputRange(-high, high, torch.zeros_like(high)), {one.name: one.node for one in recorded}
    )


def widen(explainer: Explainer) -> Explainer:
    """Makes an explainer compute in float64, for checks."""
    explainer.exported._graph_module.double()
    limits = explainer.input_range
    return Explainer(
        explainer.exported,
        InputRange(limits.low.double(), limits.high.double(), limits.mean.double()),
        explainer.layers,
    )
