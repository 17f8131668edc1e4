"""Tables of the interface are those that pandas reads from the Parquet files; the rest leads to the right class."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go
import pytest

from precompute.contract.errors import InputError
from summit_dash import Run, open_run
from summit_dash.figures.embedding import build_embedding_figure
from summit_dash.run.store import RunStore


def read_plainly(run: Run, table: str) -> pd.DataFrame:
    """Reads a file without the interface; categories become text."""
    frame = pd.read_parquet(run.path / f"{table}.parquet")
    return frame.astype({name: "str" for name, kind in frame.dtypes.items() if kind == "category"})


def spell_out(frame: pd.DataFrame) -> pd.DataFrame:
    """Returns a table of the interface with layers as text."""
    return frame.astype({name: "str" for name, kind in frame.dtypes.items() if kind == "category"})


def test_classes_are_the_table(run: Run) -> None:
    expected = read_plainly(run, "classes").set_index("class_id")
    pd.testing.assert_frame_equal(run.classes, expected)
    assert run.classes.index.is_unique and run.classes.shape == (12, 7)


def test_layers_are_the_table_in_order_from_the_input(run: Run) -> None:
    expected = read_plainly(run, "layers").sort_values("layer_index")
    pd.testing.assert_frame_equal(spell_out(run.layers.reset_index()), expected.reset_index(drop=True))
    assert list(run.layers["layer_index"]) == list(range(len(run.layers)))


def test_channels_of_all_layers_are_the_table(run: Run) -> None:
    plain = read_plainly(run, "channels")
    for layer in run.layers.index:
        expected = plain[plain["layer"] == layer].drop(columns="layer").set_index("channel")
        pd.testing.assert_frame_equal(run.channels(layer), expected)
        assert len(expected) == run.layers.loc[layer, "n_channels"]


def test_activations_of_all_layers_are_the_table(run: Run) -> None:
    plain = read_plainly(run, "activations")
    for layer in run.layers.index:
        expected = plain[plain["layer"] == layer].drop(columns="layer").sort_values(["class_id", "channel"])
        pd.testing.assert_frame_equal(run.activations(layer), expected.reset_index(drop=True))


def test_activations_pivot_to_the_matrix_that_the_dashboard_uses(run: Run) -> None:
    layer = str(run.layers.index[-1])
    matrix = run.activations(layer).pivot(index="class_id", columns="channel", values="activation_count")
    assert (matrix.to_numpy() == run.store.read_counts(layer)).all()


def test_influences_of_a_class_are_the_rows_of_the_table(run: Run) -> None:
    plain = read_plainly(run, "influences")
    found = run.influences("white wolf")
    keys = [*found.columns[:4]]
    expected = plain[plain["class_id"] == 2].drop(columns="class_id")
    assert len(found) > 100
    pd.testing.assert_frame_equal(
        spell_out(found).sort_values(keys, ignore_index=True), expected.sort_values(keys, ignore_index=True)
    )


def test_layers_sort_by_depth_in_every_table(run: Run) -> None:
    depth = dict(zip(run.layers.index, run.layers["layer_index"], strict=True))
    targets = run.influences(2)["target_layer"]
    assert targets.cat.codes.is_monotonic_increasing
    assert [depth[layer] for layer in targets.cat.categories] == sorted(depth.values())


def test_a_table_that_is_changed_changes_no_other(run: Run) -> None:
    changed = run.classes
    changed["n_images"] = 0
    assert (run.classes["n_images"] > 0).all()


@pytest.mark.parametrize(
    "class_", [2, "2", "#2", "white wolf", "WHITE WOLF", "white wolf, Arctic wolf, Canis lupus tundrarum"]
)
def test_a_class_is_named_as_on_the_command_line(run: Run, class_: int | str) -> None:
    assert run.find_class(class_) == run.graph(class_).class_id == 2


def test_a_number_of_numpy_is_a_class_id(run: Run) -> None:
    assert [run.find_class(each) for each in run.classes.index] == list(range(12))


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda run: run.graph("white wolv"), "Near it: white wolf"),
        (lambda run: run.graph("crane"), "2 classes are named crane"),
        (lambda run: run.graph(99), "No class is named '#99'"),
        (lambda run: run.graph(True), "whole number"),
        (lambda run: run.graph(2.0), "whole number"),
        (lambda run: run.influences("nothing like it"), "The run has 12 classes"),
        (lambda run: run.channels("conv33"), "Near it: conv3"),
        (lambda run: run.activations("zzz"), "The run has conv1"),
        (lambda run: run.picture("conv1", 100_000), "Choose one from 0"),
        (lambda run: run.picture("conv1", -1), "Choose one from 0"),
        (lambda run: run.examples("conv1", "first"), "whole number"),
        (lambda run: run.embedding("conv9"), "has no 'conv9'"),
        (lambda run: run.compare(2, "white wolf"), "two classes"),
        (lambda run: run.graph(2, covers=0), "Found 0"),
    ],
)  # fmt: skip
def test_bad_arguments_are_one_message(run: Run, ask: object, words: str) -> None:
    with pytest.raises(InputError, match=words):
        ask(run)  # type: ignore[operator]


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"manifest\.json"):
        open_run(tmp_path)


def test_a_table_whose_stage_has_not_run_is_named(run_path: Path, tmp_path: Path) -> None:
    part = Path(shutil.copytree(run_path, tmp_path / "part"))
    (part / "influences.parquet").unlink()
    with pytest.raises(InputError, match=r"has no influences\.parquet"):
        open_run(part).influences(0)
    assert len(open_run(str(part)).classes) == 12


def test_the_embedding_is_the_figure_of_the_dashboard(run: Run) -> None:
    figure = run.embedding("conv3", color="similarity", class_="white wolf", vs=3)
    expected = build_embedding_figure(run.store, "conv3", "similarity", 2, 3)
    assert isinstance(figure, go.Figure)
    assert figure.to_json() == expected.to_json()


def test_a_run_says_what_it_is(run: Run) -> None:
    assert "SyntheticNet" in repr(run) and "12 classes" in repr(run)
    assert run.manifest["model"]["name"] == "SyntheticNet"
    assert run.name and run.path.is_dir()


def test_the_proof_of_a_class_is_a_table_in_which_all_layers_come_last(proven_store: RunStore, store: RunStore) -> None:
    run = Run(proven_store.path)
    frame = run.faithfulness(0)
    assert set(frame["class_id"]) == {0} and frame["layer"].cat.categories[-1] == "all"
    assert len(run.faithfulness()) == 2 * len(frame)
    with pytest.raises(InputError, match="no such measurement"):
        Run(store.path).faithfulness()
