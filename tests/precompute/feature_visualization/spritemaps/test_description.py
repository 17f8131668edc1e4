"""The description beside exported sheets: empty cells by name, and refusals of one that does not fit."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from precompute.contract.schema import read_table, table_path, write_table
from tests.support.sheets import (
    GREY,
    SIZE,
    are_equal,
    read_files,
    read_pictures,
    run_spritemaps,
)


def test_a_drawn_picture_of_one_colour_is_a_picture(run: Path, bare: Path, tmp_path: Path) -> None:
    """The description says which cells are empty; a sheet without one is looked at."""
    buffer = io.BytesIO()
    Image.new("RGB", (SIZE, SIZE), GREY).save(buffer, "WEBP", lossless=True)
    table = read_table(run, "feature_visualizations").to_pydict()
    table["image"][0] = buffer.getvalue()
    write_table(run, "feature_visualizations", table)
    run_spritemaps("export", run, tmp_path / "sheets")
    assert run_spritemaps("import", bare, tmp_path / "sheets") == 0
    assert are_equal(read_pictures(bare), read_pictures(run))
    assert run_spritemaps("import", bare, f"conv1={tmp_path}/sheets/conv1-channel.png", "--overwrite") == 0
    other = Path(shutil.copytree(run, tmp_path / "other"))
    table_path(other, "feature_visualizations").unlink()
    assert run_spritemaps("import", other, f"conv1={tmp_path}/sheets/conv1-channel.png") == 0
    assert len(read_pictures(other)) == 8


def _set_later_version(described: dict[str, Any]) -> None:
    described["version"] = 2


def _drop_columns(described: dict[str, Any]) -> None:
    del described["sheets"][0]["columns"]


def _move_file_elsewhere(described: dict[str, Any]) -> None:
    described["sheets"][0]["file"] = "../conv1-channel.png"


def _change_n_channels(described: dict[str, Any]) -> None:
    described["sheets"][0]["n_channels"] = 13


def _change_layer(described: dict[str, Any]) -> None:
    described["sheets"][0]["layer"] = "conv"


def _change_kind(described: dict[str, Any]) -> None:
    described["sheets"][0]["kind"] = "chanel"


def _change_cell(described: dict[str, Any]) -> None:
    described["sheets"][0]["cell"] = 25


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_set_later_version, "version 1"),
        (_drop_columns, "'columns'"),
        (_move_file_elsewhere, "no file of this folder"),
        (_change_n_channels, "tells 13 channels of conv1, the run has 12"),
        (_change_layer, "Did you mean conv1?"),
        (_change_kind, "A kind of picture"),
        (_change_cell, "A described sheet has 4 x 3 cells of 25 px"),
    ],
)
def test_a_description_that_does_not_fit_is_refused(
    run: Path,
    bare: Path,
    tmp_path: Path,
    change: Callable[[dict[str, Any]], None],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run_spritemaps("export", run, tmp_path / "sheets")
    path = tmp_path / "sheets/spritemaps.json"
    described = json.loads(path.read_text())
    change(described)
    path.write_text(json.dumps(described))
    before = read_files(bare)
    capsys.readouterr()
    assert run_spritemaps("import", bare, tmp_path / "sheets") == 2
    assert said in capsys.readouterr().err
    assert read_files(bare) == before


def test_a_description_needs_no_options(
    run: Path, bare: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_spritemaps("export", run, tmp_path / "sheets")
    assert run_spritemaps("import", bare, tmp_path / "sheets", "--cell", 24) == 2
    assert "Leave the options out" in capsys.readouterr().err
