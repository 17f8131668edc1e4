"""Heat maps as pictures: a colour scale for signed maps, which diverges about zero, and one that begins at zero."""

from __future__ import annotations

import base64
import functools
import io
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from plotly.colors import sample_colorscale

__all__ = ["Family", "draw_heat_map", "draw_part", "draw_scale", "find_scale", "write_data_address"]

Family = Literal["signed", "positive"]
_SCALES = {"signed": "RdBu_r", "positive": "Inferno"}
"""Colour scales of plotly: red speaks for the class, blue against it; bright speaks for it."""
_N_COLOURS = 256
_LEAST_SIDE = 224
_QUICK = 2
"""Level of compression: a map is written while somebody waits."""
_FAINTEST = 0.15
"""Opacity of a value of zero, so that the image is seen where the map says little."""


def find_scale(values: NDArray[np.float32]) -> float:
    """Finds the value that has the strongest colour: the greatest absolute value of a map; 0 for an empty map."""
    return float(np.abs(values).max(initial=0.0))


def draw_heat_map(values: NDArray[np.float32], family: Family) -> bytes:
    """Draws a map as PNG, to be laid over its image: the farther from zero, the more opaque.

    Args:
        values: `(height, width)`; a small grid is enlarged bicubically.
        family: "signed" maps have their neutral colour at zero; of "positive" ones zero is the darkest.
    """
    scale = find_scale(values)
    shares = values / scale if scale else np.zeros_like(values)
    height, width = shares.shape
    factor = max(1, -(-_LEAST_SIDE // max(height, width)))
    if factor > 1:
        big = Image.fromarray(shares.astype(np.float32)).resize(
            (width * factor, height * factor),
            Image.Resampling.BICUBIC if max(height, width) < 64 else Image.Resampling.NEAREST,
        )
        shares = np.asarray(big)
    shares = np.clip(shares, -1 if family == "signed" else 0, 1)
    places = (shares + 1) / 2 if family == "signed" else shares
    picture = Image.fromarray(np.rint(places * (_N_COLOURS - 1)).astype(np.uint8))
    picture.putpalette(_list_colours(family).tobytes())
    return _write_png(picture, transparency=_list_opacities(family), compress_level=_QUICK)


def draw_part(part: Any) -> Any:
    """Draws the map of a part of an answer: `picture` and `scale` come in the place of `map`, in a fifth of the memory.

    Args:
        part: of any answer; one without a map stays as it is.
    """
    if not isinstance(part, Mapping) or "map" not in part:
        return part
    drawn = {"picture": draw_heat_map(part["map"], part["family"]), "scale": find_scale(part["map"])}
    return {**{name: value for name, value in part.items() if name != "map"}, **drawn}


def draw_scale(family: Family) -> bytes:
    """Draws the colour scale of a family as a strip, from its least value on the left to its greatest."""
    return _write_png(Image.fromarray(np.repeat(_list_colours(family)[None], 8, axis=0)))


def write_data_address(content: bytes, kind: str = "png") -> str:
    """Writes a picture as an address that holds it."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"


@functools.cache
def _list_colours(family: Family) -> NDArray[np.uint8]:
    """Lists the colours of a scale, `(256, 3)`."""
    scale: Any = sample_colorscale(_SCALES[family], _N_COLOURS, colortype="tuple")
    return np.rint(np.array(scale) * 255).astype(np.uint8)


@functools.cache
def _list_opacities(family: Family) -> bytes:
    """Lists the opacities of the colours of a scale, 0 to 255: the farther from zero, the more opaque."""
    shares = np.linspace(-1 if family == "signed" else 0, 1, _N_COLOURS)
    return np.rint(np.clip(_FAINTEST + 1.7 * np.abs(shares), 0, 1) * 255).astype(np.uint8).tobytes()


def _write_png(picture: Image.Image, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG", **options)
    return file.getvalue()
