"""The demo's drawn scenes as a source of images, under the name `demo`."""

from __future__ import annotations

from precompute.contract.errors import InputError
from precompute.datasets.images import ImageSource
from precompute.datasets.sources.kind import ImageSourceKind, OpenRequest

__all__ = ["SOURCE"]


def _open(request: OpenRequest) -> ImageSource:
    """Opens the demo with the usual number of images per class, or with exactly the number of the limit.

    Raises:
        InputError: the limit is greater than the demo can number.
    """
    from precompute.demo.images import DemoImages

    limit = request.limit_per_class
    if limit is None:
        return DemoImages()
    try:
        return DemoImages(images_per_class=limit)
    except ValueError as problem:
        raise InputError("The demo draws so many images of each class.", f"{problem}.", "Lower the limit.") from problem


SOURCE = ImageSourceKind(
    key="demo", rank=50, usage="demo", recognises=lambda request: request.spec == "demo", open=_open
)
