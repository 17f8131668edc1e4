"""When a picture is done: its objective, averaged over a window of steps, hardly rises any more."""

from __future__ import annotations

import torch
from torch import Tensor

from precompute.feature_visualization.ascent.config import PlateauConfig

__all__ = ["Plateau"]


class Plateau:
    """Follows the objectives of a batch of pictures, each for itself.

    Args:
        config: the window and the least gain.
        start: the objectives before the first step, `(batch,)`; measured without movement, in the same unit.
    """

    def __init__(self, config: PlateauConfig, start: Tensor) -> None:
        self._config = config
        self._start = start
        self._sum = torch.zeros_like(start)
        self._last: Tensor | None = None
        self._n = 0

    def update(self, objective: Tensor) -> Tensor | None:
        """Takes the objectives of one step; `(batch,)` of whether each is done when a window ends, otherwise None."""
        if not self._config.window:
            return None
        self._sum += objective
        self._n += 1
        if self._n < self._config.window:
            return None
        mean = self._sum / self._config.window
        last, self._last = self._last, mean
        self._sum, self._n = torch.zeros_like(mean), 0
        # A picture that has not risen at all may still find a way: it is not on a plateau, it is at the foot.
        risen = mean - self._start
        return (mean - last < self._config.min_gain * risen) & (risen > 0) if last is not None else None

    def keep(self, places: Tensor) -> None:
        """Goes on with the pictures at these places alone."""
        self._start, self._sum = self._start[places], self._sum[places]
        self._last = self._last[places] if self._last is not None else None
