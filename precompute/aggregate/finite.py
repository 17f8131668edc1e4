"""Which images of a recording have finite numbers, and where the others do not."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from precompute.aggregate.influence.values import Values
from precompute.aggregate.recording import Recording
from precompute.devices.cores import Parallel
from precompute.models.graph.final_activation import OutputFacts
from precompute.models.layers.selection import RecordedLayer

__all__ = ["FiniteCheck"]


class FiniteCheck:
    """Looks through recorded layers, whatever else influences read, and logits, image by image.

    Args:
        layers: the recorded ones, in order; the first one that is not finite is named.
        outputs: whether logits of -inf are masks, which are sound.
        parallel: where the images are.
    """

    def __init__(self, layers: Sequence[RecordedLayer], outputs: OutputFacts, parallel: Parallel) -> None:
        self._layers, self._masks, self._parallel = layers, outputs.masks, parallel
        self._nodes = {layer.node for layer in layers}

    def problems(self, recording: Recording) -> list[str]:
        """Says for every image what of it is not finite; an empty text where all is."""
        values = recording.values
        pieces = values.alone() if values.device.type == "cpu" else [values]
        finite = torch.cat(list(self._parallel.map(self._are_finite, pieces))).tolist()
        logits = self._are_finite_logits(recording.logits).tolist()
        return [self._problem(*one) for one in zip(finite, logits, strict=True)]

    def _problem(self, finite: Sequence[bool], logits: bool) -> str:
        for layer, is_finite in zip(self._layers, finite, strict=False):
            if not is_finite:
                return f"layer {layer.name} yields NaN or infinity"
        if not finite[-1]:
            return "values between the layers are NaN or infinite"
        return "" if logits else "the logits are NaN or infinite"

    def _are_finite(self, values: Values) -> Tensor:
        """Looks at the values of each layer, and at all others that are held, `(batch, layer + 1)`."""
        with torch.inference_mode():
            extremes = [torch.cat(values.extremes(layer.node), 1) for layer in self._layers]
            return torch.stack([*(one.isfinite().all(1) for one in extremes), values.are_finite(self._nodes)], 1)

    def _are_finite_logits(self, logits: Tensor) -> Tensor:
        """Looks at those of each image, `(batch,)`; where outputs are masked, at least one is left."""
        finite = logits.isfinite()
        return ((finite | logits.isneginf()).all(1) & finite.any(1)) if self._masks else finite.all(1)
