"""`summit-dash prototypes` as a person meets it: into a run, resumed when killed, refused in one message."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from precompute.contract.lock import hold_run
from precompute.contract.schema import locate_table, read_manifest, read_table
from precompute.feature_visualization.ascent import optimize
from precompute.feature_visualization.prototypes import optimize_classes
from precompute.feature_visualization.prototypes.prototype_store import PrototypeStore
from tests.support.command_line import call
from tests.support.generator_files import CODE_SIZE, write_generators
from tests.support.killing import count_moments, kill_at
from tests.support.memory import fill_device
from tests.support.small import CLASSES, write_small
from tests.support.validation import validate

QUICK = ("--steps", "6", "--device", "cpu", "--batch-size", "2")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with model, weights, images, generator, a run, and one of super-classes."""
    folder = tmp_path_factory.mktemp("small")
    stages = ("--stages", "aggregate")
    arguments = write_small(folder)
    assert call([*arguments, "--out", str(folder / "run"), *stages]) == 0
    (folder / "outputs.json").write_text('{"bark": [0, 2], "sand": [1]}')
    mapping = ("--class-outputs", str(folder / "outputs.json"))
    assert call([*arguments, "--out", str(folder / "groups"), *stages, *mapping]) == 0
    write_generators(folder)
    return folder


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made / "run", tmp_path / "run"))


@pytest.fixture
def generator(made: Path) -> list[str]:
    return ["--generator", f"{made}/decoder.py:build", "--code-size", str(CODE_SIZE)]


def read_rows(run: Path) -> list[dict[str, Any]]:
    return read_table(run, "prototypes").to_pylist()


def test_both_methods_of_all_classes_go_into_the_run(
    run: Path, generator: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(["prototypes", str(run), *generator, *QUICK]) == 0
    said = capsys.readouterr().err
    assert "Drew 6 prototypes." in said and "code-space: " in said and "picture-space: " in said
    assert [(row["class_id"], row["method"]) for row in read_rows(run)] == [
        (class_id, method) for class_id in range(len(CLASSES)) for method in ("code-space", "picture-space")
    ]
    settings = read_manifest(run)["prototypes"]["settings"]
    assert {row["settings"] for row in read_rows(run)} == set(settings)
    (of_code,) = [each for each in settings.values() if each["method"] == "code-space"]
    assert of_code["generator"]["code_size"] == CODE_SIZE and len(of_code["generator"]["sha256"]) == 64
    assert validate(run) == [] and not (run / "parts" / "prototypes").exists()
    before = locate_table(run, "prototypes").read_bytes()
    assert call(["prototypes", str(run), *generator, *QUICK]) == 0
    assert "Drew 0 prototypes; 6 were there" in capsys.readouterr().err
    assert locate_table(run, "prototypes").read_bytes() == before


def test_without_a_generator_they_are_of_pictures_alone(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["prototypes", str(run), "--classes", "1-2; bark", *QUICK]) == 0
    assert {(row["class_id"], row["method"]) for row in read_rows(run)} == {(c, "picture-space") for c in range(3)}
    assert "because there is no generator" in capsys.readouterr().err.replace("\n", " ")


def test_other_settings_take_the_place_of_the_picture_and_others_stay(run: Path) -> None:
    assert call(["prototypes", str(run), *QUICK]) == 0
    before = {row["class_id"]: row for row in read_rows(run)}
    assert call(["prototypes", str(run), "--classes", "moss", "--seed", "5", *QUICK]) == 0
    after = {row["class_id"]: row for row in read_rows(run)}
    assert (after[0], after[2]) == (before[0], before[2])
    assert after[1]["image"] != before[1]["image"]
    settings = read_manifest(run)["prototypes"]["settings"]
    assert [settings[after[c]["settings"]]["seed"] for c in range(3)] == [0, 5, 0]


def test_a_class_of_several_outputs_has_the_sum_of_their_probabilities(made: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(made / "groups", tmp_path / "run"))
    assert call(["prototypes", str(run), *QUICK]) == 0
    reached = {row["class_id"]: row for row in read_rows(run)}
    assert set(reached) == {0, 2}, "no output means moss"
    parts = ["prototypes", str(made / "run"), "--classes", "0", *QUICK]
    assert call(parts) == 0
    # Both start alike: the probability of two of three outputs is greater than that of one of them.
    (single,) = read_rows(made / "run")
    locate_table(made / "run", "prototypes").unlink()
    assert reached[0]["initial_log_probability"] > single["initial_log_probability"] + 0.1


def test_killed_at_any_file_event_it_ends_in_the_same_table(made: Path, tmp_path: Path, generator: list[str]) -> None:
    def copy(name: str) -> Path:
        return Path(shutil.copytree(made / "run", tmp_path / name))

    whole, counted = copy("whole"), copy("counted")
    assert call(["prototypes", str(whole), *generator, *QUICK]) == 0
    n_events = count_moments(counted, ["prototypes", str(counted), *generator, *QUICK])
    assert locate_table(counted, "prototypes").read_bytes() == locate_table(whole, "prototypes").read_bytes()
    for share in (0.55, 0.95):
        run = copy(f"killed-{share}")
        arguments = ["prototypes", str(run), *generator, *QUICK]
        kill_at(run, arguments, round(share * n_events))
        kept = [
            row for path in (run / "parts" / "prototypes").glob("*.parquet") for row in pq.read_table(path).to_pylist()
        ]
        drawn = _record_drawn(arguments)
        assert not {(row["class_id"], row["method"]) for row in kept} & drawn, "nothing is drawn twice"
        assert locate_table(run, "prototypes").read_bytes() == locate_table(whole, "prototypes").read_bytes(), share
        assert read_manifest(run)["prototypes"] == read_manifest(whole)["prototypes"]
        assert {path.name for path in run.iterdir()} == {path.name for path in whole.iterdir()}


def _record_drawn(arguments: list[str]) -> set[tuple[int, str]]:
    drawn: set[tuple[int, str]] = set()
    keep = PrototypeStore.keep

    def record_and_keep(self: PrototypeStore, rows: list[dict[str, Any]]) -> None:
        drawn.update((row["class_id"], row["method"]) for row in rows)
        keep(self, rows)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PrototypeStore, "keep", record_and_keep)
        assert call(arguments) == 0
    return drawn


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--classes", "peat"], "No class is named 'peat'"),
        (["--classes", "7-9"], "No class of this run has an id from 7 to 9"),
        (["--methods", "pixels"], "code-space, picture-space"),
        (["--methods", "code-space"], "There is none for this model"),
        (["--generator", "none.py:build", "--code-size", "3"], "none.py does not"),
        (["--steps", "0"], "--steps is at least 1"),
    ],
)
def test_what_does_not_exist_is_told(
    run: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path.name: path.read_bytes() for path in run.iterdir() if path.is_file()}
    assert call(["prototypes", str(run), *QUICK, *arguments]) == 2
    message = capsys.readouterr().err
    assert said in message.replace("\n", " ") and "Traceback" not in message
    assert {path.name: path.read_bytes() for path in run.iterdir() if path.is_file()} == before


def test_a_class_without_outputs_and_labels_that_are_none_are_told(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Path(shutil.copytree(made / "groups", tmp_path / "run"))
    assert call(["prototypes", str(run), "--classes", "moss", *QUICK]) == 2
    assert "No output means the class 1" in capsys.readouterr().err.replace("\n", " ")


def test_one_writer_at_a_time(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with hold_run(run):
        assert call(["prototypes", str(run), *QUICK]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_out_of_memory_batches_are_halved_and_every_class_is_drawn(
    run: Path, tmp_path: Path, generator: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    disturbed = Path(shutil.copytree(run, tmp_path / "disturbed"))
    some = [*generator, *QUICK, "--batch-size", "4"]
    assert call(["prototypes", str(run), *some]) == 0
    device = fill_device(monkeypatch, 1, [(optimize._Batch, "_compute_maps")])
    starts = fill_device(monkeypatch, 2, [(optimize_classes.CodeParametrization, "render")])
    assert call(["prototypes", str(disturbed), *some]) == 0
    assert device.n_refused and starts.n_refused and (device.largest, starts.largest) == (1, 2)
    for wanted, found in zip(read_rows(run), read_rows(disturbed), strict=True):
        assert [found[name] for name in ("class_id", "method", "n_steps", "settings")] == [
            wanted[name] for name in ("class_id", "method", "n_steps", "settings")
        ]
        assert found["log_probability"] == pytest.approx(wanted["log_probability"], abs=1e-2)
    assert validate(disturbed) == [] and not (disturbed / "parts" / "prototypes").exists()
