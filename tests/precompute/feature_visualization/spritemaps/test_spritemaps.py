"""`summit-dash spritemaps`: sheets out of a run and into one, to the pixel; refused in one message."""

from __future__ import annotations

import io
import json
import math
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from precompute.contract.lock import only_writer
from precompute.contract.schema import read_manifest, read_table, table_path, write_manifest
from precompute.contract.validate import validate
from precompute.contract.writing import write_table
from precompute.feature_visualization.storage.picture_store import PictureStore
from summit_dash.run.graphs import Channel
from summit_dash.run.store import RunStore
from tests.summit_dash.test_cli import call
from tests.support.synthetic_run import SyntheticRun, write_synthetic_run

LAYERS = (("conv1", 12), ("block/2.conv", 17))
SIZE = 24
GREY = (128, 128, 128)

Pixels = np.ndarray[Any, Any]
Key = tuple[str, int, str]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    options = SyntheticRun(n_classes=4, layers=LAYERS, n_images=20, picture_size=SIZE, without_visualization=0.25)
    return write_synthetic_run(tmp_path_factory.mktemp("made") / "run", options)


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "run"))


@pytest.fixture
def bare(run: Path, tmp_path: Path) -> Path:
    """The run without pictures of channels."""
    copy = Path(shutil.copytree(run, tmp_path / "bare"))
    table_path(copy, "feature_visualizations").unlink()
    return copy


def spritemaps(*arguments: object) -> int:
    return call(["spritemaps", *map(str, arguments)])


def pictures(run: Path) -> dict[Key, Pixels]:
    """Pixels by layer, channel and kind."""
    rows = read_table(run, "feature_visualizations").to_pylist()
    return {(r["layer"], r["channel"], r["kind"]): decoded(r["image"]) for r in rows}


def decoded(image: bytes | Path) -> Pixels:
    with Image.open(io.BytesIO(image) if isinstance(image, bytes) else image) as picture:
        return np.asarray(picture.convert("RGB"))


def equal(a: dict[Key, Pixels], b: dict[Key, Pixels]) -> bool:
    return a.keys() == b.keys() and all(np.array_equal(a[key], b[key]) for key in a)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def noise(n_channels: int, size: int = SIZE, seed: int = 0) -> list[Pixels]:
    random = np.random.default_rng(seed)
    return [random.integers(0, 256, (size, size, 3), dtype=np.uint8) for _ in range(n_channels)]


def sheet_of(cells: list[Pixels], columns: int, rows: int | None = None) -> Image.Image:
    """Row by row; grey behind the last."""
    size = len(cells[0])
    sheet = np.full(((rows or math.ceil(len(cells) / columns)) * size, columns * size, 3), 128, np.uint8)
    for place, cell in enumerate(cells):
        y, x = place // columns * size, place % columns * size
        sheet[y : y + size, x : x + size] = cell
    return Image.fromarray(sheet)


# --- export ---------------------------------------------------------------------------------------------------------


def test_a_sheet_shows_every_channel_in_its_cell(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "sheets"
    assert spritemaps("export", run, out) == 0
    assert sorted(path.name for path in out.iterdir()) == [
        "block%2F2.conv-channel.png",
        "conv1-channel.png",
        "spritemaps.json",
    ]
    told = json.loads((out / "spritemaps.json").read_text())["sheets"]
    found = pictures(run)
    for (layer, n_channels), entry in zip(LAYERS, told, strict=True):
        columns = math.ceil(math.sqrt(n_channels))
        assert (entry["layer"], entry["kind"], entry["cell"], entry["columns"], entry["n_channels"]) == (
            *(layer, "channel", SIZE, columns, n_channels),
        )
        drawn = {channel: picture for (of, channel, _), picture in found.items() if of == layer}
        assert entry["empty"] == sorted(set(range(n_channels)) - drawn.keys()) != []
        grey = np.full((SIZE, SIZE, 3), 128, np.uint8)
        expected = sheet_of([drawn.get(channel, grey) for channel in range(n_channels)], columns)
        assert np.array_equal(decoded(out / entry["file"]), np.asarray(expected))
    said = capsys.readouterr().err
    assert "conv1-channel.png: 4 x 3 cells of 24 px, 9 of 12 channels" in said and "Wrote 2 sheets" in said


@pytest.mark.parametrize(("ending", "is_exact"), [("png", True), ("webp", True), ("jpg", False)])
def test_formats_columns_and_sizes(run: Path, tmp_path: Path, ending: str, is_exact: bool) -> None:
    out = tmp_path / "sheets"
    assert spritemaps("export", run, out, "--format", ending, "--columns", 15, "--layers", "conv1") == 0
    sheet = decoded(out / f"conv1-channel.{ending}")
    assert sheet.shape == (SIZE, 12 * SIZE, 3), "no more columns than channels"
    for (layer, channel, _), picture in pictures(run).items():
        if layer == "conv1":
            cell = sheet[:, channel * SIZE : (channel + 1) * SIZE].astype(int)
            assert np.abs(cell - picture).max() == 0 if is_exact else np.abs(cell - picture).mean() < 8


def test_other_sizes_are_said(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert spritemaps("export", run, tmp_path / "sheets", "--size", 10, "--layers", "conv1") == 0
    assert decoded(tmp_path / "sheets/conv1-channel.png").shape == (30, 40, 3)
    assert "9 pictures were brought to the size" in capsys.readouterr().err


# --- round trip -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["png", "webp"])
def test_what_was_exported_comes_back_to_the_pixel(run: Path, bare: Path, tmp_path: Path, ending: str) -> None:
    out, before = tmp_path / "sheets", validate(bare)
    assert spritemaps("export", run, out, "--format", ending) == 0
    assert spritemaps("import", bare, out) == 0
    assert equal(pictures(bare), pictures(run))
    assert validate(bare) == before
    rows = read_table(bare, "feature_visualizations").to_pylist()
    settings = read_manifest(bare)["visualizations"]["settings"]
    assert {row["settings"] for row in rows} == settings.keys() and len(settings) == 2
    assert {(entry["imported_from"], entry["layout"], entry["cell"]) for entry in settings.values()} == {
        (path.name, "grid", SIZE) for path in out.glob(f"*.{ending}")
    }
    assert all(len(entry["sha256"]) == 64 and entry["lossless"] for entry in settings.values())
    assert {(row["objective_value"], row["n_steps"], row["excitation"]) for row in rows} == {(None, None, None)}
    assert spritemaps("export", bare, tmp_path / "again", "--format", ending) == 0
    assert contents(tmp_path / "again") == contents(out), "and out again to the byte"


def test_the_same_sheets_once_more_change_nothing(
    run: Path, bare: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spritemaps("export", run, tmp_path / "sheets")
    assert spritemaps("import", bare, tmp_path / "sheets") == 0
    before = contents(bare)
    assert "Put 22 pictures into the run; 7 cells are empty." in capsys.readouterr().err
    assert spritemaps("import", bare, tmp_path / "sheets") == 0
    assert contents(bare) == before
    assert "Put 22 pictures into the run, 22 of them in the place of others" in capsys.readouterr().err


def test_a_drawn_picture_of_one_colour_is_a_picture(run: Path, bare: Path, tmp_path: Path) -> None:
    """The description says which cells are empty; a sheet without one is looked at."""
    buffer = io.BytesIO()
    Image.new("RGB", (SIZE, SIZE), GREY).save(buffer, "WEBP", lossless=True)
    table = read_table(run, "feature_visualizations").to_pydict()
    table["image"][0] = buffer.getvalue()
    write_table(run, "feature_visualizations", table)
    spritemaps("export", run, tmp_path / "sheets")
    assert spritemaps("import", bare, tmp_path / "sheets") == 0
    assert equal(pictures(bare), pictures(run))
    assert spritemaps("import", bare, f"conv1={tmp_path}/sheets/conv1-channel.png", "--overwrite") == 0
    other = Path(shutil.copytree(run, tmp_path / "other"))
    table_path(other, "feature_visualizations").unlink()
    assert spritemaps("import", other, f"conv1={tmp_path}/sheets/conv1-channel.png") == 0
    assert len(pictures(other)) == 8


def test_pictures_of_jpeg_sheets_are_stored_as_such(run: Path, bare: Path, tmp_path: Path) -> None:
    spritemaps("export", run, tmp_path / "sheets", "--format", "jpg")
    assert spritemaps("import", bare, tmp_path / "sheets") == 0
    there, expected = pictures(bare), pictures(run)
    assert there.keys() == expected.keys()
    assert max(np.abs(there[key].astype(int) - expected[key]).mean() for key in there) < 12
    assert not any(entry["lossless"] for entry in read_manifest(bare)["visualizations"]["settings"].values())


# --- sheets of others -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [3, 4, 5])
def test_a_foreign_grid_is_found_and_its_empty_cells_left_out(bare: Path, tmp_path: Path, columns: int) -> None:
    cells = noise(17)
    cells[4] = np.full_like(cells[4], 77)
    sheet_of(cells, columns).save(tmp_path / "theirs.png")
    assert spritemaps("import", bare, f"block/2.conv={tmp_path}/theirs.png", "--kind", "negative") == 0
    expected = {("block/2.conv", i, "negative"): cell for i, cell in enumerate(cells) if i != 4}
    assert equal(pictures(bare), expected)


def test_transparent_cells_are_empty_and_grey_sheets_become_rgb(bare: Path, tmp_path: Path) -> None:
    cells = noise(12)
    sheet = sheet_of(cells, 4).convert("RGBA")
    alpha = np.full((3 * SIZE, 4 * SIZE), 255, np.uint8)
    alpha[:SIZE, :SIZE] = 0
    sheet.putalpha(Image.fromarray(alpha))
    sheet.save(tmp_path / "clear.png")
    assert spritemaps("import", bare, f"conv1={tmp_path}/clear.png") == 0
    assert set(pictures(bare)) == {("conv1", channel, "channel") for channel in range(1, 12)}
    sheet_of(cells, 4).convert("L").save(tmp_path / "grey.png")
    assert spritemaps("import", bare, f"conv1={tmp_path}/grey.png") == 0
    assert len(pictures(bare)) == 12


def test_a_lossy_sheet_may_have_empty_cells(bare: Path, tmp_path: Path) -> None:
    """Compression leaves traces of pictures in the cells beside them."""
    cells = noise(11, 64)
    cells[5] = np.full_like(cells[5], 128)
    sheet_of(cells, 4).save(tmp_path / "theirs.jpg", quality=75)
    assert spritemaps("import", bare, f"conv1={tmp_path}/theirs.jpg") == 0
    assert {channel for _, channel, _ in pictures(bare)} == set(range(11)) - {5}


def test_named_cells_and_columns(bare: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cells = noise(12)
    sheet_of(cells, 5, rows=8).save(tmp_path / "long.png")
    assert spritemaps("import", bare, f"conv1={tmp_path}/long.png") == 2
    assert "--cell PX or --columns N" in capsys.readouterr().err
    assert spritemaps("import", bare, f"conv1={tmp_path}/long.png", "--columns", 5) == 0
    assert "5 x 8 cells of 24 px, 12 pictures" in capsys.readouterr().err
    assert equal(pictures(bare), {("conv1", i, "channel"): cell for i, cell in enumerate(cells)})


# --- what is there already ------------------------------------------------------------------------------------------


def test_drawn_pictures_are_kept_unless_told(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sheet_of(noise(12), 4).save(tmp_path / "theirs.png")
    before, drawn = contents(run), pictures(run)
    assert spritemaps("import", run, f"conv1={tmp_path}/theirs.png") == 2
    said = capsys.readouterr().err
    assert "Of the 12 on the sheets, 9 would take their place: conv1-1 (channel)" in said and "--overwrite" in said
    assert contents(run) == before
    assert spritemaps("import", run, f"conv1={tmp_path}/theirs.png", "--overwrite") == 0
    assert "Put 12 pictures into the run, 9 of them in the place of others" in capsys.readouterr().err
    after = pictures(run)
    others = {key: picture for key, picture in drawn.items() if key[0] != "conv1"}
    assert equal({key: after[key] for key in others}, others) and len(after) == len(others) + 12


def test_another_kind_goes_beside_drawn_pictures(run: Path, tmp_path: Path) -> None:
    sheet_of(noise(12), 4).save(tmp_path / "theirs.png")
    drawn = pictures(run)
    assert spritemaps("import", run, f"conv1={tmp_path}/theirs.png", "--kind", "neuron") == 0
    after = pictures(run)
    assert len(after) == len(drawn) + 12 and equal({key: after[key] for key in drawn}, drawn)


def test_an_open_dashboard_shows_them(bare: Path, tmp_path: Path) -> None:
    store = RunStore(bare)
    at, cells = Channel("conv1", 3), noise(12)
    assert store.pictures.visualization(at) is None and not store.pictures.is_visualized(at)
    version = store.version
    sheet_of(cells, 4).save(tmp_path / "theirs.png")
    assert spritemaps("import", bare, f"conv1={tmp_path}/theirs.png") == 0
    store.refresh()
    image = store.pictures.visualization(at)
    assert image is not None and np.array_equal(decoded(image), cells[3])
    assert store.version != version and store.pictures.excitation(at) is None


def test_pictures_that_a_killed_import_kept_are_known(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever folds them next finds in the manifest where they are from."""
    sheet_of(noise(12), 4).save(tmp_path / "first.png")
    sheet_of(noise(17), 5).save(tmp_path / "second.png")
    with monkeypatch.context() as patch:
        patch.setattr(PictureStore, "fold", lambda self, settings: sys.exit(137))
        assert spritemaps("import", bare, f"conv1={tmp_path}/first.png") == 137
    assert spritemaps("import", bare, f"block/2.conv={tmp_path}/second.png") == 0
    rows = read_table(bare, "feature_visualizations", ["settings"]).to_pylist()
    assert len(rows) == 29
    assert {row["settings"] for row in rows} == read_manifest(bare)["visualizations"]["settings"].keys()


def test_only_imported_pictures_may_lack_an_objective(run: Path, bare: Path, tmp_path: Path) -> None:
    spritemaps("export", run, tmp_path / "sheets")
    spritemaps("import", bare, tmp_path / "sheets")
    before = validate(bare)
    manifest = read_manifest(bare)
    for entry in manifest["visualizations"]["settings"].values():
        del entry["imported_from"]
    write_manifest(bare, {key: value for key, value in manifest.items() if key != "schema_version"})
    rules = {finding.rule.partition(" is never null")[0] for finding in validate(bare) if finding not in before}
    assert rules == {"objective_value", "n_steps", "initial_objective_value"}


def test_it_needs_nothing_of_the_extra_precompute(run: Path, bare: Path, tmp_path: Path) -> None:
    code = f"""
import sys
for name in ("torch", "torchvision", "timm", "scipy", "umap", "numba", "sklearn", "safetensors"):
    sys.modules[name] = None
from summit_dash.cli import main
try:
    main(["spritemaps", "export", {str(run)!r}, {str(tmp_path / "sheets")!r}])
except SystemExit as ended:
    assert not ended.code
main(["spritemaps", "import", {str(bare)!r}, {str(tmp_path / "sheets")!r}])
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    assert equal(pictures(bare), pictures(run))


# --- what is refused ------------------------------------------------------------------------------------------------


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
    out, before = tmp_path / "sheets", contents(run)
    assert spritemaps("export", run, out, *arguments) == 2
    message = capsys.readouterr().err
    assert said in message and "Traceback" not in message
    assert not out.exists() and contents(run) == before


def test_files_that_exist_are_kept(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "sheets"
    spritemaps("export", run, out)
    before = contents(out)
    assert spritemaps("export", run, out, "--columns", 2) == 2
    assert "are kept" in capsys.readouterr().err and contents(out) == before
    assert spritemaps("export", run, out, "--columns", 2, "--overwrite") == 0
    assert contents(out) != before
    (tmp_path / "file").write_text("")
    assert spritemaps("export", run, tmp_path / "file") == 2
    assert "written into a folder" in capsys.readouterr().err


def test_a_damaged_picture_of_the_run_is_named(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = read_table(run, "feature_visualizations").to_pydict()
    table["image"][2] = b"RIFF    WEBP"
    write_table(run, "feature_visualizations", table)
    assert spritemaps("export", run, tmp_path / "sheets") == 2
    assert f"That of conv1-{table['channel'][2]} " in capsys.readouterr().err
    assert not (tmp_path / "sheets").exists()


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Sheets of all sorts."""
    folder = tmp_path / "files"
    folder.mkdir()
    sheet_of(noise(12), 4).save(folder / "good.png")
    sheet_of(noise(12, seed=1), 4).save(folder / "other.png")
    sheet_of(noise(17), 5).save(folder / "seventeen.png")
    sheet_of(noise(16), 4).save(folder / "sixteen.png")
    Image.new("RGB", (4 * SIZE, 3 * SIZE), GREY).save(folder / "empty.png")
    (folder / "broken.png").write_bytes((folder / "good.png").read_bytes()[:900])
    (folder / "text.png").write_text("no image")
    (folder / "nothing.png").write_bytes(b"")
    return folder


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
    before = contents(bare)
    assert spritemaps("import", bare, *sheets, *options) == 2
    message = capsys.readouterr().err
    assert said in message and "Traceback" not in message
    assert contents(bare) == before


def test_a_sheet_beyond_pillows_limit_is_refused(
    bare: Path, files: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 5000)
    assert spritemaps("import", bare, f"conv1={files}/good.png") == 2
    assert "good.png has more than the 5,000 pixels that Pillow holds safe" in capsys.readouterr().err


def _as_later(told: dict[str, Any]) -> None:
    told["version"] = 2


def _without_columns(told: dict[str, Any]) -> None:
    del told["sheets"][0]["columns"]


def _elsewhere(told: dict[str, Any]) -> None:
    told["sheets"][0]["file"] = "../conv1-channel.png"


def _other_model(told: dict[str, Any]) -> None:
    told["sheets"][0]["n_channels"] = 13


def _other_layer(told: dict[str, Any]) -> None:
    told["sheets"][0]["layer"] = "conv"


def _other_kind(told: dict[str, Any]) -> None:
    told["sheets"][0]["kind"] = "chanel"


def _other_cell(told: dict[str, Any]) -> None:
    told["sheets"][0]["cell"] = 25


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_as_later, "version 1"),
        (_without_columns, "'columns'"),
        (_elsewhere, "no file of this folder"),
        (_other_model, "tells 13 channels of conv1, the run has 12"),
        (_other_layer, "Did you mean conv1?"),
        (_other_kind, "A kind of picture"),
        (_other_cell, "A described sheet has 4 x 3 cells of 25 px"),
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
    spritemaps("export", run, tmp_path / "sheets")
    path = tmp_path / "sheets/spritemaps.json"
    told = json.loads(path.read_text())
    change(told)
    path.write_text(json.dumps(told))
    before = contents(bare)
    capsys.readouterr()
    assert spritemaps("import", bare, tmp_path / "sheets") == 2
    assert said in capsys.readouterr().err
    assert contents(bare) == before


def test_a_description_needs_no_options(
    run: Path, bare: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spritemaps("export", run, tmp_path / "sheets")
    assert spritemaps("import", bare, tmp_path / "sheets", "--cell", 24) == 2
    assert "Leave the options out" in capsys.readouterr().err


def test_a_run_that_is_written_or_unfinished_is_left_alone(
    bare: Path, files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with only_writer(bare):
        assert spritemaps("import", bare, f"conv1={files}/good.png") == 2
    assert "is being written by" in capsys.readouterr().err
    manifest = {key: value for key, value in read_manifest(bare).items() if key != "schema_version"}
    write_manifest(bare, {**manifest, "stages": {"aggregate": {"state": "pending", "seconds": None}}})
    before = contents(bare)
    assert spritemaps("import", bare, f"conv1={files}/good.png") == 2
    assert "The stage aggregate" in capsys.readouterr().err
    assert spritemaps("export", bare, tmp_path / "sheets") == 2
    assert contents(bare) == before
    assert spritemaps("import", tmp_path / "nowhere", f"conv1={files}/good.png") == 2
    assert "A run is a folder with a manifest.json" in capsys.readouterr().err
