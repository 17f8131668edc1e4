"""An SVG as PNG, drawn by resvg: no browser is needed, and both files show the same picture."""

from __future__ import annotations

import resvg_py

from summit_dash.export.lettering import font_files

__all__ = ["write_png"]


def write_png(svg: bytes, scale: float = 2.0) -> bytes:
    """The picture with `scale` pixels for each of the SVG's.

    Letters come from the shipped typeface; scripts that it lacks from the system's.
    """
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg.decode(),
            zoom=scale,
            font_files=[str(path) for path in font_files()],
            sans_serif_family="Inter",
        )
    )
