"""The synsets of ImageNet's 1,000 classes, in the order of the outputs of models that were trained on them."""

from __future__ import annotations

import functools

__all__ = ["imagenet_synsets"]


@functools.cache
def imagenet_synsets() -> tuple[str, ...] | None:
    """Returns `n01440764` and so on, as timm has them; None where timm is not installed."""
    try:
        from timm.data import ImageNetInfo
    except ImportError:
        return None
    return tuple(ImageNetInfo("imagenet-1k").label_names())
