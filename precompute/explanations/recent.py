"""Passes through a model that several methods share, kept while an image is explained."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from typing import Any, TypeAlias, TypeVar

import torch
from torch import Tensor

__all__ = ["Recent"]

Result = TypeVar("Result")
_Found: TypeAlias = dict[Hashable, deque[tuple[Tensor, Any]]]


class Recent:
    """The latest passes of one image each, as long as it is open.

    Of every kind of pass, the last few images are kept: an image and its reference. Larger batches are not: they would
    fill the memory. Nothing may change a result in place.

    Args:
        n_kept: images of each kind.
    """

    def __init__(self, n_kept: int = 2) -> None:
        self._n_kept = n_kept
        self._found: _Found | None = None
        self._outer: list[_Found | None] = []
        self._last: tuple[Tensor, _Found] | None = None

    def __enter__(self) -> Recent:
        self._open({})
        return self

    def __exit__(self, *_: object) -> None:
        self._found = self._outer.pop()

    @contextlib.contextmanager
    def keep(self, image: Tensor) -> Iterator[None]:
        """Opens it for an image, whose passes stay until another image is kept: several questions are about the same.

        Args:
            image: `(1, channel, height, width)`.
        """
        last = self._last
        mine = last if last is not None and _is_same(last[0], image) else (image.detach().clone(), {})
        self._last = None  # what was kept of another image is free before this one fills the memory
        self._open(mine[1])
        try:
            yield
        finally:
            self._found = self._outer.pop()
            self._last = mine

    def keeps(self, images: Tensor) -> bool:
        """Returns True if the passes of these images are kept now."""
        return self._found is not None and len(images) == 1

    def find(self, kind: Hashable, images: Tensor) -> Any:
        """Returns the result of a pass that was computed for the same image; None where there is none."""
        if self._found is None or not self.keeps(images):
            return None
        return next((result for image, result in self._found.get(kind, ()) if _is_same(image, images)), None)

    def compute(self, kind: Hashable, images: Tensor, compute: Callable[[], Result]) -> Result:
        """Computes a pass, or returns its result where the same image was the last one.

        Args:
            kind: of the pass, with all that it depends on beside the image.
            images: `(image, channel, height, width)`.
            compute: the pass.
        """
        if self._found is None or not self.keeps(images):
            return compute()
        kept = self._found.setdefault(kind, deque(maxlen=self._n_kept))
        for image, result in kept:
            if _is_same(image, images):
                found: Result = result
                return found
        result = compute()
        kept.append((images.detach().clone(), result))
        return result

    def _open(self, found: _Found) -> None:
        self._outer.append(self._found)  # one question may be answered in the middle of another one
        self._found = found


def _is_same(one: Tensor, other: Tensor) -> bool:
    alike = (one.dtype, one.device, one.shape) == (other.dtype, other.device, other.shape)
    return alike and torch.equal(one, other)
