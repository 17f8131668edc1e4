"""The semantic map: the grid of a recorded layer over an image, with the strongest channels of every cell.

Olah et al. 2018, "The Building Blocks of Interpretability", section "What does the network see?".
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass

import torch
from torch import Tensor

from precompute.contract.errors import InputError
from precompute.explanations.explainer import Explainer
from precompute.explanations.target import Target

__all__ = ["ORDERS", "SemanticMap", "build_semantic_map"]

ORDERS = ("value", "relative", "attribution")
"""The orders of the channels of a cell: their value; their value over a scale of their own, so that channels of
great values do not win everywhere; their attribution to the target."""


@dataclass(frozen=True)
class SemanticMap:
    """The cells of one image at a recorded layer.

    Attributes:
        layer: its name.
        channels: `(height, width, rank)`, strongest first; -1 where fewer channels are above 0.
        strengths: of the same shape, in the unit of the order; 0 where there is no channel.
        heat: `(height, width)`, the sum over channels of value times gradient for the target's class alone.
        heat_against: the same for the class that it is compared with; None where there is none.
        score: of the target.
    """

    layer: str
    channels: Tensor
    strengths: Tensor
    heat: Tensor
    heat_against: Tensor | None
    score: float


def build_semantic_map(
    explainer: Explainer,
    layer: str,
    image: Tensor,
    target: Target,
    order: str = "value",
    scale: Tensor | None = None,
    n_channels: int = 4,
) -> SemanticMap:
    """Builds the cells of an image.

    Args:
        explainer: the model.
        layer: its name.
        image: `(channel, height, width)`, after preprocessing.
        target: for the heat, and for the order `attribution`.
        order: one of `ORDERS`.
        scale: of each channel, `(channel,)`, for the order `relative`: its 99th percentile on many images, or its
            greatest activation on them. A channel whose scale is not above 0 has no place in a cell.
        n_channels: of each cell, at most.

    Raises:
        InputError: the layer is not recorded, or the order is unknown, or `relative` has no scale.
    """
    _require_order(order, scale)
    alone = [Target(target.class_id), *([] if target.against is None else [Target(target.against)])]
    values, gradients, scores = explainer.read_layer(layer, image.expand(len(alone), *image.shape), alone)
    products = values * gradients
    heats = products.sum(1)
    if order == "attribution":
        strengths = products[0] if len(alone) == 1 else products[0] - products[1]
    elif order == "relative":
        assert scale is not None
        known = scale.to(values).view(-1, 1, 1)
        strengths = torch.where(known > 0, values[0] / torch.where(known > 0, known, 1), 0)
    else:
        strengths = values[0]
    # A stable sort, so that equal channels come by the lower number.
    found = strengths.clamp_min(0).sort(dim=0, descending=True, stable=True)
    kept = found.values[:n_channels].permute(1, 2, 0)
    channels = torch.where(kept > 0, found.indices[:n_channels].permute(1, 2, 0), -1)
    score = float(scores[0] - scores[1]) if len(alone) == 2 else float(scores[0])
    return SemanticMap(layer, channels, kept, heats[0], heats[1] if len(alone) == 2 else None, score)


def _require_order(order: str, scale: Tensor | None) -> None:
    if order not in ORDERS:
        near = difflib.get_close_matches(order, ORDERS, n=1)
        raise InputError(
            f"Channels of a cell are ordered by {', '.join(ORDERS)}.",
            f"Found {order}.",
            f"Did you mean {near[0]}?" if near else "Name one of them.",
        )
    if order == "relative" and scale is None:
        raise InputError(
            "The order relative compares each channel with its own values on the run's images.",
            "The run has no table of them.",
            "Take value or attribution.",
        )
