"""SVG, for browsers, drawing programs and paper."""

from __future__ import annotations

from summit_dash.export.formats.export_format import ExportFormat, GraphContent

__all__ = ["FORMAT"]


def _write(content: GraphContent) -> dict[str, bytes]:
    from summit_dash.export.svg import write_svg

    return {".svg": write_svg(content.drawing)}


FORMAT = ExportFormat("svg", (".svg",), True, _write, rank=10)
