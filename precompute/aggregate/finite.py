"""The search for images of a recording whose numbers are not all finite."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, fx

from precompute.aggregate.influence.values import Values
from precompute.aggregate.recording import Recording
from precompute.devices.cores import Parallel
from precompute.models.graph.operators import get_operator_name
from precompute.models.layers.selection import RecordedLayer

__all__ = ["FiniteCheck"]


class FiniteCheck:
    """A check of recorded layers, of all other values that influences read, and of logits, image by image.

    Args:
        layers: the recorded ones, in order; the first one that is not finite is named.
        has_masks: True where logits of -inf are masks, which are sound.
        parallel: the cores, or the device, that the images are on.
    """

    def __init__(self, layers: Sequence[RecordedLayer], has_masks: bool, parallel: Parallel) -> None:
        self._layers, self._has_masks, self._parallel = layers, has_masks, parallel
        self._nodes = frozenset(layer.node for layer in layers)
        self._followed: tuple[frozenset[fx.Node], frozenset[fx.Node]] | None = None

    def find_problems(self, recording: Recording) -> list[str]:
        """Names for every image the first of its numbers that are not finite; an empty text where all are."""
        values = recording.values
        pieces = values.split_images() if values.device.type == "cpu" else [values]
        finite = torch.cat(list(self._parallel.map(self._check_values, pieces)))
        rows = torch.cat([finite, self._check_logits(recording.logits)[:, None].to(finite.device)], 1)
        return [self.describe(row) for row in rows.tolist()]

    def find_problem(self, recording: Recording) -> str:
        """Names the first numbers of one image that are not finite, in the thread of the caller."""
        values = recording.values
        if values.device.type != "cpu":
            return self.describe(self.check_batch(recording)[0].tolist())
        extremes = (values.find_image_extremes(layer.node) for layer in self._layers)
        # Sums in double precision: those of finite numbers in single precision are finite.
        layers = [math.isfinite(sum(one.sum(dtype=np.float64) for one in both)) for both in extremes]
        others = values.is_image_finite(self._list_followed(values))
        return self.describe([*layers, others, self._are_logits_sound(recording.logits[0].numpy())])

    def check_batch(self, recording: Recording) -> Tensor:
        """Checks the numbers of a batch as a whole, `(batch, check)` of bool: a row is what `describe` takes."""
        return torch.cat([self._check_values(recording.values), self._check_logits(recording.logits)[:, None]], 1)

    def describe(self, checks: Sequence[bool]) -> str:
        """Names the first numbers of an image that are not finite; an empty text where all are."""
        *layers, others, logits = checks
        for layer, is_finite in zip(self._layers, layers, strict=True):
            if not is_finite:
                return f"layer {layer.name} yields NaN or infinity"
        if not others:
            return "values between the layers are NaN or infinite"
        return "" if logits else "the logits are NaN or infinite"

    def _check_values(self, values: Values) -> Tensor:
        """Checks the values of each layer, and all others that are held, `(batch, layer + 1)`."""
        with torch.inference_mode():
            extremes = [torch.cat(values.find_extremes(layer.node), 1) for layer in self._layers]
            others = values.are_finite(self._list_followed(values))
            return torch.stack([*(one.isfinite().all(1) for one in extremes), others], 1)

    def _list_followed(self, values: Values) -> Collection[fx.Node]:
        """Lists the nodes that need no look of their own: the layers, and what is pooled from a value that is held.

        The greatest of finite numbers is finite.
        """
        held = values.nodes
        if self._followed is None or self._followed[0] != held:
            pooled = (node for node in held if _is_pooled(node) and node.args[0] in held)
            self._followed = frozenset(held), self._nodes.union(pooled)
        return self._followed[1]

    def _are_logits_sound(self, logits: NDArray[np.floating[Any]]) -> bool:
        """Checks those of one image, `(class,)`, as `_check_logits` does."""
        finite = np.isfinite(logits)
        return bool((finite | np.isneginf(logits)).all() and finite.any() if self._has_masks else finite.all())

    def _check_logits(self, logits: Tensor) -> Tensor:
        """Checks those of each image, `(batch,)`; where outputs are masked, at least one is left."""
        finite = logits.isfinite()
        return ((finite | logits.isneginf()).all(1) & finite.any(1)) if self._has_masks else finite.all(1)


def _is_pooled(node: fx.Node) -> bool:
    """Returns True for the greatest values of windows each of which holds at least one value: none is dilated."""
    if get_operator_name(node) != "max_pool2d":
        return False
    dilation = node.args[4] if len(node.args) > 4 else node.kwargs.get("dilation", 1)
    return dilation == 1 or (isinstance(dilation, Sequence) and all(step == 1 for step in dilation))
