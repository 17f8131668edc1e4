"""Sheets, layers and options that mean nothing: one message, and the run stays as it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tests.support.sheets import (
    read_files,
    run_spritemaps,
)


@pytest.mark.parametrize(
    ("sheets", "options", "said"),
    [
        (["conv=good.png"], [], "Did you mean conv1?"),
        (["zzz=good.png"], [], "Name the layer that good.png shows"),
        (["good.png"], [], "named as LAYER=FILE"),
        (["conv1=absent.png"], [], "absent.png cannot be read (No such file"),
        (["conv1=."], [], "cannot be read (Is a directory)"),
        (["conv1=broken.png"], [], "broken.png cannot be"),
        (["conv1=text.png"], [], "text.png is no image"),
        (["conv1=nothing.png"], [], "nothing.png is empty"),
        (["conv1=empty.png"], [], "is of one colour"),
        (["block/2.conv=good.png"], [], "good.png as block/2.conv: 96 x 72 px"),
        (["block/2.conv=sixteen.png"], ["--cell", "24"], "too few for 17 channels"),
        (["conv1=seventeen.png"], ["--columns", "5"], "leave a picture in cell 12"),
        (["conv1=good.png", "conv1=other.png"], [], "both show channel 0 of conv1 (channel)"),
        (["conv1=good.png"], ["--kind", "chanel"], "A kind of picture is one of"),
        (["conv1=good.png"], ["--kind", "channel,neuron"], "one kind of picture"),
        (["conv1=good.png"], ["--layout", "stripes"], "A layout is one of grid, summit"),
        (["conv1=good.png"], ["--cell", "23"], "not divided so by --cell 23"),
        (["conv1=good.png"], ["--layout", "summit"], "96 x 72 px are no such strip"),
        (["conv1=good.png"], ["--layout", "summit", "--columns", "4"], "one channel in each row"),
        (["."], [], "A folder of sheets has spritemaps.json"),
        (["."], ["--layout", "summit"], "called after its layer and first channel"),
    ],
)
def test_an_import_that_cannot_be_changes_nothing(
    bare: Path,
    files: Path,
    sheets: list[str],
    options: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(files)
    before = read_files(bare)
    assert run_spritemaps("import", bare, *sheets, *options) == 2
    message = capsys.readouterr().err
    assert said in message and "Traceback" not in message
    assert read_files(bare) == before


def test_a_sheet_beyond_pillows_limit_is_refused(
    bare: Path, files: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 5000)
    assert run_spritemaps("import", bare, f"conv1={files}/good.png") == 2
    assert "good.png has more than the 5,000 pixels that Pillow holds safe" in capsys.readouterr().err
