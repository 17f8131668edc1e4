"""Export of sheets: every channel in its cell, formats and sizes, and refusals that leave no file."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from precompute.contract.schema import read_table
from precompute.contract.writing import write_table
from precompute.feature_visualization.spritemaps.exporting import paint
from precompute.feature_visualization.spritemaps.geometry import Grid
from tests.support.sheets import (
    LAYERS,
    SIZE,
    decode,
    paint_sheet,
    read_files,
    read_pictures,
    run_spritemaps,
)


def test_a_sheet_shows_every_channel_in_its_cell(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "sheets"
    assert run_spritemaps("export", run, out) == 0
    assert sorted(path.name for path in out.iterdir()) == [
        "block%2F2.conv-channel.png",
        "conv1-channel.png",
        "spritemaps.json",
    ]
    described = json.loads((out / "spritemaps.json").read_text())["sheets"]
    found = read_pictures(run)
    for (layer, n_channels), entry in zip(LAYERS, described, strict=True):
        columns = math.ceil(math.sqrt(n_channels))
        assert (entry["layer"], entry["kind"], entry["cell"], entry["columns"], entry["n_channels"]) == (
            *(layer, "channel", SIZE, columns, n_channels),
        )
        drawn = {channel: picture for (of, channel, _), picture in found.items() if of == layer}
        assert entry["empty"] == sorted(set(range(n_channels)) - drawn.keys()) != []
        grey = np.full((SIZE, SIZE, 3), 128, np.uint8)
        expected = paint_sheet([drawn.get(channel, grey) for channel in range(n_channels)], columns)
        assert np.array_equal(decode(out / entry["file"]), np.asarray(expected))
    said = capsys.readouterr().err
    assert "conv1-channel.png: 4 x 3 cells of 24 px, 9 of 12 channels" in said and "Wrote 2 sheets" in said


@pytest.mark.parametrize(("ending", "is_exact"), [("png", True), ("webp", True), ("jpg", False)])
def test_formats_columns_and_sizes(run: Path, tmp_path: Path, ending: str, is_exact: bool) -> None:
    out = tmp_path / "sheets"
    assert run_spritemaps("export", run, out, "--format", ending, "--columns", 15, "--layers", "conv1") == 0
    sheet = decode(out / f"conv1-channel.{ending}")
    assert sheet.shape == (SIZE, 12 * SIZE, 3), "no more columns than channels"
    for (layer, channel, _), picture in read_pictures(run).items():
        if layer == "conv1":
            cell = sheet[:, channel * SIZE : (channel + 1) * SIZE].astype(int)
            assert np.abs(cell - picture).max() == 0 if is_exact else np.abs(cell - picture).mean() < 8


def test_other_sizes_are_said(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_spritemaps("export", run, tmp_path / "sheets", "--size", 10, "--layers", "conv1") == 0
    assert decode(tmp_path / "sheets/conv1-channel.png").shape == (30, 40, 3)
    assert "Brought 9 pictures to the size" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--layers", "conv2"], "Did you mean conv1"),
        (["--layers", "zzz"], "Correct --layers"),
        (["--kinds", "chanel"], "A kind of picture is one of channel"),
        (["--kinds", ""], "A kind of picture is one of channel"),
        (["--kinds", "neuron,diversity"], "has none of the kinds and layers"),
        (["--format", "gif"], "--format is one of png, webp, jpg"),
        (["--format", "webp", "--size", "4096"], "16,383 px"),
        (["--size", "4096"], "which Pillow opens without a warning"),
    ],
)
def test_an_export_that_cannot_be_leaves_nothing(
    run: Path, tmp_path: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out, before = tmp_path / "sheets", read_files(run)
    assert run_spritemaps("export", run, out, *arguments) == 2
    message = capsys.readouterr().err
    assert said in message and "Traceback" not in message
    assert not out.exists() and read_files(run) == before


def test_files_that_exist_are_kept(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "sheets"
    run_spritemaps("export", run, out)
    before = read_files(out)
    assert run_spritemaps("export", run, out, "--columns", 2) == 2
    assert "are kept" in capsys.readouterr().err and read_files(out) == before
    assert run_spritemaps("export", run, out, "--columns", 2, "--overwrite") == 0
    assert read_files(out) != before
    (tmp_path / "file").write_text("")
    assert run_spritemaps("export", run, tmp_path / "file") == 2
    assert "written into a folder" in capsys.readouterr().err


def test_a_damaged_picture_of_the_run_is_named(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = read_table(run, "feature_visualizations").to_pydict()
    table["image"][2] = b"RIFF    WEBP"
    write_table(run, "feature_visualizations", table)
    assert run_spritemaps("export", run, tmp_path / "sheets") == 2
    assert f"That of conv1-{table['channel'][2]} " in capsys.readouterr().err
    assert not (tmp_path / "sheets").exists()


def test_an_error_halfway_leaves_no_sheet_no_temporary_file_and_no_new_folder(run: Path, tmp_path: Path) -> None:
    """The picture of the second layer is damaged, so the first sheet is written by then."""
    table = read_table(run, "feature_visualizations").to_pydict()
    table["image"][-1] = b"RIFF    WEBP"
    write_table(run, "feature_visualizations", table)
    assert run_spritemaps("export", run, tmp_path / "deep" / "sheets") == 2
    assert not (tmp_path / "deep" / "sheets").exists()
    there = tmp_path / "there"
    there.mkdir()
    (there / "notes.txt").write_text("mine")
    assert run_spritemaps("export", run, there) == 2
    assert [path.name for path in there.iterdir()] == ["notes.txt"]


def test_the_description_appears_last(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder in its place stops it, when all sheets that it would name are there."""
    out = tmp_path / "sheets"
    (out / "spritemaps.json").mkdir(parents=True)
    assert run_spritemaps("export", run, out, "--overwrite") == 2
    assert "Sheets are written into a folder." in capsys.readouterr().err
    assert sorted(path.name for path in out.iterdir()) == [
        "block%2F2.conv-channel.png",
        "conv1-channel.png",
        "spritemaps.json",
    ]


def test_a_picture_of_another_shape_is_padded_with_grey() -> None:
    sheet = np.asarray(paint(Grid(8, 2, 1), {1: Image.new("RGB", (4, 8), (200, 0, 0))}))
    assert sheet.shape == (8, 16, 3)
    assert (sheet[:, :8] == 128).all(), "the channel without a picture"
    assert (sheet[:, 10:14] == (200, 0, 0)).all() and (sheet[:, 8:10] == 128).all() and (sheet[:, 14:] == 128).all()
