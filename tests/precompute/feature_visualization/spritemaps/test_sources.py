"""Sheets, layers and options that mean nothing: one message, and the run stays as it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from precompute.contract.errors import InputError
from precompute.contract.schema import VISUALIZATION_KINDS
from precompute.feature_visualization.spritemaps.geometry import SUMMIT, Strip
from precompute.feature_visualization.spritemaps.sources import ImportRequest, find_sources
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


LAYERS = {"mixed3": 4, "mixed3_a": 30, "block/2": 20}


def find_in_folder(folder: Path, *names: str) -> tuple[dict[str, tuple[str, int]], list[str]]:
    """Finds layer and first channel by name of file among empty files, and the strangers."""
    for name in names:
        (folder / name).write_bytes(b"")
    sources, strangers = find_sources(ImportRequest(folder, (str(folder),), layout="summit"), LAYERS)
    return {source.path.name: (source.layer, source.first) for source in sources}, strangers


def test_a_strips_name_gives_layer_and_first_channel(tmp_path: Path) -> None:
    found, strangers = find_in_folder(
        tmp_path, "mixed3-2.png", "mixed3_a-00010--mixed3_a-00019.JPG", "block%2F2_7.webp", "mixed3_a-00020.jpeg"
    )
    assert found == {
        "mixed3-2.png": ("mixed3", 2),
        "mixed3_a-00010--mixed3_a-00019.JPG": ("mixed3_a", 10),
        "block%2F2_7.webp": ("block/2", 7),
        "mixed3_a-00020.jpeg": ("mixed3_a", 20),
    }
    assert strangers == []


def test_files_that_are_no_strips_are_named_and_hidden_ones_are_not(tmp_path: Path) -> None:
    (tmp_path / "mixed3-00000.png.d").mkdir()
    found, strangers = find_in_folder(
        tmp_path, "mixed3-0.png", "mixed3-0.txt", "mixed3.png", "mixed9-0.png", "mixed3-12345678.png", ".DS_Store"
    )
    assert list(found) == ["mixed3-0.png"]
    assert strangers == ["mixed3-0.txt", "mixed3-00000.png.d", "mixed3-12345678.png", "mixed3.png", "mixed9-0.png"]


def test_a_named_strip_begins_at_the_channel_in_its_name_or_at_0(tmp_path: Path) -> None:
    for name, first in (("mixed3_a-00010.png", 10), ("theirs.png", 0)):
        request = ImportRequest(tmp_path, (f"mixed3_a={tmp_path / name}",), layout="summit")
        ((source,), _) = find_sources(request, LAYERS)
        assert (source.layer, source.first) == ("mixed3_a", first)


def test_a_named_grid_begins_at_channel_0_whatever_its_name(tmp_path: Path) -> None:
    ((source,), _) = find_sources(ImportRequest(tmp_path, ("mixed3_a=mixed3_a-00010.png",)), LAYERS)
    assert source.first == 0


def test_a_path_may_have_an_equals_sign(tmp_path: Path) -> None:
    ((source,), _) = find_sources(ImportRequest(tmp_path, ("mixed3=a=b.png",)), LAYERS)
    assert (source.layer, source.path) == ("mixed3", Path("a=b.png"))


def test_a_strip_takes_cell_and_kinds_from_the_request(tmp_path: Path) -> None:
    assert ImportRequest(tmp_path, ()).strip is None
    assert ImportRequest(tmp_path, (), layout="summit").strip == SUMMIT
    request = ImportRequest(tmp_path, (), layout="summit", cell=21, kinds=("negative", "diversity"))
    assert request.strip == Strip(21, ("negative", *VISUALIZATION_KINDS[3:]))


@pytest.mark.parametrize(("option", "cell", "columns"), [("--cell", 0, None), ("--columns", None, -1)])
def test_a_size_below_1_is_refused(tmp_path: Path, option: str, cell: int | None, columns: int | None) -> None:
    request = ImportRequest(tmp_path, ("mixed3=a.png",), cell=cell, columns=columns)
    with pytest.raises(InputError, match=f"{option} is at least 1"):
        find_sources(request, LAYERS)
