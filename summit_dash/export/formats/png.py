"""PNG, drawn from the SVG by resvg: no browser is needed, and both files show the same picture."""

from __future__ import annotations

from precompute.contract.errors import InputError
from summit_dash.export.formats.export_format import ExportFormat, GraphContent

__all__ = ["FORMAT", "write_png"]

_MOST_PIXELS = 100_000_000


def write_png(svg: bytes, scale: float = 2.0) -> bytes:
    """Draws the picture with `scale` pixels for each of the SVG's.

    Letters come from the shipped typeface. Letters of scripts that it lacks come from the system's typefaces.
    """
    import resvg_py

    from summit_dash.export.lettering import list_font_files

    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg.decode(),
            zoom=scale,
            font_files=[str(path) for path in list_font_files()],
            sans_serif_family="Inter",
        )
    )


def _write(content: GraphContent) -> dict[str, bytes]:
    from summit_dash.export.svg import write_svg

    _check_pixels(content.drawing.size, content.scale)
    return {".png": write_png(write_svg(content.drawing), content.scale)}


def _check_pixels(size: tuple[float, float], scale: float) -> None:
    width, height = (length * scale for length in size)
    if not (width >= 1 and height >= 1 and width * height <= _MOST_PIXELS):
        raise InputError(
            f"A PNG has up to {_MOST_PIXELS:,} pixels.",
            f"At scale {scale:g} it would have {width:,.0f} x {height:,.0f}.",
            "Name another --scale, or take the SVG, which has no pixels.",
        )


FORMAT = ExportFormat("png", (".png",), True, _write, rank=20)
