"""The tables of two transfer results, compared."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from precompute.contract.transfer_tables import TRANSFER_TABLES, read_transfer_table

__all__ = ["read_frames", "require_equal"]


def read_frames(out: Path, without: str = "milliseconds") -> dict[str, pd.DataFrame]:
    """Reads all tables, without the column that is measured."""
    frames = {name: read_transfer_table(out, name).to_pandas() for name in TRANSFER_TABLES}
    return {name: frame.drop(columns=without, errors="ignore") for name, frame in frames.items()}


def require_equal(one: Path, other: Path) -> None:
    """Asserts that two results hold the same tables."""
    expected, found = read_frames(one), read_frames(other)
    for name, frame in expected.items():
        pd.testing.assert_frame_equal(found[name], frame)
