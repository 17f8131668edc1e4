"""`summit-dash validate`: a run against the schema."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from precompute.contract.validate import Finding

__all__ = ["run_validate"]


def run_validate(run: Path) -> Sequence[Finding]:
    """The findings of the schema check; needs no torch."""
    from precompute.contract.validate import validate

    return validate(run)
