"""Numbers with as many digits as a page shows, because payloads hold thousands of them."""

from __future__ import annotations

__all__ = ["shorten"]


def shorten(value: float | None, digits: int = 4) -> float | None:
    """Rounds a value to so many significant digits; None for None and for NaN."""
    if value is None or value != value:
        return None
    return float(f"{value:.{digits}g}")
