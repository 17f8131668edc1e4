from __future__ import annotations

from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from precompute.contract.schema import read_manifest
from precompute.faithfulness.outcomes import Prover
from summit_dash.cli import main
from tests.support.command_line import call


def test_the_command_prints_its_outcome(small_copy: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for arguments, code in (
        (["--classes", "moss", "--sizes", "1", "--layer-sizes", "1", "--repeats", "1"], None),
        (["--replace", "noise"], 2),
        (["--sizes", "0,2"], 2),
        (["--sizes", "many"], 2),
        (["--repeats", "0"], 2),
        (["--classes", "fern"], 2),
    ):
        with pytest.raises(SystemExit) as ended:
            main(["faithfulness", str(small_copy), *arguments])
        assert (ended.value.code or None) == code, arguments
    printed = capfd.readouterr().err
    assert "Proved the graphs of 1 class." in printed and "Accuracy, mean over the proven class: " in printed
    assert "Found noise." in printed and "Found 0, 2." in printed and "Found many." in printed


def test_other_weights_than_the_runs_are_one_message_before_anything_runs(
    small_copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    weights = load_file(read_manifest(small_copy)["model"]["weights"])
    save_file({name: each * 2 for name, each in weights.items()}, tmp_path / "other.safetensors")
    monkeypatch.setattr(Prover, "sum_summaries", None)
    before = sorted(path.name for path in small_copy.iterdir())
    assert call(["faithfulness", str(small_copy), "--weights", str(tmp_path / "other.safetensors")]) == 2
    printed = capfd.readouterr().err
    assert printed.count("Error:") == 1 and "is another one by now: its parameters are others" in printed
    assert sorted(path.name for path in small_copy.iterdir()) == before
