"""The rule for an early stop: the mean objective over a window of steps hardly rises any more."""

from __future__ import annotations

import torch
from torch import Tensor

from precompute.feature_visualization.ascent.config import PlateauConfig

__all__ = ["Plateau"]


class Plateau:
    """The objectives of a batch of pictures so far; each picture is judged separately.

    Args:
        config: the window and the least gain.
        start: objectives before the first step, `(batch,)`, measured without movement, in the same unit.
    """

    def __init__(self, config: PlateauConfig, start: Tensor) -> None:
        self._config = config
        self._start = start
        self._sum = torch.zeros_like(start)
        self._last: Tensor | None = None
        self._n = 0

    def update(self, objective: Tensor) -> Tensor | None:
        """Adds the objectives of one step, `(batch,)`.

        Returns:
            `(batch,)` of bool, true for finished pictures, at the end of a window; None at other steps.
        """
        if not self._config.window:
            return None
        self._sum += objective
        self._n += 1
        if self._n < self._config.window:
            return None
        mean = self._sum / self._config.window
        last, self._last = self._last, mean
        self._sum, self._n = torch.zeros_like(mean), 0
        # A picture that has not risen at all is not on a plateau: it may still rise later.
        risen = mean - self._start
        return (mean - last < self._config.min_gain * risen) & (risen > 0) if last is not None else None

    def keep(self, indices: Tensor) -> None:
        """Drops all pictures but those with these indices in the batch."""
        self._start, self._sum = self._start[indices], self._sum[indices]
        self._last = self._last[indices] if self._last is not None else None
