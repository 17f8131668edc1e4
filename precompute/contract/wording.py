"""Numbers with the names of what they count."""

from __future__ import annotations

__all__ = ["format_count"]


def format_count(n: int, unit: str) -> str:
    """Formats a number with its unit, which is given in the plural: "1 class", "1,000 classes"."""
    one = "class" if unit == "classes" else unit.removesuffix("s")
    return f"{n:,} {one if n == 1 else unit}"
