"""The methods `grad_cam` and `grad_cam_plus_plus`: maps of a recorded layer, weighted by gradients.

Grad-CAM weights a channel by its mean gradient over positions (Selvaraju et al. 2017, section 3). Grad-CAM++ takes the
mean of the positive gradients, weighted so that every position that raises the score counts alike (Chattopadhay et al.
2018, equation 19). There the score is an exponential, whose factor is equal in all gradients of an image; it is left
out, since it only scales the map.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from precompute.contract.errors import InputError
from precompute.explanations.explainer import Explainer
from precompute.explanations.method import Explanation, Method
from precompute.explanations.target import Target

__all__ = ["LAST", "METHODS", "choose_layer"]

LAST = "last"
"""The default layer: the last one recorded whose positions are those of the image, and which the class depends on."""


def choose_layer(explainer: Explainer, layer: str = LAST) -> str:
    """Chooses a recorded layer by its name, or the last one whose positions the class depends on.

    Raises:
        InputError: the layer is not recorded, or has no positions.
    """
    placed = [
        name
        for name, node in explainer.layers.items()
        if (layout := explainer.exported.layouts[node]).n_positions > 1 and layout.is_placed
    ]
    if layer == LAST and explainer.last_layer is not None:
        return explainer.last_layer
    if layer == LAST or (explainer.find_layer(layer) is not None and layer not in placed):
        found = "None of the recorded layers has." if layer == LAST else f"{layer} has none."
        fix = f"Take one of {', '.join(placed)}." if placed else "Record an earlier layer with --layers."
        raise InputError("A map needs a layer with positions in the image.", found, fix)
    return layer


def weigh_channels(values: Tensor, gradients: Tensor) -> Tensor:
    """Computes the weight of each channel in Grad-CAM++, `(image, channel)`.

    Args:
        values: of the layer, `(image, channel, height, width)`.
        gradients: of the score by them, of the same shape.
    """
    square = gradients.square()
    divisor = 2 * square + values.sum((2, 3), keepdim=True) * square * gradients
    shares = torch.where(divisor != 0, square / torch.where(divisor != 0, divisor, 1), 0)
    return (shares * gradients.relu()).sum((2, 3))


def _compute_grad_cam(
    explainer: Explainer, images: Tensor, targets: Sequence[Target], options: Mapping[str, Any]
) -> Explanation:
    layer = choose_layer(explainer, options["layer"])
    values, gradients, scores = explainer.read_layer(layer, images, targets)
    return _build(values, gradients.mean((2, 3)), scores, layer)


def _compute_plus_plus(
    explainer: Explainer, images: Tensor, targets: Sequence[Target], options: Mapping[str, Any]
) -> Explanation:
    layer = choose_layer(explainer, options["layer"])
    values, gradients, scores = explainer.read_layer(layer, images, targets)
    return _build(values, weigh_channels(values, gradients), scores, layer)


def _build(values: Tensor, weights: Tensor, scores: Tensor, layer: str) -> Explanation:
    maps = torch.einsum("nc,nchw->nhw", weights, values).relu()
    empty = [number for number, each in enumerate(maps.flatten(1).amax(1).tolist()) if each == 0]
    note = "The map is empty: no position of the layer speaks for the class." if len(empty) == len(maps) else ""
    return Explanation(maps, scores, note=note, facts={"layer": layer, "empty": empty})


METHODS = (
    Method(
        name="grad_cam",
        title="Grad-CAM",
        rank=420,
        family="positive",
        grid="layer",
        citation="Selvaraju et al. 2017, section 3",
        needs="A recorded layer with positions in the image.",
        holds="Equals the positive part of CAM at the layer that CAM reads, up to a factor.",
        compute=_compute_grad_cam,
        options={"layer": LAST},
    ),
    Method(
        name="grad_cam_plus_plus",
        title="Grad-CAM++",
        rank=430,
        family="positive",
        grid="layer",
        citation="Chattopadhay et al. 2018, section 3",
        needs="A recorded layer with positions in the image.",
        holds="Weights are never negative where the layer's values are not.",
        compute=_compute_plus_plus,
        options={"layer": LAST},
    ),
)
