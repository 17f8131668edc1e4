"""`precompute.explain`: the answers of a run's model about images, in Python."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from precompute.contract.errors import InputError
from precompute.explanations.explain import ALL, ExplainConfig, ExplainedImage, explain_image
from precompute.explanations.methods.grad_cam import LAST
from precompute.explanations.opened import open_run
from precompute.explanations.target import AUTO, NONE

__all__ = ["explain"]


def explain(
    run: str | Path,
    images: Any,
    *,
    methods: Sequence[str] = (ALL,),
    target: str = AUTO,
    against: str = NONE,
    layer: str = LAST,
    channels: Sequence[str] = (),
    metrics: bool = False,
) -> list[ExplainedImage]:
    """Explains images by a run's model.

    Args:
        run: the run's folder.
        images: one or several, each a path, the number of an image of the run, bytes of a file, or a picture of
            Pillow.
        methods: names of the registry, or `all` alone; those that do not apply are then listed with the reason.
        target: name or number of the output that is explained; `auto`: the most probable.
        against: of the output that it is compared with; `auto`: the most probable other one; or `none`.
        layer: recorded, of the channels and of maps of a layer; `last`: the last one with positions.
        channels: names such as `mixed4d-346`, whose part of the relevance has a map of its own.
        metrics: True for the quality of every map, which takes minutes an image.

    Returns:
        One for each image: `maps` with `raw` `(channel, height, width)` of the input or `(height, width)` of a
        layer's grid, `predictions`, `strongest` channels, `cells` of the layer, `quality`.

    Raises:
        InputError: a file, a name or the run's model cannot be used.
    """
    config = ExplainConfig(tuple(methods), target, against, layer, tuple(channels), metrics)
    opened = open_run(Path(run))
    asked = [images] if isinstance(images, str | Path | int | bytes | Image.Image) else images
    return [explain_image(opened, content, config) for content in _read(asked)]


def _read(images: Iterable[Any]) -> list[bytes | int]:
    """Reads the contents of images."""
    found: list[bytes | int] = []
    for image in images:
        if isinstance(image, str | Path):
            try:
                found.append(Path(image).read_bytes())
            except OSError as problem:
                raise InputError("An image is a file.", f"{image}: {problem.strerror}.", "Check the path.") from problem
        elif isinstance(image, Image.Image):
            content = io.BytesIO()
            image.save(content, "PNG")
            found.append(content.getvalue())
        elif isinstance(image, bytes | int):
            found.append(image)
        else:
            raise InputError(
                "An image is a path, a number, bytes or a picture of Pillow.",
                f"Found {type(image).__name__}.",
                "Pass one of them.",
            )
    return found
