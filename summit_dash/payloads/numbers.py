"""Numbers in as many digits as a page shows, because payloads hold thousands of them."""

from __future__ import annotations

__all__ = ["shorten"]


def shorten(value: float | None, digits: int = 4) -> float | None:
    """The value in so many significant digits; None, and what is no number, is None."""
    if value is None or value != value:
        return None
    return float(f"{value:.{digits}g}")
