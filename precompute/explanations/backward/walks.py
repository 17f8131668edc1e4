"""The walks of the methods: from a target's score to the image, whole or by way of a recorded layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import torch
from torch import Tensor, fx

from precompute.contract.errors import InputError
from precompute.explanations.backward.conservation import Ledger
from precompute.explanations.backward.difference import Difference
from precompute.explanations.backward.presets import DEEP_TAYLOR, Preset, find_preset
from precompute.explanations.backward.rectified import Gradient, Rectified
from precompute.explanations.backward.relevance import Relevance
from precompute.explanations.backward.walk import Scheme, walk_back
from precompute.explanations.explainer import Explainer
from precompute.explanations.reference_images import make_reference
from precompute.explanations.target import Target, score

__all__ = ["WALKS", "Prepare", "Walk"]


@dataclass(frozen=True)
class Walk:
    """A walk whose forward pass is done.

    Attributes:
        explainer: the model.
        values: of the images, see `Explainer.record`.
        scheme: the rules.
        start: the signal at the logits, `(image, output)`.
        factor: multiplies the signal at the images, and makes it the map; None for 1.
        scores: of the targets, `(image,)`.
        reference_scores: of the reference images, where there are any.
        ledger: the account of relevance, where the method keeps one.
    """

    explainer: Explainer
    values: Mapping[fx.Node, Any]
    scheme: Scheme
    start: Tensor
    factor: Tensor | None
    scores: Tensor
    reference_scores: Tensor | None = None
    ledger: Ledger | None = field(default=None, compare=False)

    def run(self) -> Tensor:
        """Walks from the logits to the images; returns the map, of the shape of the images.

        Raises:
            InputError: an operator has no rule.
        """
        model = self.explainer.exported
        return self._finish(walk_back(model, self.values, self.scheme, {model.output: self.start}))

    def reach(self, layer: str) -> Tensor:
        """Walks from the logits to a recorded layer; returns the signal, of the shape of the layer's value.

        Raises:
            InputError: the layer is not recorded, or an operator has no rule.
        """
        model, node = self.explainer.exported, self.explainer.find_layer(layer)
        return walk_back(model, self.values, self.scheme, {model.output: self.start}, node)

    def leave(self, layer: str, signal: Tensor, kept: Tensor | None = None) -> Tensor:
        """Walks from a recorded layer to the images; returns the map of what passes through the layer.

        Args:
            layer: its name.
            signal: at the layer, as `reach` returns it.
            kept: the share of each channel that goes on, `(channel,)` or `(image, channel)`; None for all of it.

        Raises:
            InputError: the layer is not recorded, or an operator has no rule.
        """
        node = self.explainer.find_layer(layer)
        signal = signal if kept is None else self._keep(layer, signal, kept)
        return self._finish(walk_back(self.explainer.exported, self.values, self.scheme, {node: signal}))

    def _finish(self, signal: Tensor) -> Tensor:
        return signal if self.factor is None else signal * self.factor

    def _keep(self, layer: str, signal: Tensor, kept: Tensor) -> Tensor:
        layout = self.explainer.exported.layouts[self.explainer.find_layer(layer)]
        if kept.shape[-1] != layout.n_channels:
            raise ValueError(f"{layer} has {layout.n_channels} channels, not {kept.shape[-1]}")
        shape = [1] * signal.ndim
        shape[layout.axis] = layout.n_channels
        if kept.ndim == 2:
            shape[0] = len(kept)
        return signal * kept.to(signal).reshape(shape)


Prepare: TypeAlias = Callable[[Explainer, Tensor, Sequence[Target], Mapping[str, Any]], Walk]
"""Prepares the walk of a method for images `(image, channel, height, width)`, their targets and all options."""


def _start(logits: Tensor, targets: Sequence[Target]) -> tuple[Tensor, Tensor]:
    """Computes the gradient of each image's score by its logits, `(image, output)`, and the scores."""
    with torch.enable_grad():
        free = logits.detach().requires_grad_()
        scores = score(free, targets)
        (found,) = torch.autograd.grad(scores.sum(), free)
    return found, scores.detach()


def _prepare_relevance(
    explainer: Explainer, images: Tensor, targets: Sequence[Target], scheme: tuple[str, Preset, Any]
) -> Walk:
    name, preset, by_module = scheme
    values = explainer.record(images)
    logits = values[explainer.exported.output]
    rules = Relevance(explainer, values, preset, by_module, name)
    start, scores = _start(logits, targets)
    # The relevance of each logit is what it adds to the score.
    return Walk(explainer, values, rules, start * logits, None, scores, ledger=rules.ledger)


def _prepare_lrp(explainer: Explainer, images: Tensor, targets: Sequence[Target], options: Mapping[str, Any]) -> Walk:
    preset = find_preset(options["preset"])
    return _prepare_relevance(explainer, images, targets, ("LRP", preset, options["rules"]))


def _prepare_deep_taylor(
    explainer: Explainer, images: Tensor, targets: Sequence[Target], options: Mapping[str, Any]
) -> Walk:
    if any(target.against is not None for target in targets):
        raise InputError(
            "Deep Taylor decomposition explains the score of one class.",
            "Found one class against another.",
            "Leave the contrast out, or choose lrp.",
        )
    walk = _prepare_relevance(explainer, images, targets, ("Deep Taylor decomposition", DEEP_TAYLOR, None))
    if (walk.scores <= 0).any():
        number = int((walk.scores <= 0).nonzero()[0])
        raise InputError(
            "Deep Taylor decomposition explains a score greater than 0.",
            f"The score of image {number + 1} of {len(images)} is {walk.scores[number]:.3g}.",
            "Choose a more probable class, or lrp.",
        )
    return walk


def _prepare_deeplift(
    explainer: Explainer, images: Tensor, targets: Sequence[Target], options: Mapping[str, Any]
) -> Walk:
    reference = make_reference(images, options["reference"], explainer.input_range)
    values, referred = explainer.record(images), explainer.record(reference)
    output = explainer.exported.output
    start, scores = _start(values[output], targets)
    return Walk(
        explainer, values, Difference(referred), start, images - reference, scores, score(referred[output], targets)
    )


def _prepare_gradient(scheme: Scheme, is_times_input: bool) -> Prepare:
    def prepare(explainer: Explainer, images: Tensor, targets: Sequence[Target], options: Mapping[str, Any]) -> Walk:
        values = explainer.record(images)
        start, scores = _start(values[explainer.exported.output], targets)
        return Walk(explainer, values, scheme, start, images if is_times_input else None, scores)

    return prepare


WALKS: Mapping[str, Prepare] = {
    "gradient": _prepare_gradient(Gradient(), is_times_input=False),
    "simple_taylor": _prepare_gradient(Gradient(), is_times_input=True),
    "lrp": _prepare_lrp,
    "deep_taylor": _prepare_deep_taylor,
    "deeplift": _prepare_deeplift,
    "deconvolution": _prepare_gradient(Rectified(is_guided=False), is_times_input=False),
    "guided_backprop": _prepare_gradient(Rectified(is_guided=True), is_times_input=False),
}
"""The walks by the name of their method; those of methods that need gradients alone pass through channels as well."""
