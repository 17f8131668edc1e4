from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command_line import call
from tests.support.separable import write_separable


def test_the_command_prints_the_advice_and_refuses_bad_input(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    images, models = write_separable(tmp_path, 15)
    model = ["--models", f"net={models['early'].source}", "--preprocess", f"net={models['early'].preprocess}"]
    out = ["--out", str(tmp_path / "result")]
    assert call(["transfer", images, *model, *out, "--folds", "3"]) == 0
    printed = capfd.readouterr()
    assert "Cut net after second: 100.0 %" in printed.err
    assert "second" in printed.out and "multiply-adds" in printed.out
    for changed, found in (
        (["--folds", "1"], "Found 1."),
        (["--folds", "19"], "Take --folds 15"),
        (["--cost", "euros"], "Found euros."),
        (["--pooling", "min"], "Found min."),
        (["--engine", "spark"], "Found spark."),
        (["--weights", "other=x.pth"], "x.pth"),
        (["--cuts", "secnd"], "Near it: second"),
        (["--seed", "3"], "seed is 0, asked for 3"),
    ):
        assert call(["transfer", images, *model, *out, "--folds", "3", *changed]) == 2, changed
        assert found in capfd.readouterr().err, changed
