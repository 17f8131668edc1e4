"""A walk from the target's score to the image, whole or through chosen channels of a recorded layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, fx

from precompute.explanations.backward.walk import Scheme, walk_back
from precompute.explanations.explainer import Explainer
from precompute.explanations.target import Target, score

__all__ = ["keep_channels", "propagate", "start_gradient", "start_relevance"]


def start_gradient(logits: Tensor, targets: Sequence[Target]) -> Tensor:
    """Computes the gradient of each image's score by its logits, `(image, output)`."""
    with torch.enable_grad():
        free = logits.detach().requires_grad_()
        (found,) = torch.autograd.grad(score(free, targets).sum(), free)
    return found


def start_relevance(logits: Tensor, targets: Sequence[Target]) -> Tensor:
    """Computes the relevance of each logit, `(image, output)`, which sums to the score."""
    return logits * start_gradient(logits, targets)


def propagate(
    explainer: Explainer,
    values: Mapping[fx.Node, Any],
    scheme: Scheme,
    start: Tensor,
    through: tuple[str, Tensor] | None = None,
) -> Tensor:
    """Carries the signal of the logits to the images.

    Args:
        explainer: the model.
        values: of the images, see `Explainer.record`.
        scheme: the rules.
        start: the signal at the logits, `(image, output)`.
        through: a recorded layer, and the share of each of its channels that goes on, `(channel,)` or
            `(image, channel)`. What goes around the layer is left out.

    Returns:
        The signal at the images, of their shape.

    Raises:
        InputError: the layer is not recorded, or an operator has no rule.
    """
    model = explainer.exported
    if through is None:
        return walk_back(model, values, scheme, {model.output: start})
    layer, kept = through
    node = explainer.find_layer(layer)
    signal = walk_back(model, values, scheme, {model.output: start}, node)
    return walk_back(model, values, scheme, {node: keep_channels(explainer, layer, signal, kept)})


def keep_channels(explainer: Explainer, layer: str, signal: Tensor, kept: Tensor) -> Tensor:
    """Multiplies the channels of a recorded layer's signal by `kept`, `(channel,)` or `(image, channel)`.

    Raises:
        ValueError: `kept` has another number of channels than the layer.
    """
    layout = explainer.exported.layouts[explainer.find_layer(layer)]
    if kept.shape[-1] != layout.n_channels:
        raise ValueError(f"{layer} has {layout.n_channels} channels, not {kept.shape[-1]}")
    axis = layout.axis
    shape = [1] * signal.ndim
    shape[axis] = layout.n_channels
    if kept.ndim == 2:
        shape[0] = len(kept)
    return signal * kept.to(signal).reshape(shape)
