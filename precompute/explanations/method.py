"""The interface of a method of explanation, and what it returns."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from torch import Tensor

from precompute.contract.errors import InputError
from precompute.explanations.explainer import Explainer
from precompute.explanations.target import Target

__all__ = ["Compute", "Explanation", "Method"]


@dataclass(frozen=True)
class Explanation:
    """The maps of a batch of images.

    Attributes:
        map: `(image, channel, height, width)` of the model's input, or `(image, height, width)` of a layer's grid;
            float32, not normalised.
        scores: of the targets, `(image,)`.
        reference_scores: of the targets where the method compares with a reference image, `(image,)`.
        error: `(image,)`, the share of the score (less that of the reference) that the map's sum misses; None where
            the method promises no sum.
        note: what a reader should know, a sentence; "" for nothing.
        facts: further figures that the method reports, as plain data.
    """

    map: Tensor
    scores: Tensor
    reference_scores: Tensor | None = None
    error: Tensor | None = None
    note: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


Compute = Callable[[Explainer, Tensor, Sequence[Target], Mapping[str, Any]], Explanation]
"""Computes the maps of images `(image, channel, height, width)` for their targets, with all options given."""


@dataclass(frozen=True)
class Method:
    """An entry of the registry.

    Attributes:
        name: as in `--methods`.
        title: as people write it.
        rank: the place among the methods, in the order of the tutorial's chapters.
        family: signed maps diverge about zero; positive maps begin at zero.
        grid: the map has the size of the model's input, or of a layer.
        citation: author and year.
        needs: what a model must have, a sentence.
        holds: what is true of every map, a sentence.
        compute: the arithmetic.
        options: every option with its default.
        colours: how the colours of a map of the input are taken together for display: their sum, or the greatest
            absolute value.
    """

    name: str
    title: str
    rank: int
    family: Literal["signed", "positive"]
    grid: Literal["input", "layer"]
    citation: str
    needs: str
    holds: str
    compute: Compute
    options: Mapping[str, Any] = field(default_factory=dict)
    colours: Literal["sum", "greatest"] = "sum"

    def explain(
        self,
        explainer: Explainer,
        images: Tensor,
        targets: Sequence[Target],
        options: Mapping[str, Any] | None = None,
    ) -> Explanation:
        """Computes the maps of a batch of images.

        Args:
            explainer: the model.
            images: `(image, channel, height, width)`, after preprocessing.
            targets: one for each image.
            options: those that differ from the defaults.

        Raises:
            InputError: an option is unknown, or the method does not apply to the model; the message names operator
                and module.
        """
        given = dict(options or {})
        for name in given:
            if name not in self.options:
                near = difflib.get_close_matches(name, self.options, n=1)
                raise InputError(
                    f"The method {self.name} has the options {', '.join(self.options) or 'none'}.",
                    f"Found {name}.",
                    f"Did you mean {near[0]}?" if near else "Leave it out.",
                )
        return self.compute(explainer, images, targets, {**self.options, **given})

    def flatten(self, maps: Tensor) -> Tensor:
        """Takes the colours of maps together for display, `(image, height, width)`; a layer's grid stays as it is."""
        if maps.ndim == 3:
            return maps
        return maps.abs().amax(1) if self.colours == "greatest" else maps.sum(1)
