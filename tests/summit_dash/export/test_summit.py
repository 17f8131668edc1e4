"""Summit's files of a run: whole or not at all, and the same run when imported again."""

from __future__ import annotations

from pathlib import Path

import pytest

from precompute.contract.errors import InputError
from precompute.contract.progress import SilentProgress
from precompute.contract.schema import locate_table, read_manifest, read_table
from precompute.contract.writing import write_table
from precompute.import_summit.importing import ImportRequest, import_summit
from summit_dash.export import summit
from summit_dash.export.summit import APP_LAYERS, list_app_limits, select_classes, write_summit
from summit_dash.run.store import RunStore
from tests.support.far_edges import SMALL, add_far_edge
from tests.support.synthetic_run import SyntheticRun, write_synthetic_run
from tests.support.validation import validate


def import_again(store: RunStore, folder: Path) -> RunStore:
    """Exports a run, imports the files, and returns the imported run."""
    write_summit(store, folder / "files", SilentProgress())
    import_summit(ImportRequest(folder / "files", folder / "again"))
    assert validate(folder / "again") == []
    return RunStore(folder / "again")


def require_same(again: RunStore, store: RunStore) -> None:
    """Compares classes, layers, counts, embeddings and graphs."""
    assert again.classes == store.classes, "names, synsets, groups, accuracies, histograms"
    assert again.layers == store.layers
    for layer in store.layers:
        assert (again.read_counts(layer) == store.read_counts(layer)).all()
        assert again.read_embedding(layer) == store.read_embedding(layer)
    for class_id in store.classes:
        assert again.graph(class_id).nodes == store.graph(class_id).nodes
        edges = [(e.source, e.target, e.influence_count) for e in again.graph(class_id).edges]
        assert edges == [(e.source, e.target, e.influence_count) for e in store.graph(class_id).edges]


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return write_synthetic_run(tmp_path / "small", SMALL)


def test_the_files_of_a_run_imported_again_are_the_same_run(synthetic_run: Path, tmp_path: Path) -> None:
    store = RunStore(synthetic_run)
    again = import_again(store, tmp_path)
    require_same(again, store)
    assert (again.model_name, again.dataset_name) == ("SyntheticNet", "Drawn textures")
    assert not any("not told for" in gap or "differ" in gap for gap in read_manifest(again.path)["imported"]["gaps"])
    n_pictures = [read_table(run.path, "feature_visualizations").num_rows for run in (store, again)]
    assert n_pictures[0] == n_pictures[1]


def test_a_run_without_accuracies_and_with_edges_that_skip_a_layer_comes_back_too(tmp_path: Path) -> None:
    options = SyntheticRun(n_classes=4, layers=SMALL.layers, n_images=20, labels_are_outputs=False)
    run = write_synthetic_run(tmp_path / "run", options)
    add_far_edge(run)
    store = RunStore(run)
    again = import_again(store, tmp_path)
    require_same(again, store)
    assert any(edge.source.layer == "a" and edge.target.layer == "c" for edge in again.graph(0).edges)


def test_some_classes_alone_are_written(small: Path, tmp_path: Path) -> None:
    store = RunStore(small, only={1, 3})
    require_same(import_again(store, tmp_path), store)
    assert sorted(path.name for path in (tmp_path / "files/data/ag").iterdir()) == ["ag-1.json", "ag-3.json"]


def test_what_was_written_is_counted(small: Path, tmp_path: Path) -> None:
    written = write_summit(RunStore(small), tmp_path / "files", SilentProgress())
    files = [path for path in (tmp_path / "files").rglob("*") if path.is_file()]
    assert written.n_classes == 4
    assert written.n_pictures == sum(path.suffix == ".jpg" for path in files) > 0
    assert written.n_bytes == sum(path.stat().st_size for path in files)


def test_an_export_is_replaced_only_when_told_to_and_nothing_else_ever(small: Path, tmp_path: Path) -> None:
    store, out = RunStore(small), tmp_path / "files"
    write_summit(store, out, SilentProgress())
    with pytest.raises(InputError, match="not replaced"):
        write_summit(store, out, SilentProgress())
    (out / "old.txt").touch()
    write_summit(store, out, SilentProgress(), overwrite=True)
    assert [path.name for path in out.iterdir()] == ["data"]
    with pytest.raises(InputError, match="no earlier export"):
        write_summit(store, small, SilentProgress(), overwrite=True)


def test_an_interruption_leaves_nothing_or_the_export_before(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    store, out = RunStore(small), tmp_path / "here" / "files"
    with monkeypatch.context() as patched:
        patched.setattr(summit, "list_pictures", interrupt)
        with pytest.raises(KeyboardInterrupt):
            write_summit(store, out, SilentProgress())
    assert list(out.parent.iterdir()) == []
    write_summit(store, out, SilentProgress())
    with monkeypatch.context() as patched:
        patched.setattr(summit, "list_pictures", interrupt)
        with pytest.raises(KeyboardInterrupt):
            write_summit(store, out, SilentProgress(), overwrite=True)
    assert (out / "data/ag/ag-3.json").is_file()


@pytest.mark.parametrize(
    ("table", "stage"),
    [("activations", "aggregate"), ("embeddings", "embedding"), ("attribution_graph_nodes", "graphs")],
)
def test_a_run_that_lacks_what_the_app_needs_is_refused(small: Path, table: str, stage: str) -> None:
    locate_table(small, table).unlink()
    with pytest.raises(InputError, match=f"Run the stage {stage}"):
        select_classes(RunStore(small))


def test_classes_without_images_or_graph_are_left_out(small: Path) -> None:
    for name, change in (("classes", {0: "n_images"}), ("attribution_graph_nodes", {})):
        rows = read_table(small, name).to_pylist()
        for class_id, column in change.items():
            rows[class_id][column] = 0
        kept = [row for row in rows if change or row["class_id"] != 2]
        write_table(small, name, {column: [row[column] for row in kept] for column in kept[0]})
    assert select_classes(RunStore(small)) == [1, 3]
    with pytest.raises(InputError, match="with an attribution graph"):
        select_classes(RunStore(small, only={0, 2}))


def test_the_limits_of_the_app_are_told_for_every_run_but_one_like_summits(tmp_path: Path) -> None:
    layers = tuple(APP_LAYERS.items())
    likes = write_synthetic_run(tmp_path / "likes", SyntheticRun(n_classes=3, layers=layers, n_images=2))
    assert list_app_limits(RunStore(likes)) == []
    wide = (*layers[:2], ("mixed4a", 512), *layers[3:])
    other = write_synthetic_run(tmp_path / "other", SyntheticRun(n_classes=2, layers=wide, n_images=2))
    assert [limit.split(",")[0] for limit in list_app_limits(RunStore(other))] == [
        "Its source says that mixed4a has 508 channels",
        "It opens with the class white_wolf",
    ]
