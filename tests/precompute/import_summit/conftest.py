"""A published folder beside a file of labels, for every test of the import."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.published import LABELS, write_published


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A published folder of two classes, with `labels.csv` beside it."""
    (tmp_path / "labels.csv").write_text(LABELS)
    return write_published(tmp_path / "summit-data")
