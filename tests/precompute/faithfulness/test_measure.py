"""The whole command on a small run: tables, interruption, and what is refused."""

from __future__ import annotations

import errno
import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from precompute.contract.atomic import NameFile
from precompute.contract.errors import InputError
from precompute.contract.progress import SilentProgress
from precompute.contract.schema import read_manifest, read_table, write_manifest
from precompute.contract.validate import validate
from precompute.contract.writing import write_table
from precompute.devices.cores import Parallel
from precompute.faithfulness import graph_tables
from precompute.faithfulness import measure as measuring_command
from precompute.faithfulness.ablation import AblatedModel
from precompute.faithfulness.config import FaithfulnessConfig
from precompute.faithfulness.measure import FaithfulnessReport, FaithfulnessRequest, measure_faithfulness
from precompute.faithfulness.outcomes import Prover
from precompute.faithfulness.parts import Parts
from precompute.pipeline.registry import list_tables
from tests.support.memory import fill_device

CONFIG = FaithfulnessConfig(images_per_class=3, n_repeats=2, factors=(0.0, 1.0, 2.0), layer_factors=(1.0,))


@pytest.fixture
def made(small_run: Path) -> Path:
    return small_run


@pytest.fixture
def run(small_copy: Path) -> Path:
    return small_copy


def measure(run: Path, **changes: object) -> FaithfulnessReport:
    return measure_faithfulness(replace(FaithfulnessRequest(run, config=CONFIG), **changes), SilentProgress())  # type: ignore[arg-type]


def read_frame(run: Path, name: str = "faithfulness") -> pd.DataFrame:
    return pd.read_parquet(run / f"{name}.parquet")


def test_the_tables_are_sound_and_complete(run: Path) -> None:
    nodes = read_frame(run, "attribution_graph_nodes").reset_index(drop=True)
    report = measure(run)
    assert (report.n_measured, report.n_there, report.without) == (3, 0, ())
    assert validate(run, list_tables()) == []
    found = read_frame(run)
    assert set(found["layer"]) == {"first", "second", "third", "all"}
    assert set(found["n_images"]) == {3}
    whole = found[(found["layer"] == "all") & (found["n_channels"] == 0)]
    assert set(report.accuracies) == {"untouched", "remove", "random", "keep"}
    assert report.accuracies["untouched"] == pytest.approx(whole["accuracy"].mean())
    after = read_frame(run, "attribution_graph_nodes")
    by_effect = after[after["selection"] == "effect"]
    after = after[after["selection"] == "pagerank"].reset_index(drop=True)
    pd.testing.assert_frame_equal(after.drop(columns="effect"), nodes.drop(columns="effect"))
    assert np.isfinite(after["effect"]).all()
    sizes = after.groupby(["class_id", "layer"], observed=True).size()
    pd.testing.assert_series_equal(by_effect.groupby(["class_id", "layer"], observed=True).size(), sizes)
    assert not (run / "parts" / "faithfulness").exists()


def test_what_is_there_is_not_measured_again(run: Path) -> None:
    assert measure(run, class_ids=(1,)).n_measured == 1
    first = read_frame(run)
    report = measure(run)
    assert (report.n_measured, report.n_there) == (2, 1)
    after = read_frame(run)
    pd.testing.assert_frame_equal(after[after["class_id"] == 1].reset_index(drop=True), first)
    assert measure(run).n_measured == 0


def test_single_channels_are_added_to_a_proof_that_is_there(run: Path) -> None:
    config = replace(CONFIG, factors=(1.0,), n_repeats=1, edge_images=0)
    measure(run, config=config)
    proof = read_frame(run)
    report = measure(run, config=replace(config, single=True), class_ids=(1,))
    assert (report.n_measured, report.n_there, report.n_single) == (0, 1, 1)
    pd.testing.assert_frame_equal(read_frame(run), proof)
    found = read_frame(run, "single_channels")
    nodes = read_frame(run, "attribution_graph_nodes").query("class_id == 1")
    assert {*zip(found["layer"], found["channel"], strict=True)} == {
        *zip(nodes["layer"], nodes["channel"], strict=True)
    }
    assert validate(run, list_tables()) == []
    assert measure(run, config=replace(config, single=True)).n_single == 2
    after = read_frame(run, "single_channels")
    pd.testing.assert_frame_equal(after[after["class_id"] == 1].reset_index(drop=True), found)
    assert measure(run, config=replace(config, single=True)).n_single == 0


def test_effects_rest_on_the_first_images_of_a_class(run: Path) -> None:
    config = replace(CONFIG, factors=(1.0,), n_repeats=1, edge_images=0, replacement="zero")

    def read_effects(**changes: int) -> np.ndarray:
        measure(run, config=replace(config, **changes), class_ids=(1,))
        nodes = read_table(run, "attribution_graph_nodes").to_pandas()
        return nodes[nodes["class_id"] == 1]["effect"].to_numpy()

    first = read_effects(images_per_class=1)
    np.testing.assert_allclose(read_effects(effect_images=1), first)
    assert not np.allclose(read_effects(effect_images=50), first)
    assert read_manifest(run)["faithfulness"]["effect_images"] == 50
    assert measure(run, config=replace(config, effect_images=3), class_ids=(1,)).n_there == 1


def test_the_graph_by_effect_has_the_channels_of_greatest_effect_and_the_influences_between_them(run: Path) -> None:
    published = read_table(run, "attribution_graph_edges")
    measure(run)
    after = read_table(run, "attribution_graph_edges")
    assert after.drop_columns("edge_effect").to_pylist() == published.drop_columns("edge_effect").to_pylist()
    nodes = read_table(run, "attribution_graph_nodes", selection="effect").to_pylist()
    edges = read_table(run, "attribution_graph_edges", selection="effect").to_pylist()
    graphs = read_table(run, "attribution_graphs", selection="effect").to_pylist()
    for graph in graphs:
        mine = {(row["layer"], row["channel"]) for row in nodes if row["class_id"] == graph["class_id"]}
        assert len(mine) == graph["n_nodes"] and graph["pagerank_mass"] is None
        ends = [
            {(row[f"{end}_layer"], row[f"{end}_channel"]) for end in ("source", "target")}
            for row in edges
            if row["class_id"] == graph["class_id"]
        ]
        assert len(ends) == graph["n_edges"] and all(pair <= mine for pair in ends)
    worst = min(row["effect"] for row in nodes if row["layer"] == "third" and row["class_id"] == 0)
    others = read_table(run, "attribution_graph_nodes").to_pylist()
    beaten = [row["effect"] for row in others if row["layer"] == "third" and row["class_id"] == 0]
    assert worst >= min(beaten)


def test_edges_and_smallest_graphs_have_tables_of_their_own(run: Path) -> None:
    measure(run, config=replace(CONFIG, keep_accuracy=0.9, edge_images=2))
    assert validate(run, list_tables()) == []
    edges = read_frame(run, "edge_faithfulness")
    assert set(edges["layer"]) <= {"second", "third"} and set(edges["n_images"]) == {2}
    assert read_frame(run, "attribution_graph_edges")["edge_effect"].notna().any()
    smallest = read_frame(run, "sufficient_graphs")
    assert set(zip(smallest["class_id"], smallest["selection"], strict=True)) == {(2, "pagerank"), (2, "effect")}
    whole = read_frame(run)
    whole = whole[(whole["n_channels"] == 0) & (whole["selection"] == "effect")].set_index("class_id")["accuracy"]
    kept = smallest[smallest["selection"] == "effect"].set_index("class_id")["accuracy"]
    assert set(whole[whole == 0].index) == {0, 1}, "these have no accuracy to keep, and no row"
    assert (kept >= 0.9 * whole[kept.index] - 1e-6).all()
    measure(run, config=replace(CONFIG, edge_images=0))
    assert not (run / "edge_faithfulness.parquet").exists() and not (run / "sufficient_graphs.parquet").exists()


def test_one_order_of_channels_may_be_measured_alone(run: Path) -> None:
    report = measure(run, config=replace(CONFIG, selections=("effect",)), class_ids=(1, 1))
    assert (report.n_measured, report.n_averaged, report.selection) == (1, 1, "effect")
    assert set(report.accuracies) == {"untouched", "remove", "random", "keep"}
    assert set(read_frame(run)["selection"]) == {"effect"}


def test_an_interrupted_measurement_goes_on(
    run: Path, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Path(shutil.copytree(made, tmp_path / "whole"))
    measure(whole)
    calls, run_trials = [0], Prover.run_trials

    def stop_at_the_third(prover: Prover, *arguments: object) -> object:
        calls[0] += 1
        if calls[0] == 3:
            raise KeyboardInterrupt
        return run_trials(prover, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Prover, "run_trials", stop_at_the_third)
    before = json.dumps(read_manifest(run))
    with pytest.raises(KeyboardInterrupt):
        measure(run)
    assert json.dumps(read_manifest(run)) == before
    assert not (run / "faithfulness.parquet").exists()
    measure(run)
    assert calls[0] == 4, "two classes before the interruption, one after"
    pd.testing.assert_frame_equal(read_frame(run), read_frame(whole))


def name_tables(run: Path) -> list[str]:
    return sorted(path.name for path in run.glob("*.parquet"))


@pytest.mark.parametrize("n_written", (2, 5))
def test_ended_between_two_tables_all_stay_as_they_were_and_are_written_again(
    run: Path, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n_written: int
) -> None:
    config = replace(CONFIG, single=True, keep_accuracy=0.9)
    whole = Path(shutil.copytree(made, tmp_path / "whole"))
    for class_ids in ((1,), (0, 2)):
        measure(whole, config=config, class_ids=class_ids)
    measure(run, config=config, class_ids=(1,))
    before = {path.name: path.read_bytes() for path in run.glob("*.parquet")}
    n_left = [n_written]

    def write_some(folder: Path, name: str, columns: Mapping[str, object], name_file: NameFile) -> None:
        n_left[0] -= 1
        if n_left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        write_table(folder, name, columns, name_file)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        for module in (graph_tables, measuring_command):
            patched.setattr(module, "write_table", write_some)
        with pytest.raises(OSError, match="No space left"):
            measure(run, config=config, class_ids=(0, 2))
    assert {path.name: path.read_bytes() for path in run.glob("*.parquet")} == before and not list(run.glob(".*.tmp"))
    measure(run, config=config, class_ids=(0, 2))
    assert name_tables(run) == name_tables(whole) and not (run / "parts" / "faithfulness").exists()
    for name in name_tables(run):
        assert (run / name).read_bytes() == (whole / name).read_bytes(), name


def test_ended_with_other_settings_their_rows_do_not_pass_for_those_of_the_former_ones(
    run: Path, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Path(shutil.copytree(made, tmp_path / "whole"))
    measure(whole)
    measure(run)

    def end_before_the_manifest(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Parts, "remove", end_before_the_manifest)
        patched.setattr(measuring_command, "asdict", end_before_the_manifest)
        patched.setattr(measuring_command, "_compute_fingerprint", lambda config, manifest: config.replacement)
        with pytest.raises(KeyboardInterrupt):
            measure(run, config=replace(CONFIG, replacement="zero"))
    assert measure(run).n_measured == 3
    pd.testing.assert_frame_equal(read_frame(run), read_frame(whole))


def test_work_on_classes_that_are_not_asked_for_again_stays(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def end_before_the_tables(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(measuring_command, "_write_tables", end_before_the_tables)
        with pytest.raises(KeyboardInterrupt):
            measure(run)
    assert measure(run, class_ids=(1,)).n_measured == 1
    monkeypatch.setattr(Prover, "run_trials", None)
    assert measure(run).n_measured == 2, "what was measured before is written"
    assert not (run / "parts" / "faithfulness").exists()


def test_other_settings_do_not_take_classes_away(run: Path) -> None:
    measure(run)
    with pytest.raises(InputError, match="proven with the same settings"):
        measure(run, class_ids=(0,), config=replace(CONFIG, replacement="zero"))
    assert measure(run, config=replace(CONFIG, replacement="zero")).n_measured == 3
    assert read_manifest(run)["faithfulness"]["replacement"] == "zero"


def test_what_cannot_be_proven_is_refused(run: Path) -> None:
    with pytest.raises(InputError, match="The run has none of this id"):
        measure(run, class_ids=(9,))
    (run / "attribution_graphs.parquet").unlink()
    with pytest.raises(InputError, match="has no attribution_graphs"):
        measure(run)


def test_images_that_are_gone_are_named(run: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        measure(run, images=str(tmp_path / "nowhere"))
    assert "nowhere does not exist" in caught.value.found
    assert not (run / "faithfulness.parquet").exists()


def test_images_with_another_content_are_refused(run: Path, tmp_path: Path) -> None:
    photos = Path(read_manifest(run)["dataset"]["source"])
    copied = Path(shutil.copytree(photos, tmp_path / "copied"))
    assert measure(run, images=str(copied), class_ids=(2,)).n_measured == 1, "times may differ"
    rows = read_table(run, "images").to_pydict()
    write_table(run, "images", rows | {"true_probability": [1 - p for p in rows["true_probability"]]})
    with pytest.raises(InputError, match="has another content by now"):
        measure(run)
    assert set(read_frame(run)["class_id"]) == {2}


def test_an_image_that_only_the_means_rest_on_is_checked_too(run: Path) -> None:
    rows = read_table(run, "images").to_pydict()
    others = [p if c == 0 else 1 - p for c, p in zip(rows["class_id"], rows["true_probability"], strict=True)]
    write_table(run, "images", rows | {"true_probability": others})
    with pytest.raises(InputError, match="has another content by now"):
        measure(run, class_ids=(0,))
    assert not (run / "faithfulness.parquet").exists()


def test_a_model_that_has_changed_is_refused_before_any_trial(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where only its answers tell it: code may read a file that no hash covers."""
    run_trials, n_trials = Prover.run_trials, [0]

    def stop_at_the_second(prover: Prover, *arguments: object) -> object:
        n_trials[0] += 1
        if n_trials[0] == 2:
            raise KeyboardInterrupt
        return run_trials(prover, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Prover, "run_trials", stop_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        measure(run)
    record = AblatedModel.record

    def answer_otherwise(model: AblatedModel, images: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        logits, values = record(model, images)
        return logits + torch.tensor([0.0, 0.0, 9.0]), values

    monkeypatch.setattr(AblatedModel, "record", answer_otherwise)
    with pytest.raises(InputError, match="or the model has changed"):
        measure(run)
    assert n_trials[0] == 2
    manifest = read_manifest(run)
    manifest["model"]["parameters_sha256"] = "0"
    write_manifest(run, manifest)
    with pytest.raises(InputError, match="another one by now"):
        measure(run)
    assert n_trials[0] == 2


@pytest.mark.parametrize(("room", "are_together"), [(3, True), (2, False)])
def test_out_of_memory_fewer_images_or_trials_run_together_and_the_tables_are_the_same(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int, are_together: bool
) -> None:
    """A device runs images together and halves them; for a single image there it halves the trials."""
    disturbed = Path(shutil.copytree(run, tmp_path / "disturbed"))
    config = replace(CONFIG, edge_images=1, single=True, keep_accuracy=0.9)
    measure(run, config=config)
    if are_together:
        monkeypatch.setattr(Parallel, "count_images_each", lambda self, n_images: max(1, n_images))
    running = [(AblatedModel, name) for name in ("record", "replace_in_all")]
    by_layer = [(AblatedModel, name) for name in ("replace_in_one", "read_above")]
    device, others = fill_device(monkeypatch, room, running), fill_device(monkeypatch, room, by_layer, place=2)
    assert measure(disturbed, config=config).n_measured == 3
    assert device.n_refused and (others.n_refused or are_together) and max(device.largest, others.largest) <= room
    assert validate(disturbed, list_tables()) == []
    names = ("faithfulness", "edge_faithfulness", "sufficient_graphs", "single_channels", "attribution_graph_nodes")
    for name in names:
        pd.testing.assert_frame_equal(read_frame(disturbed, name), read_frame(run, name), atol=1e-5, rtol=1e-4)


def test_a_device_without_numbers_of_64_bits_is_one_message_and_nothing_is_written(run: Path) -> None:
    before = sorted(path.name for path in run.iterdir())
    with pytest.raises(InputError, match=r"The proof adds .* 64 bits\. The device mps has none"):
        measure(run, device=torch.device("mps"))
    assert sorted(path.name for path in run.iterdir()) == before
