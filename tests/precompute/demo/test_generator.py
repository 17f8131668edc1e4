"""The demo's generator, and the prototypes that the demo run holds by it."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from rich.console import Console
from safetensors import safe_open

from precompute.commands.demo import run_demo
from precompute.contract.schema import read_manifest, read_table
from precompute.demo.generator import CODE_SIZE, N_STARTS, WEIGHTS, load_generator
from precompute.demo.model import CLASS_NAMES, load
from precompute.demo.train import preprocess
from precompute.demo.train_generator import Recipe


def test_the_weights_are_small_and_hold_their_recipe() -> None:
    assert WEIGHTS.stat().st_size <= 3_000_000
    with safe_open(WEIGHTS, "pt") as file:
        assert file.metadata()["recipe"] == repr(Recipe())


def test_it_draws_scenes_in_range_from_typical_codes() -> None:
    generator = load_generator()
    assert generator.code_starts.shape == (N_STARTS, CODE_SIZE)
    with torch.no_grad():
        drawn = generator(generator.code_starts)
        predicted = load()(preprocess(drawn * 255)).argmax(dim=1)
    assert drawn.shape == (N_STARTS, 3, 96, 96)
    assert float(drawn.min()) >= 0 and float(drawn.max()) <= 1
    assert len(predicted.unique()) >= 30, "typical codes are of nearly all classes"


@pytest.mark.parametrize("method", ["code-space", "picture-space"])
def test_every_class_of_the_demo_is_found_in_its_prototype(demo_run: Path, method: str) -> None:
    """The picture is measured as it is stored, by the model as it is."""
    rows = [row for row in read_table(demo_run, "prototypes").to_pylist() if row["method"] == method]
    assert [row["class_id"] for row in rows] == list(range(len(CLASS_NAMES)))
    pixels = np.stack([np.array(Image.open(io.BytesIO(row["image"])).convert("RGB")) for row in rows])
    with torch.no_grad():
        probabilities = load()(preprocess(torch.from_numpy(pixels).permute(0, 3, 1, 2))).softmax(dim=1)
    own = probabilities.diagonal().numpy()
    assert own.min() >= 0.9, {CLASS_NAMES[i]: round(float(own[i]), 3) for i in np.flatnonzero(own < 0.9)}
    assert own == pytest.approx(np.exp([row["log_probability"] for row in rows]), abs=1e-3)


def test_an_older_demo_run_gets_prototypes_and_a_newer_one_keeps_them(demo_run: Path, tmp_path: Path) -> None:
    """The demo run of the tests was made without prototypes; the second call of `run_demo` added them."""
    assert read_manifest(demo_run)["prototypes"]["settings"]
    run = Path(shutil.copytree(demo_run, tmp_path / "run"))
    before = {path: path.read_bytes() for path in run.iterdir() if path.is_file()}
    run_demo(run, None, Console(quiet=True))
    assert {path: path.read_bytes() for path in run.iterdir() if path.is_file()} == before
