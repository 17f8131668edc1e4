"""The account of relevance: what every layer was given, and what it passed on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from precompute.explanations.backward.step import Step
from precompute.models.graph.operators import get_shape
from precompute.models.graph.source_location import name_module

__all__ = ["Entry", "Ledger"]


@dataclass(frozen=True)
class Entry:
    """The relevance at one layer.

    Attributes:
        layer: the path of its module.
        operator: its operator.
        rule: the rule by which it shares relevance.
        given: the sum over its output, `(image,)`.
        passed: the sum over all that it reads, `(image,)`; what is missing was absorbed by biases and by epsilon.
    """

    layer: str
    operator: str
    rule: str
    given: Tensor
    passed: Tensor


@dataclass
class Ledger:
    """The entries of a walk, in its order: from the class to the image.

    Attributes:
        n_images: of the batch.
        entries: of all layers whose values have the images along their first axis.
    """

    n_images: int
    entries: list[Entry] = field(default_factory=list)

    def note(self, step: Step, rule: str, given: Tensor, passed: Sequence[Tensor | None]) -> None:
        """Notes the relevance of one layer."""
        tensors = [given, *(one for one in passed if one is not None)]
        shapes = [get_shape(node) or (0,) for node in (step.node, *step.inputs)]
        if any(shape[0] != -1 for shape in shapes if shape != (0,)) or any(len(t) % self.n_images for t in tensors):
            return
        sums = [tensor.reshape(self.n_images, -1).sum(1) for tensor in tensors]
        self.entries.append(Entry(name_module(step.node), step.name, rule, sums[0], sum(sums[1:], 0 * sums[0])))

    def describe(self, scores: Tensor) -> list[dict[str, Any]]:
        """Returns the entries as plain data.

        Args:
            scores: of the images, `(image,)`; `absorbed` is the share of these that was not passed on.
        """
        size = scores.abs().clamp_min(1e-12)
        return [
            {
                "layer": entry.layer,
                "operator": entry.operator,
                "rule": entry.rule,
                "given": entry.given.tolist(),
                "passed": entry.passed.tolist(),
                "absorbed": ((entry.given - entry.passed) / size).tolist(),
            }
            for entry in self.entries
        ]
