"""The command line called in this process, as a person calls it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from summit_dash.cli import main

__all__ = ["FIRST_STAGES", "call"]

FIRST_STAGES = ("--stages", "aggregate,graphs")
"""The options of a run whose tables can be compared, without its pictures."""


def call(arguments: Sequence[str]) -> int:
    """Calls `summit-dash` with arguments, and returns its exit code."""
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    return int(ended.value.code or 0)
