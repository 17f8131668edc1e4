"""The description beside exported sheets: empty cells by name, and refusals of one that does not fit."""

from __future__ import annotations

import io
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from precompute.contract.schema import locate_table, read_table
from precompute.contract.writing import write_table
from precompute.feature_visualization.spritemaps.description import (
    DESCRIPTION,
    DescribedSheet,
    read_description,
    to_json,
)
from precompute.feature_visualization.spritemaps.geometry import build_square_grid
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
    locate_table(other, "feature_visualizations").unlink()
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


LABELS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)


@st.composite
def draw_described_sheets(draw: st.DrawFn) -> DescribedSheet:
    """Draws sheets as an export describes them."""
    n_channels, columns = draw(st.integers(1, 90)), draw(st.integers(1, 12))
    empty = draw(st.sets(st.integers(0, n_channels - 1), max_size=5))
    grid = build_square_grid(n_channels, draw(st.integers(1, 300)), columns)
    file = quote(draw(LABELS), safe="") + ".png"
    return DescribedSheet(file, draw(LABELS), "channel", grid, n_channels, tuple(sorted(empty)))


@settings(max_examples=25)
@given(sheets=st.lists(draw_described_sheets(), max_size=3), model=LABELS)
def test_a_description_is_read_as_it_was_written(sheets: list[DescribedSheet], model: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / DESCRIPTION).write_text(to_json(model, sheets), encoding="utf-8")
        assert read_description(Path(folder)) == sheets


def test_a_sheet_is_a_line_of_the_file() -> None:
    """People compare such files line by line."""
    sheet = DescribedSheet("a-channel.png", "a", "channel", build_square_grid(5, 24, None), 5, (2,))
    head, line, end = to_json("net", [sheet]).splitlines()
    assert head == '{"format": "summit-dash spritemaps", "version": 1, "model": "net", "sheets": ['
    assert json.loads(line) == {
        "file": "a-channel.png",
        "layer": "a",
        "kind": "channel",
        "cell": 24,
        "columns": 3,
        "n_channels": 5,
        "empty": [2],
    }
    assert end == "]}"


@pytest.mark.parametrize("name", ["../a.png", "/a.png", "sub/a.png"])
def test_a_file_outside_the_folder_is_no_sheet_of_it(name: str) -> None:
    entry = DescribedSheet("a.png", "a", "channel", build_square_grid(4, 8), 4, ()).to_json()
    with pytest.raises(ValueError, match="no file of this folder"):
        DescribedSheet.from_json({**entry, "file": name})
