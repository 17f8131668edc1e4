"""Validation of runs as the command line does it."""

from __future__ import annotations

from pathlib import Path

from precompute.contract import validate as module
from precompute.contract.validate import Finding
from precompute.pipeline.registry import list_tables

__all__ = ["validate"]


def validate(run: Path) -> list[Finding]:
    """Checks a run with the tables of every stage that there is."""
    return module.validate(run, list_tables())
