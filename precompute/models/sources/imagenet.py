"""The synsets of ImageNet's 1,000 classes, in the order of the outputs of models that were trained on them."""

from __future__ import annotations

import functools

__all__ = ["read_imagenet_synsets"]


@functools.cache
def read_imagenet_synsets() -> tuple[str, ...] | None:
    """Reads the synsets from timm, from `n01440764` on; returns None where timm is not installed."""
    try:
        from timm.data import ImageNetInfo
    except ImportError:
        return None
    return tuple(ImageNetInfo("imagenet-1k").label_names())
