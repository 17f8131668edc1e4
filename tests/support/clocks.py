"""A clock that tests set by hand."""

from __future__ import annotations


class Clock:
    """A clock that advances by `step` seconds at each call, or by hand."""

    def __init__(self, step: float = 0.0) -> None:
        self.now, self.step = 100.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now
