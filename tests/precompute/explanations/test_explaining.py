"""Explaining image files into a folder."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from precompute.contract.errors import InputError
from precompute.explanations import explaining
from precompute.explanations.explain import ExplainConfig
from precompute.explanations.explaining import ExplainRequest, explain_files

CONFIG = ExplainConfig(("gradient", "grad_cam"))


def test_every_image_has_its_maps_figures_and_place_in_the_report(
    live_run: Path, image_file: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other" / image_file.name
    other.parent.mkdir()
    shutil.copy(image_file, other)
    out = tmp_path / "out"
    found = explain_files(ExplainRequest(live_run, (image_file, other), out, CONFIG))
    assert [facts["name"] for facts in found] == ["noise", "noise-2"]
    assert {path.name for path in out.iterdir()} == {
        "report.html", "figures.csv", "figures.json",
        *(f"{name}.{kind}" for name in ("noise", "noise-2")
          for kind in ("json", "npz", "image.png", "gradient.png", "grad_cam.png")),
    }  # fmt: skip
    with np.load(out / "noise.npz") as maps:
        assert {name: maps[name].ndim for name in maps} == {"gradient": 3, "grad_cam": 2}
    assert json.loads((out / "noise.json").read_text())["target"] == found[0]["target"]
    rows = list(csv.DictReader((out / "figures.csv").read_text().splitlines()))
    assert [(row["image"], row["method"]) for row in rows][:2] == [("noise", "gradient"), ("noise", "grad_cam")]
    report = (out / "report.html").read_text()
    assert report.count("<section>") == 2 and report.count("data:image/png;base64,") == 6


def test_a_second_call_goes_on_and_other_questions_are_answered_again(
    live_run: Path, image_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real = explaining.explain_image
    monkeypatch.setattr(explaining, "explain_image", lambda *given: asked.append("") or real(*given))  # type: ignore[func-returns-value]
    for config in (CONFIG, CONFIG, ExplainConfig(("gradient",), wanted="carp")):
        explain_files(ExplainRequest(live_run, (image_file,), tmp_path / "out", config))
    assert len(asked) == 2
    assert json.loads((tmp_path / "out" / "noise.json").read_text())["target"]["name"] == "carp"


def test_a_broken_file_is_named_before_any_is_explained(live_run: Path, image_file: Path, tmp_path: Path) -> None:
    broken, out = tmp_path / "text.png", tmp_path / "out"
    broken.write_text("no image")
    for paths, words in (
        ((image_file, broken), "text.png: This file is no image"),
        ((image_file, tmp_path / "gone.png"), "gone.png"),
        ((), "Found none"),
    ):
        with pytest.raises(InputError, match=words):
            explain_files(ExplainRequest(live_run, paths, out, CONFIG))
    assert not out.exists()
