"""Layer-wise relevance propagation: the rule of every operator (Bach et al. 2015; Montavon et al. 2019)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, fx

from precompute.explanations.backward.attention import read_attention
from precompute.explanations.backward.conservation import Ledger
from precompute.explanations.backward.folding import find_folded, fold, read_affine
from precompute.explanations.backward.norms import read_norm
from precompute.explanations.backward.operators import (
    ATTENTION,
    LAYER_NORM,
    QUOTIENT,
    comes_from_softmax,
    is_elementwise,
    is_maximum,
    is_moved,
    takes_sums,
)
from precompute.explanations.backward.presets import Preset, choose_rules
from precompute.explanations.backward.rules import Box, stabilize
from precompute.explanations.backward.step import Signal, Step
from precompute.explanations.backward.weighted import read_weighted
from precompute.explanations.explainer import Explainer
from precompute.models.graph.main_path import find_main_inputs
from precompute.models.graph.operators import NORMALIZATION, get_argument

__all__ = ["Relevance"]

_Shares = Sequence[Tensor | None]


class Relevance:
    """The rules of layer-wise relevance propagation, and the account of what each layer absorbs.

    Convolutions and products with a matrix have the rule of the preset, sums share in proportion, the greatest of
    several values has all, an activation passes everything, and a product gives everything to its main path. A batch
    norm is folded into the layer before it, or shares in proportion. The normalizer of a layer norm and the weights of
    attention are held constant (Ali et al. 2022, section 4).

    Args:
        explainer: the model.
        values: of the images, see `Explainer.record`.
        preset: the rules by the kind of layer.
        by_module: rules of single modules, see `choose_rules`.
        name: of the method, for messages.

    Raises:
        InputError: a rule or a module is unknown.
    """

    def __init__(
        self,
        explainer: Explainer,
        values: Mapping[fx.Node, Any],
        preset: Preset,
        by_module: Mapping[str, str] | None = None,
        name: str = "LRP",
    ) -> None:
        self.name, self._explainer, self._values, self._preset = name, explainer, values, preset
        self.rules = choose_rules(explainer.exported, preset, by_module)
        self.folded = find_folded(explainer.exported)
        self._norms = set(self.folded.values())
        self.ledger = Ledger(len(values[explainer.exported.input]))

    def propagate(self, step: Step, signal: Signal) -> _Shares:
        """Computes the relevance of the step's inputs from that of its output.

        Raises:
            InputError: the operator has no rule.
        """
        if is_moved(step.node):
            return step.pull(signal)
        assert isinstance(signal, Tensor)
        if step.node in self._norms:
            return [signal, *[None] * (len(step.inputs) - 1)]
        if step.node in self.rules:
            return self._note(step, str(self.rules[step.node]), signal, [self._share_weighted(step, signal)])
        if takes_sums(step.node):
            return self._note(step, "in proportion", signal, self._share_sum(step, signal))
        if step.name in NORMALIZATION:
            return self._note(step, "in proportion", signal, self._share_affine(step, signal))
        if step.name in LAYER_NORM:
            return self._note(step, "normalizer held", signal, self._share_layer_norm(step, signal))
        if is_maximum(step.node) or step.name in {"maximum", "minimum"}:
            return step.pull(signal)
        if is_elementwise(step.model, step.node) or step.name == "rms_norm":
            return [signal]
        if step.name in {"mul", QUOTIENT}:
            return _share_product(step, signal)
        if step.name in {"matmul", "bmm", ATTENTION}:
            return self._note(step, "weights held", signal, self._share_attention(step, signal))
        raise step.build_refusal(self.name)

    def _note(self, step: Step, rule: str, signal: Tensor, shares: _Shares) -> _Shares:
        self.ledger.note(step, rule, signal, shares)
        return shares

    def _share_weighted(self, step: Step, relevance: Tensor) -> Tensor:
        norm = self.folded.get(step.node)
        layer = read_weighted(step) if norm is None else fold(step, norm, self._values)
        rule = self.rules[step.node]
        box = self._compute_box(layer.source) if rule.name == "z_box" else None
        return rule.redistribute(layer, relevance, box)

    def _compute_box(self, node: fx.Node) -> Box:
        """Computes the least and greatest values of a value that is an affine function of the image's pixels."""
        model, limits = self._explainer.exported, self._explainer.input_range
        if node is model.input:
            return limits.low, limits.high
        reach = model.build_sub_graph([node])
        with torch.no_grad():
            one, other = (
                reach(bound.expand(model.input_size)[None].contiguous())[0] for bound in (limits.low, limits.high)
            )
        return torch.minimum(one, other), torch.maximum(one, other)

    def _share_sum(self, step: Step, relevance: Tensor) -> _Shares:
        if not self._preset.is_positive:
            return _share_in_proportion(step, relevance, step.input_values, step.output)
        if step.name in {"sub", "rsub"}:
            raise step.build_refusal(self.name, "positive contributions to a difference are not defined")
        parts = [value.clamp_min(0) for value in step.input_values]
        with torch.no_grad():
            total = step.apply(dict(zip(step.inputs, parts, strict=True)))
        return _share_in_proportion(step, relevance, parts, total)

    def _share_affine(self, step: Step, relevance: Tensor) -> _Shares:
        (value,) = step.input_values
        scale, offset = (part.view(-1, *[1] * (value.ndim - 2)) for part in read_affine(step))
        share = value * scale
        if self._preset.is_positive:
            share, offset = share.clamp_min(0), offset.clamp_min(0)
        return [share * (relevance / stabilize(share + offset))]

    def _share_layer_norm(self, step: Step, relevance: Tensor) -> _Shares:
        if self._preset.is_positive:
            raise step.build_refusal(self.name, "it subtracts the mean, and no contribution to that is positive alone")
        norm = read_norm(step, self.name)
        (value,) = step.input_values
        scale = norm.compute_scale(norm.center(value))
        share = relevance / stabilize(norm.apply_with_scale(value, scale))
        # The map is symmetric but for the weight, so its transpose is the same map with the weight first.
        pulled = norm.center((norm.scale(share)).reshape(value.shape)) * scale
        return [value * pulled.reshape(value.shape)]

    def _share_attention(self, step: Step, relevance: Tensor) -> _Shares:
        if self._preset.is_positive:
            raise step.build_refusal(self.name, "the values of attention may be negative")
        share = relevance / stabilize(step.output)
        if step.name == ATTENTION:
            attention = read_attention(step, self.name)
            query, key, value = (step.get(name) for name in ("query", "key", "value"))
            carrier = get_argument(step.node, "value")
            shares = value * (attention.compute_weights(query, key).mT @ share)
            return [shares if node is carrier else None for node in step.inputs]
        held = [node for node in step.inputs if comes_from_softmax(step.model, node)]
        if len(held) != 1 or len(step.inputs) != 2:
            raise step.build_refusal(self.name, "no single one of its factors comes out of a softmax")
        points = [None if node in held else step.values[node] for node in step.inputs]
        return _share_in_proportion(step, relevance, points, step.output)


def _share_in_proportion(step: Step, relevance: Tensor, points: Sequence[Any], total: Tensor) -> _Shares:
    """Shares relevance among the inputs of a linear operator in proportion to their contributions."""
    pulled = step.pull(relevance / stabilize(total), points)
    return [None if one is None else value * one for value, one in zip(points, pulled, strict=True)]


def _share_product(step: Step, relevance: Tensor) -> _Shares:
    """Gives all relevance to the main path of a product or quotient; two main paths have equal parts."""
    main = find_main_inputs(step.model, step.node)
    part = relevance / len(main)
    return [part.sum_to_size(step.values[node].shape) if node in main else None for node in step.inputs]
