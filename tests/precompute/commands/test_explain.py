from __future__ import annotations

from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from precompute.contract.schema import read_table
from precompute.contract.writing import write_table
from summit_dash.cli import main


def call(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["explain", *map(str, arguments)])
    return int(ended.value.code or 0)


def test_the_command_explains_files_and_says_where_the_report_is(
    small_run: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    image = small_run.parent / "images" / "sand" / "1.png"
    assert call(small_run, image, "--out", tmp_path / "out", "--methods", "all", "--against", "auto") == 0
    printed = capfd.readouterr().err
    assert "1.png: " in printed and "does not apply, see the report: deep_taylor." in printed
    assert (tmp_path / "out" / "report.html").is_file()


def test_the_command_measures_a_sample_into_the_run(small_copy: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert call(small_copy, "--sample", 1, "--methods", "gradient") == 0
    printed = capfd.readouterr()
    assert "Selectivity" in printed.out and "gradient" in printed.out and "Means over 3 images" in printed.out
    assert (small_copy / "explanation_quality.parquet").is_file()


def test_wrong_arguments_are_one_message(small_run: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    image = small_run.parent / "images" / "sand" / "1.png"
    for arguments, words in (
        ((), "Found neither."),
        ((image, "--sample", 1), "Found both."),
        ((image, "--class", "sandd"), "Near it: sand"),
        ((image, "--against", "sand", "--class", "sand"), "itself"),
        ((tmp_path / "gone.png",), "gone.png"),
        ((image, "--model", "nothing.py:build"), "nothing.py"),
    ):
        assert call(small_run, *arguments, "--out", tmp_path / "out") == 2
        assert words in capfd.readouterr().err, words


def test_a_sample_of_other_images_or_by_another_model_is_one_message(
    small_run: Path, small_copy: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    weights = load_file(small_run.parent / "weights.safetensors")
    save_file({name: value + 1 for name, value in weights.items()}, tmp_path / "others.safetensors")
    rows = read_table(small_copy, "images").to_pydict()
    write_table(small_copy, "images", rows | {"true_probability": [1 - p for p in rows["true_probability"]]})
    before = {path.name for path in small_copy.iterdir()}
    for options, words in (
        (("--weights", tmp_path / "others.safetensors"), "its parameters are others"),
        ((), "has another content by now, or the model has changed"),
    ):
        assert call(small_copy, "--sample", 1, "--methods", "gradient", *options) == 2
        assert words in " ".join(capfd.readouterr().err.split())
    assert {path.name for path in small_copy.iterdir()} == before
