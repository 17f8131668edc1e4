"""`summit-dash visualize` as a person meets it: pictures into a run, resumed when killed, refused in one message."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from precompute.contract.lock import hold_run
from precompute.contract.schema import locate_table, read_manifest, read_table
from precompute.feature_visualization.ascent import optimize
from summit_dash.cli import main
from tests.support.command_line import call
from tests.support.killing import kill_at
from tests.support.memory import fill_device
from tests.support.small import write_small
from tests.support.validation import validate
from tests.support.warm import start_warm

QUICK = ("--steps", "6", "--size", "24", "--device", "cpu")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with model, weights, images, and a run without pictures."""
    folder = tmp_path_factory.mktemp("small")
    stages = ("--stages", "aggregate,graphs,examples")
    assert call([*write_small(folder), "--out", str(folder / "run"), *stages]) == 0
    return folder


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made / "run", tmp_path / "run"))


def read_rows(run: Path) -> list[dict[str, Any]]:
    return read_table(run, "feature_visualizations").to_pylist()


def test_pictures_of_some_channels_go_into_the_run(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    some = [str(run), "--layers", "second,third", "--channels", "0,2-4", "--kinds", "channel,neuron,diversity", *QUICK]
    assert call(["visualize", *some]) == 0
    drawn = {(row["layer"], row["channel"], row["kind"]) for row in read_rows(run)}
    dead = {tuple(entry[:3]) for entry in read_manifest(run)["visualizations"]["dead"]}
    kinds = ("channel", "neuron", "diversity-0", "diversity-1", "diversity-2", "diversity-3")
    assert drawn | dead == {(layer, c, kind) for layer in ("second", "third") for c in (0, 2, 3, 4) for kind in kinds}
    assert drawn and not drawn & dead
    assert validate(run) == []
    said = capsys.readouterr().err
    assert f"Drew {len(drawn)} pictures" in said and "Run: " in said
    check_counts_are_printed(run, said)
    settings = read_manifest(run)["visualizations"]["settings"]
    assert {row["settings"] for row in read_rows(run)} == set(settings)
    assert all(entry["seed"] == 0 and entry["n_images"] > 1 for entry in settings.values())
    assert {path.name for path in run.iterdir()} >= {"manifest.json"} and not (run / "parts").exists()
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    assert call(["visualize", *some]) == 0
    assert f"Drew 0 pictures; {len(drawn | dead)} were there" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in run.iterdir()} == before


def check_counts_are_printed(run: Path, said: str) -> None:
    """Checks that the manifest's counts by layer, and the lines that print them, are those of the rows."""
    facts = read_manifest(run)["visualizations"]
    for layer, counts in facts["layers"].items():
        mine = [row for row in read_rows(run) if (row["layer"], row["kind"]) == (layer, "channel")]
        excitations = [row["excitation"] for row in mine if row["excitation"] is not None]
        n_beating = len([excitation for excitation in excitations if excitation > 1])
        n_dead = len([entry for entry in facts["dead"] if (entry[0], entry[2]) == (layer, "channel")])
        expected = {"n_pictures": len(mine), "n_compared": len(excitations), "n_dead": n_dead}
        assert counts == {**expected, "n_beating_best_example": n_beating}
        assert (f"  {layer}: {len(mine)} drawn, " in said) == bool(mine or n_dead)
        assert not excitations or f"{n_beating}" in said.split(f"  {layer}: ")[1].split("excite")[0]
        assert not mine or said.split(f"  {layer}: ")[1].splitlines()[0].endswith(f", {n_dead} dead")


def test_the_channels_of_most_graphs_come_first_and_a_second_call_adds(run: Path) -> None:
    nodes = read_table(run, "attribution_graph_nodes", ["layer", "channel"]).to_pylist()
    in_graphs = {(row["layer"], row["channel"]) for row in nodes}
    assert call(["visualize", str(run), "--limit", "3", *QUICK]) == 0
    facts = read_manifest(run)["visualizations"]
    first = {(row["layer"], row["channel"]) for row in read_rows(run)} | {tuple(e[:2]) for e in facts["dead"]}
    assert len(first) == 3 and first <= in_graphs
    kept = {(row["layer"], row["channel"]): row["image"] for row in read_rows(run)}
    assert call(["visualize", str(run), *QUICK]) == 0
    after = {(row["layer"], row["channel"]): row["image"] for row in read_rows(run)}
    assert len(after) + len(read_manifest(run)["visualizations"]["dead"]) == 8 + 12 + 16, "every channel of every layer"
    assert kept.items() <= after.items()


@pytest.mark.parametrize("method", ["pixel", "maco"])
def test_other_methods_and_seeds_take_the_place_of_the_picture(run: Path, method: str) -> None:
    one = ["visualize", str(run), "--layers", "second", "--channels", "0-3", *QUICK]
    assert call(one) == 0
    before = {row["channel"]: row["image"] for row in read_rows(run)}
    assert call([*one, "--method", method, "--seed", "3"]) == 0
    facts = read_manifest(run)["visualizations"]
    dead = {entry[1] for entry in facts["dead"]}
    drawn = [row for row in read_rows(run) if row["channel"] not in dead]
    assert len(drawn) >= 2
    for row in drawn:
        assert (facts["settings"][row["settings"]]["method"], facts["settings"][row["settings"]]["seed"]) == (method, 3)
        assert row["image"] != before.get(row["channel"])


def test_pictures_are_the_same_on_every_cpu_and_in_every_order(run: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(run, tmp_path / "other"))
    assert call(["visualize", str(run), "--layers", "third", *QUICK]) == 0
    assert call(["visualize", str(other), "--layers", "third", *QUICK]) == 0
    assert locate_table(run, "feature_visualizations").read_bytes() == (
        locate_table(other, "feature_visualizations").read_bytes()
    )


def test_a_killed_call_goes_on_and_makes_nothing_twice(made: Path, tmp_path: Path) -> None:
    """Kills after the first and the sixth batch; what was finished is not drawn again."""
    arguments = ["--layers", "second,third", "--batch-size", "4", *QUICK]
    whole = Path(shutil.copytree(made / "run", tmp_path / "whole"))
    assert call(["visualize", str(whole), *arguments]) == 0
    expected = locate_table(whole, "feature_visualizations").read_bytes()
    for n_finished in (1, 6):
        run = Path(shutil.copytree(made / "run", tmp_path / f"killed-{n_finished}"))
        process = start_warm(_call_until_kept, n_finished, ["visualize", str(run), *arguments])
        process.join()
        assert process.exitcode == -signal.SIGKILL
        parts = {path: path.stat().st_mtime_ns for path in (run / "parts" / "visualize").glob("*.parquet")}
        assert len(parts) >= n_finished
        finished = {(row["layer"], row["channel"]) for path in parts for row in pq.read_table(path).to_pylist()}
        drawn = _find_drawn(["visualize", str(run), *arguments])
        assert not finished & drawn
        assert len(finished | drawn) == 12 + 16
        assert locate_table(run, "feature_visualizations").read_bytes() == expected
        assert read_manifest(run)["visualizations"] == read_manifest(whole)["visualizations"]
        assert not (run / "parts").exists() and validate(run) == []


def _call_until_kept(n_batches: int, arguments: list[str]) -> None:
    """Calls the command in a process that dies when so many batches are kept."""
    from precompute.feature_visualization.storage.picture_store import PictureStore

    left, keep = n_batches, PictureStore.keep

    def keep_and_die(self: PictureStore, rows: list[dict[str, Any]]) -> None:
        nonlocal left
        keep(self, rows)
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

    PictureStore.keep = keep_and_die  # type: ignore[method-assign]
    main(arguments)


def _find_drawn(arguments: list[str]) -> set[tuple[str, int]]:
    """Returns the channels that a call draws."""
    from precompute.feature_visualization.storage.picture_store import PictureStore

    drawn: set[tuple[str, int]] = set()
    with pytest.MonkeyPatch.context() as patch:
        keep = PictureStore.keep

        def note_rows(self: PictureStore, rows: list[dict[str, Any]]) -> None:
            drawn.update((row["layer"], row["channel"]) for row in rows)
            keep(self, rows)

        patch.setattr(PictureStore, "keep", note_rows)
        assert call(arguments) == 0
    return drawn


def test_killed_at_any_file_event_it_ends_in_the_same_table(made: Path, tmp_path: Path) -> None:
    arguments = ["--layers", "second", "--batch-size", "4", *QUICK]
    whole = Path(shutil.copytree(made / "run", tmp_path / "whole"))
    assert call(["visualize", str(whole), *arguments]) == 0
    for moment in (11, 17):
        run = Path(shutil.copytree(made / "run", tmp_path / f"killed-{moment}"))
        kill_at(run, ["visualize", str(run), *arguments], moment)
        assert call(["visualize", str(run), *arguments]) == 0
        name = "feature_visualizations"
        assert locate_table(run, name).read_bytes() == locate_table(whole, name).read_bytes(), moment
        assert {path.name for path in run.iterdir()} == {path.name for path in whole.iterdir()}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--layers", "secnd"], "Did you mean second"),
        (["--layers", "second", "--channels", "12"], "channels of second are 0 to 11"),
        (["--channels", "9"], "channels of first are 0 to 7"),
        (["--channels", "nine"], "numbers and ranges"),
        (["--channels", "9-3"], "numbers and ranges"),
        (["--kinds", "chanel"], "channel, neuron, negative, diversity"),
        (["--method", "pixels"], "fourier, pixel, maco"),
        (["--steps", "0"], "--steps is at least 1"),
    ],
)
def test_what_does_not_exist_is_told(
    run: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    assert call(["visualize", str(run), *QUICK, *arguments]) == 2
    message = capsys.readouterr().err
    assert said in message.replace("\n", " ") and "Traceback" not in message
    assert {path.name: path.read_bytes() for path in run.iterdir()} == before


def test_a_layer_without_positions_has_no_neuron(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = locate_table(run, "layers")
    table = pq.read_table(path)
    for name in ("height", "width"):
        column = table.schema.get_field_index(name)
        table = table.set_column(column, name, pa.array([1] * len(table), table.schema.field(name).type))
    pq.write_table(table, path)
    assert call(["visualize", str(run), *QUICK, "--kinds", "neuron"]) == 2
    assert "no positions" in capsys.readouterr().err


def test_a_model_that_is_gone_or_changed_is_told(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path(shutil.copytree(made, tmp_path / "moved"))
    run, one = folder / "run", ["--layers", "second", "--channels", "1", *QUICK]
    manifest = json.loads((run / "manifest.json").read_text())
    assert manifest["model"]["weights"] == str((made / "weights.safetensors").resolve())
    manifest["model"]["source"] = str(folder / "gone.py") + ":build"
    (run / "manifest.json").write_text(json.dumps(manifest))
    assert call(["visualize", str(run), *one]) == 2
    assert "is gone" in capsys.readouterr().err
    assert call(["visualize", str(run), *one, "--model", f"{folder}/model.py:build"]) == 0
    assert call(["visualize", str(run), *one, "--model", f"{folder}/model.py:build", "--weights", "no.pth"]) == 2
    assert "no.pth does not exist" in capsys.readouterr().err
    assert call(["visualize", str(run), *one, "--model", f"{folder}/model.py:build", "--weights", "random"]) == 0
    source = (folder / "model.py").read_text()
    (folder / "model.py").write_text(source.replace("manual_seed(0)", "manual_seed(1)"))
    capsys.readouterr()
    assert call(["visualize", str(run), *one, "--model", f"{folder}/model.py:build", "--weights", "random"]) == 2
    message = capsys.readouterr().err
    assert "its code has changed and its parameters are others" in message.replace("\n", " ")


def test_a_folder_that_is_no_run_and_one_that_is_being_written_are_told(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(["visualize", str(tmp_path / "none")]) == 2
    assert not (tmp_path / "none").exists()
    with hold_run(run):
        assert call(["visualize", str(run), *QUICK]) == 2
    assert "being written" in capsys.readouterr().err


def test_an_imported_run_holds_no_model(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = json.loads((run / "manifest.json").read_text())
    (run / "manifest.json").write_text(json.dumps({**manifest, "imported": {}}))
    assert call(["visualize", str(run), *QUICK]) == 2
    assert "holds no model" in capsys.readouterr().err


def test_out_of_memory_batches_are_halved_and_every_picture_is_drawn(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    disturbed = Path(shutil.copytree(run, tmp_path / "disturbed"))
    some = ("--layers", "second", "--kinds", "channel,diversity", *QUICK, "--batch-size", "8")
    assert call(["visualize", str(run), *some]) == 0
    device = fill_device(monkeypatch, 5, [(optimize._Batch, "_compute_maps")])
    assert call(["visualize", str(disturbed), *some]) == 0
    assert device.n_refused and device.largest == 4
    for wanted, found in zip(read_rows(run), read_rows(disturbed), strict=True):
        for name in ("layer", "channel", "kind", "n_steps", "settings"):
            assert found[name] == wanted[name]
        assert found["objective_value"] == pytest.approx(wanted["objective_value"], rel=1e-2, abs=1e-3)
    dead = [read_manifest(each)["visualizations"]["dead"] for each in (run, disturbed)]
    assert dead[0] == dead[1] and validate(disturbed) == [] and not (disturbed / "parts").exists()


def test_a_picture_without_memory_is_one_message_and_what_is_finished_stays(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(["visualize", str(run), "--layers", "second", "--channels", "0,2", *QUICK]) == 0
    before = read_rows(run)
    capsys.readouterr()
    fill_device(monkeypatch, 0, [(optimize._Batch, "_compute_maps")])
    assert call(["visualize", str(run), "--layers", "second", *QUICK]) == 1
    said = capsys.readouterr().err
    assert "CUDA out of memory, and batches cannot be smaller" in said.replace("\n", " ") and "Traceback" not in said
    assert read_rows(run) == before and validate(run) == []
