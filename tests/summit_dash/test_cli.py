"""The command line as a person meets it: a whole run, and one clear message with exit code 2 for bad input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from precompute.contract.schema import TABLES, locate_table
from summit_dash import cli
from summit_dash.cli import main
from tests.support.command_line import FIRST_STAGES, call
from tests.support.small import write_small
from tests.support.validation import validate
from tests.support.warm import start_warm

ADDED = (
    *("edge_faithfulness", "explanation_quality", "faithfulness", "layer_probes", "prototypes", "single_channels"),
    "sufficient_graphs",
)
"""Tables that are added to a finished run."""


@pytest.fixture
def small(tmp_path: Path) -> list[str]:
    return write_small(tmp_path)


def test_a_whole_run_is_valid_and_a_second_call_changes_nothing(
    small: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    assert call([*small, "--out", str(out)]) == 0
    assert validate(out) == []
    made = {path.name for path in out.glob("*.parquet")}
    assert {locate_table(out, name).name for name in TABLES} - made == {f"{name}.parquet" for name in ADDED}
    assert not (out / "parts").exists()
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    assert call([*small, "--out", str(out)]) == 0
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    capsys.readouterr()
    assert call(["validate", str(out)]) == 0
    assert capsys.readouterr().out == ""


def test_validate_names_what_is_wrong(small: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run"
    call([*small, "--out", str(out), *FIRST_STAGES])
    locate_table(out, "activations").unlink()
    capsys.readouterr()
    assert call(["validate", str(out)]) == 1
    assert "activations" in capsys.readouterr().out


def test_a_killed_run_goes_on_and_ends_with_the_same_tables(tmp_path: Path) -> None:
    arguments = [*write_small(tmp_path, n_images=40), *FIRST_STAGES, "--batch-size", "1"]
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert call([*arguments, "--out", str(whole)]) == 0
    process = start_warm(main, [*arguments, "--out", str(killed)])
    first_unit = killed / "parts" / "aggregate" / "000000-0000.npz"
    while process.is_alive() and not first_unit.exists():
        process.join(timeout=0.01)
    process.kill()
    process.join()
    assert first_unit.exists()
    assert not locate_table(killed, "activations").exists()
    assert call([*arguments, "--out", str(killed)]) == 0
    for path in whole.glob("*.parquet"):
        assert path.read_bytes() == (killed / path.name).read_bytes(), path.name


@pytest.mark.parametrize("speed", [["--batch-size", "1"], ["--batch-size", "7", "--workers", "0"]])
def test_speed_changes_no_count(small: list[str], tmp_path: Path, speed: list[str]) -> None:
    from precompute.contract.schema import read_table

    one, other = tmp_path / "one", tmp_path / "other"
    call([*small, "--out", str(one), *FIRST_STAGES])
    call([*small, "--out", str(other), *FIRST_STAGES, *speed])
    for name in ("activations", "influences"):
        counts = [column for column in TABLES[name].schema.names if not column.startswith("mean")]
        assert read_table(one, name, counts).equals(read_table(other, name, counts))


def test_unreadable_images_are_skipped_counted_and_named(
    small: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "images" / "moss"
    (folder / "text.jpg").write_text("this is no picture")
    whole = (tmp_path / "images" / "bark" / "0.png").read_bytes()
    (folder / "cut.png").write_bytes(whole[: len(whole) // 2])
    out = tmp_path / "run"
    assert call([*small, "--out", str(out), *FIRST_STAGES]) == 0
    images = json.loads((out / "manifest.json").read_text())["images"]
    assert images["n_read"] == 12 and images["n_skipped"] == 2
    assert sorted(images["skipped"]) == ["moss/cut.png", "moss/text.jpg"]
    assert "2 images were skipped, unreadable or" in capsys.readouterr().err
    assert validate(out) == []


def remove_option(arguments: list[str], option: str) -> list[str]:
    place = arguments.index(option)
    return arguments[:place] + arguments[place + 2 :]


def replace_argument(arguments: list[str], place: int, value: str) -> list[str]:
    return [*arguments[:place], value, *arguments[place + 1 :]]


def list_bad_inputs(small: list[str], tmp_path: Path) -> dict[str, tuple[list[str], tuple[str, ...]]]:
    """Arguments that cannot work, and words that the message must hold."""
    from safetensors.torch import load_file, save_file

    state = load_file(tmp_path / "weights.safetensors")
    state["tail.weight"] = state.pop("head.weight")
    save_file(state, tmp_path / "other.safetensors")
    (tmp_path / "images" / "bark" / "list.csv").write_text("file,class_name\na.png,bark\n")
    (tmp_path / "gaps").mkdir()
    for name in ("full", "empty"):
        (tmp_path / "gaps" / name).mkdir()
    (tmp_path / "gaps" / "full" / "0.png").write_bytes((tmp_path / "images" / "bark" / "0.png").read_bytes())
    (tmp_path / "file").write_text("no folder")
    out = ["--out", str(tmp_path / "run")]
    weights = small.index("--weights") + 1
    return {
        "missing folder": ([*replace_argument(small, 2, str(tmp_path / "imagse")), *out], ("imagse", "images")),
        "empty class": ([*replace_argument(small, 2, str(tmp_path / "gaps")), *out], ("empty",)),
        "manifest without the column": (
            [*replace_argument(small, 2, str(tmp_path / "images" / "bark" / "list.csv")), *out],
            ("path", "file"),
        ),
        "weights of another model": (
            [*replace_argument(small, weights, str(tmp_path / "other.safetensors")), *out],
            ("head.weight", "tail.weight"),
        ),
        "missing weights": ([*replace_argument(small, weights, str(tmp_path / "absent.pth")), *out], ("absent.pth",)),
        "unknown layer": ([*small, "--layers", "secnod", *out], ("secnod", "second")),
        "layer named twice": ([*small, "--layers", "first,first", *out], ("first", "twice")),
        "file without the callable": (
            [*replace_argument(small, 1, f"{tmp_path}/model.py:biuld"), *out],
            ("biuld", "build"),
        ),
        "callable that returns no module": (
            [*replace_argument(small, 1, f"{tmp_path}/model.py:wrong"), *out],
            ("str",),
        ),
        "callable that raises": (
            [*replace_argument(small, 1, f"{tmp_path}/model.py:raising"), *out],
            ("no such file",),
        ),
        "no such model source": ([*replace_argument(small, 1, "resnet18"), *out], ("torchvision:",)),
        "no preprocessing": ([*remove_option(small, "--preprocess"), *out], ("--preprocess", "mean")),
        "output is a file": ([*small, "--out", str(tmp_path / "file")], ("is a file",)),
        "output is another folder": ([*small, "--out", str(tmp_path / "images")], ("holds no run",)),
        "unknown stage": ([*small, "--stages", "graph", *out], ("graphs", "graph")),
        "unknown influence": ([*small, "--influence", "tracde", *out], ("tracde",)),
        "unknown precision": ([*small, "--precision", "float16", *out], ("float32, bfloat16", "float16")),
        "unknown engine": ([*small, "--engine", "spark", *out], ("local, ray", "spark")),
        "no chunk": ([*small, "--chunk-size", "0", *out], ("--chunk-size",)),
        "unknown device": ([*small, "--device", "quantum", *out], ("quantum",)),
        "overwriting a folder that is no run": (
            [*small, "--out", str(tmp_path / "images"), "--overwrite"],
            ("holds no run",),
        ),
        "stage before its time": ([*small, "--stages", "embedding", *out], ("aggregate",)),
        "serve a folder without a run": (["serve", str(tmp_path / "images")], ("manifest.json",)),
        "validate nothing": (["validate", str(tmp_path / "absent")], ("no folder",)),
        "unknown option": ([*small, "--coler", "red", *out], ("--coler",)),
    }


def test_bad_input_is_one_message_and_exit_code_2(
    small: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, (arguments, words) in list_bad_inputs(small, tmp_path).items():
        capsys.readouterr()
        assert call(arguments) == 2, name
        said = capsys.readouterr().err
        assert all(word in said for word in words), (name, said)
        assert "Traceback" not in said, name
        assert not list((tmp_path / "run").glob("*.parquet")), name


def test_another_run_in_the_folder_is_refused_with_what_differs(
    small: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = ["--out", str(tmp_path / "run"), *FIRST_STAGES]
    call([*small, *out])
    before = locate_table(tmp_path / "run", "activations").read_bytes()
    capsys.readouterr()
    assert call([*small, *out, "--limit-per-class", "2"]) == 2
    said = capsys.readouterr().err
    assert "dataset.n_images is 12, asked for 6" in said and "--overwrite" in said
    assert locate_table(tmp_path / "run", "activations").read_bytes() == before
    assert call([*small, *out, "--limit-per-class", "2", "--overwrite"]) == 0
    assert validate(tmp_path / "run") == []


def test_the_demo_replaces_no_other_run(small: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run"
    call([*small, "--out", str(out), *FIRST_STAGES])
    before = {path.name: path.read_bytes() for path in out.glob("*.parquet")}
    assert call(["demo", "--out", str(out), "--no-serve", "--images-per-class", "1"]) == 2
    assert "holds another run" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in out.glob("*.parquet")} == before


def test_a_run_of_a_newer_schema_is_refused(
    small: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "manifest.json").write_text('{"schema_version": 99}')
    for arguments in (["serve", str(run)], ["validate", str(run)], [*small, "--out", str(run)]):
        capsys.readouterr()
        assert call(arguments) == 2
        assert "version 99" in capsys.readouterr().err


def test_inspect_lists_layers_and_the_output(
    small: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(["inspect", small[1], "--preprocess", f"{tmp_path}/input.toml"]) == 0
    said = capsys.readouterr().out
    assert "3 x 24 x 24" in said and "Output layer: head, 3 outputs" in said
    assert [line.split()[0] for line in said.splitlines()[2:5]] == ["first", "second", "third"]


@pytest.mark.parametrize(
    "command", ["demo", "precompute", "prototypes", "serve", "export", "models", "inspect", "validate"]
)
def test_help_teaches(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call([command, "--help"]) == 0
    assert "Usage" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        (
            NotImplementedError(
                "The operator 'aten::grid_sampler_2d_backward' is not currently implemented for the MPS device. If you "
                "want this op to be considered for addition please comment."
            ),
            "Error: The operator 'aten::grid_sampler_2d_backward' is not currently implemented for the MPS device",
        ),
        (RuntimeError("MPS backend out of memory (MPS allocated: 9.05 GB). Tried"), "9.05 GB), and batches cannot be"),
    ],
)
def test_what_a_device_cannot_do_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], problem: Exception, told: str
) -> None:
    def fail(arguments: list[str]) -> None:
        raise problem

    monkeypatch.setattr(cli, "app", fail)
    assert call([]) == 1
    said = capsys.readouterr().err
    assert told in said and said.count("\n") == 1


def test_other_errors_are_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(arguments: list[str]) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(cli, "app", fail)
    with pytest.raises(RuntimeError, match="a fault of ours"):
        cli.main([])
