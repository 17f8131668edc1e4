"""Import of sheets into a run: round trips, pictures that the run has already, and runs that are busy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from precompute.contract.lock import hold_run
from precompute.contract.schema import read_manifest, read_table, write_manifest
from precompute.feature_visualization.storage.picture_store import PictureStore
from summit_dash.run.graphs import Channel
from summit_dash.run.store import RunStore
from tests.support.sheets import (
    SIZE,
    are_equal,
    decode,
    draw_noise,
    paint_sheet,
    read_files,
    read_pictures,
    run_spritemaps,
)
from tests.support.validation import validate


@pytest.mark.parametrize("ending", ["png", "webp"])
def test_what_was_exported_comes_back_to_the_pixel(run: Path, bare: Path, tmp_path: Path, ending: str) -> None:
    out, before = tmp_path / "sheets", validate(bare)
    assert run_spritemaps("export", run, out, "--format", ending) == 0
    assert run_spritemaps("import", bare, out) == 0
    assert are_equal(read_pictures(bare), read_pictures(run))
    assert validate(bare) == before
    rows = read_table(bare, "feature_visualizations").to_pylist()
    settings = read_manifest(bare)["visualizations"]["settings"]
    assert {row["settings"] for row in rows} == settings.keys() and len(settings) == 2
    assert {(entry["imported_from"], entry["layout"], entry["cell"]) for entry in settings.values()} == {
        (path.name, "grid", SIZE) for path in out.glob(f"*.{ending}")
    }
    assert all(len(entry["sha256"]) == 64 and entry["lossless"] for entry in settings.values())
    assert {(row["objective_value"], row["n_steps"], row["excitation"]) for row in rows} == {(None, None, None)}
    assert run_spritemaps("export", bare, tmp_path / "again", "--format", ending) == 0
    assert read_files(tmp_path / "again") == read_files(out), "and out again to the byte"


def test_the_same_sheets_once_more_change_nothing(
    run: Path, bare: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_spritemaps("export", run, tmp_path / "sheets")
    assert run_spritemaps("import", bare, tmp_path / "sheets") == 0
    before = read_files(bare)
    assert "Put 22 pictures into the run; 7 cells left empty." in capsys.readouterr().err
    assert run_spritemaps("import", bare, tmp_path / "sheets") == 0
    assert read_files(bare) == before
    assert "Put 22 pictures into the run, 22 of them in the place of others" in capsys.readouterr().err


def test_pictures_of_jpeg_sheets_are_stored_as_such(run: Path, bare: Path, tmp_path: Path) -> None:
    run_spritemaps("export", run, tmp_path / "sheets", "--format", "jpg")
    assert run_spritemaps("import", bare, tmp_path / "sheets") == 0
    there, expected = read_pictures(bare), read_pictures(run)
    assert there.keys() == expected.keys()
    assert max(np.abs(there[key].astype(int) - expected[key]).mean() for key in there) < 12
    assert not any(entry["lossless"] for entry in read_manifest(bare)["visualizations"]["settings"].values())


def test_drawn_pictures_are_kept_unless_told(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paint_sheet(draw_noise(12), 4).save(tmp_path / "theirs.png")
    before, drawn = read_files(run), read_pictures(run)
    assert run_spritemaps("import", run, f"conv1={tmp_path}/theirs.png") == 2
    said = capsys.readouterr().err
    assert "Of the 12 on the sheets, 9 would take their place: conv1-1 (channel)" in said and "--overwrite" in said
    assert read_files(run) == before
    assert run_spritemaps("import", run, f"conv1={tmp_path}/theirs.png", "--overwrite") == 0
    assert "Put 12 pictures into the run, 9 of them in the place of others" in capsys.readouterr().err
    after = read_pictures(run)
    others = {key: picture for key, picture in drawn.items() if key[0] != "conv1"}
    assert are_equal({key: after[key] for key in others}, others) and len(after) == len(others) + 12


def test_another_kind_goes_beside_drawn_pictures(run: Path, tmp_path: Path) -> None:
    paint_sheet(draw_noise(12), 4).save(tmp_path / "theirs.png")
    drawn = read_pictures(run)
    assert run_spritemaps("import", run, f"conv1={tmp_path}/theirs.png", "--kind", "neuron") == 0
    after = read_pictures(run)
    assert len(after) == len(drawn) + 12 and are_equal({key: after[key] for key in drawn}, drawn)


def test_an_open_dashboard_shows_them(bare: Path, tmp_path: Path) -> None:
    store = RunStore(bare)
    at, cells = Channel("conv1", 3), draw_noise(12)
    assert store.pictures.read_visualization(at) is None and not store.pictures.is_visualized(at)
    version = store.version
    paint_sheet(cells, 4).save(tmp_path / "theirs.png")
    assert run_spritemaps("import", bare, f"conv1={tmp_path}/theirs.png") == 0
    store.refresh()
    image = store.pictures.read_visualization(at)
    assert image is not None and np.array_equal(decode(image), cells[3])
    assert store.version != version and store.pictures.read_excitation(at) is None


def test_pictures_that_a_killed_import_kept_are_known(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next process merges them, and finds their settings in the manifest."""
    paint_sheet(draw_noise(12), 4).save(tmp_path / "first.png")
    paint_sheet(draw_noise(17), 5).save(tmp_path / "second.png")
    with monkeypatch.context() as patch:
        patch.setattr(PictureStore, "fold", lambda self, settings: sys.exit(137))
        assert run_spritemaps("import", bare, f"conv1={tmp_path}/first.png") == 137
    assert run_spritemaps("import", bare, f"block/2.conv={tmp_path}/second.png") == 0
    rows = read_table(bare, "feature_visualizations", ["settings"]).to_pylist()
    assert len(rows) == 29
    assert {row["settings"] for row in rows} == read_manifest(bare)["visualizations"]["settings"].keys()


def test_only_imported_pictures_may_lack_an_objective(run: Path, bare: Path, tmp_path: Path) -> None:
    run_spritemaps("export", run, tmp_path / "sheets")
    run_spritemaps("import", bare, tmp_path / "sheets")
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
    assert are_equal(read_pictures(bare), read_pictures(run))


def test_a_run_that_is_written_or_unfinished_is_left_alone(
    bare: Path, files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with hold_run(bare):
        assert run_spritemaps("import", bare, f"conv1={files}/good.png") == 2
    assert "is being written by" in capsys.readouterr().err
    manifest = {key: value for key, value in read_manifest(bare).items() if key != "schema_version"}
    write_manifest(bare, {**manifest, "stages": {"aggregate": {"state": "pending", "seconds": None}}})
    before = read_files(bare)
    assert run_spritemaps("import", bare, f"conv1={files}/good.png") == 2
    assert "The stage aggregate" in capsys.readouterr().err
    assert run_spritemaps("export", bare, tmp_path / "sheets") == 2
    assert read_files(bare) == before
    assert run_spritemaps("import", tmp_path / "nowhere", f"conv1={files}/good.png") == 2
    assert "A run is a folder with a manifest.json" in capsys.readouterr().err
