"""The identity of a run is all that its tables depend on: another value is refused by name, and replaced on request."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.torch import load_file, save_file

from tests.support.command_line import FIRST_STAGES, call
from tests.support.small import write_small

Change = Callable[[list[str], Path], list[str]]


def add_options(*more: str) -> Change:
    return lambda arguments, _: [*arguments, *more]


def edit_file(name: str, old: str, new: str) -> Change:
    def change(arguments: list[str], folder: Path) -> list[str]:
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new))
        return arguments

    return change


def double_weights(arguments: list[str], folder: Path) -> list[str]:
    state = load_file(folder / "weights.safetensors")
    state["head.weight"] = state["head.weight"] * 2
    save_file(state, folder / "weights.safetensors")
    return arguments


def invert_pixels(arguments: list[str], folder: Path) -> list[str]:
    """Writes a file of the same name and size with other pixels."""
    path = folder / "images" / "moss" / "1.png"
    before = path.stat()
    content = path.read_bytes()
    pixels = np.asarray(Image.open(path))
    Image.fromarray(255 - pixels).save(path)
    path.write_bytes(path.read_bytes().ljust(len(content), b"\0")[: len(content)])
    assert path.stat().st_size == before.st_size
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    return arguments


def add_image(arguments: list[str], folder: Path) -> list[str]:
    (folder / "images" / "moss" / "9.png").write_bytes((folder / "images" / "moss" / "0.png").read_bytes())
    return arguments


CHANGES: dict[str, tuple[Change, str]] = {
    "influence": (add_options("--influence", "gradient"), "config.aggregate.influence is auto, asked for gradient"),
    "precision": (add_options("--precision", "bfloat16"), "config.aggregate.precision is float32, asked for bfloat16"),
    "layers": (add_options("--layers", "first,third"), "config.layers is ["),
    "limit": (add_options("--limit-per-class", "3"), "dataset.n_images is 12, asked for 9"),
    "outliers": (add_options("--outlier-fraction", "0.5"), "config.aggregate.outlier_fraction is None, asked for 0.5"),
    "preprocessing": (
        edit_file("input.toml", "resize = 24", "resize = 26"),
        "model.preprocess.resize is 24, asked for 26",
    ),
    "weights": (double_weights, "the file of weights is another"),
    "code": (edit_file("model.py", ".mean((2, 3))", ".amax((2, 3))"), "the code of the model file has changed"),
    "pixels": (invert_pixels, "the images are others"),
    "another image": (add_image, "dataset.n_images is 12, asked for 13"),
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    folder = tmp_path_factory.mktemp("identity")
    arguments = [*write_small(folder), *FIRST_STAGES, "--out", str(folder / "run")]
    assert call(arguments) == 0
    return folder, arguments


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_refused_with_what_changed(
    finished: tuple[Path, list[str]], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, arguments = finished
    change, words = CHANGES[name]
    kept = {path: (path.read_bytes(), path.stat()) for path in folder.glob("**/*") if path.is_file()}
    try:
        assert call(change(arguments, folder)) == 2
        said = capsys.readouterr().err
        assert words in said and "--overwrite" in said and "Traceback" not in said
        assert {p: p.read_bytes() for p in kept if "run" in p.parts} == {
            p: content for p, (content, _) in kept.items() if "run" in p.parts
        }
    finally:
        (folder / "images" / "moss" / "9.png").unlink(missing_ok=True)
        for path, (content, status) in kept.items():
            path.write_bytes(content)
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert call(arguments) == 0


def test_weights_that_a_model_file_builds_count_and_its_comments_do_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [*write_small(tmp_path), *FIRST_STAGES, "--out", str(tmp_path / "run")]
    place = arguments.index("--weights")
    arguments[place : place + 2] = []
    assert call(arguments) == 0
    edit_file("model.py", "def wrong", "# No model.\ndef wrong")(arguments, tmp_path)
    assert call(arguments) == 0
    edit_file("model.py", "manual_seed(0)", "manual_seed(1)")(arguments, tmp_path)
    capsys.readouterr()
    assert call(arguments) == 2
    assert "the model's parameters are others" in capsys.readouterr().err


def test_overwriting_makes_the_run_that_is_asked_for(tmp_path: Path) -> None:
    arguments = [*write_small(tmp_path), *FIRST_STAGES]
    changed, fresh = tmp_path / "changed", tmp_path / "fresh"
    assert call([*arguments, "--out", str(changed)]) == 0
    assert call([*arguments, "--influence", "gradient", "--out", str(changed), "--overwrite"]) == 0
    assert call([*arguments, "--influence", "gradient", "--out", str(fresh)]) == 0
    assert {p.name: p.read_bytes() for p in changed.glob("*.parquet")} == {
        p.name: p.read_bytes() for p in fresh.glob("*.parquet")
    }
