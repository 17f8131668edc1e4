"""A small run with pictures of two layers, the same without pictures, and a folder of sheets of all sorts."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PIL import Image

from precompute.contract.schema import locate_table
from tests.support.sheets import (
    GREY,
    LAYERS,
    SIZE,
    draw_noise,
    paint_sheet,
)
from tests.support.synthetic_run import SyntheticRun, write_synthetic_run


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with pictures of three quarters of the channels; tests copy it."""
    options = SyntheticRun(n_classes=4, layers=LAYERS, n_images=20, picture_size=SIZE, without_visualization=0.25)
    return write_synthetic_run(tmp_path_factory.mktemp("made") / "run", options)


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "run"))


@pytest.fixture
def bare(run: Path, tmp_path: Path) -> Path:
    """The run without pictures of channels."""
    copy = Path(shutil.copytree(run, tmp_path / "bare"))
    locate_table(copy, "feature_visualizations").unlink()
    return copy


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder of sound, wrong and damaged sheets."""
    folder = tmp_path / "files"
    folder.mkdir()
    paint_sheet(draw_noise(12), 4).save(folder / "good.png")
    paint_sheet(draw_noise(12, seed=1), 4).save(folder / "other.png")
    paint_sheet(draw_noise(17), 5).save(folder / "seventeen.png")
    paint_sheet(draw_noise(16), 4).save(folder / "sixteen.png")
    Image.new("RGB", (4 * SIZE, 3 * SIZE), GREY).save(folder / "empty.png")
    (folder / "broken.png").write_bytes((folder / "good.png").read_bytes()[:900])
    (folder / "text.png").write_text("no image")
    (folder / "nothing.png").write_bytes(b"")
    return folder
