"""The import of Summit's published data: a valid run, nothing half-written, and no other run replaced."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from precompute.contract import manifest as manifests
from precompute.contract.errors import InputError
from precompute.contract.lock import hold_run
from precompute.contract.schema import read_manifest, write_manifest
from precompute.import_summit import importing, pictures
from precompute.import_summit.importing import ImportRequest, import_summit
from precompute.import_summit.inception import INCEPTION
from summit_dash.run.graphs import Channel
from summit_dash.run.store import RunStore
from tests.support.published import build_graphs, call_command, import_folder, read_rows
from tests.support.validation import validate


def test_the_command_makes_a_valid_run_and_says_what_it_left_out(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    assert call_command("import-summit", folder, "--labels", tmp_path / "labels.csv", "--out", out) == 0
    told = capsys.readouterr().err
    assert "2 classes, 9 nodes and 8 edges, as in the files." in told
    assert "4 of 10 attr_channels, of 2 of 9 nodes, left out" in told
    assert validate(out) == []
    assert not (out / ".lock").exists()
    assert not (out / importing._STAGING).exists()


def test_the_dashboard_reads_it_like_any_run(folder: Path) -> None:
    store = RunStore(import_folder(folder))
    assert store.layer_names[0] == "mixed3a"
    graph = store.graph(270)
    assert (len(graph.nodes), len(graph.edges)) == (6, 6)
    describe_sources = store.read_sources(270, Channel("mixed4a", 0), 5)
    assert [(e.source.channel, e.influence_count) for e in describe_sources] == [(10, 30), (479, 25), (11, 20)]
    assert {e.mean_influence for e in graph.edges} == {None}, "not told, and no 0"
    assert len(store.read_embedding("mixed3b")) == 2
    assert [e.rank for e in store.pictures.list_examples(Channel("mixed3a", 5))] == [0, 1, 2]
    assert not store.has_accuracy


def test_without_umap_principal_components_are_taken_and_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "has_umap", lambda: False)
    out = import_folder(folder)
    imported = read_manifest(out)["imported"]
    assert imported["embedding"] == "pca"
    assert any("pip install umap-learn" in gap for gap in imported["gaps"])
    assert len(read_rows(out, "embeddings")) == 2 * len(INCEPTION)


def test_it_needs_nothing_of_the_extra_precompute(folder: Path, tmp_path: Path) -> None:
    for class_id in range(20, 26):
        (folder / f"data/ag/ag-{class_id}.json").write_text(json.dumps(build_graphs()[7]))
    code = f"""
import importlib.util, sys
absent = ("torch", "torchvision", "timm", "scipy", "umap", "numba", "sklearn", "safetensors")
for name in absent:
    sys.modules[name] = None
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name in absent else find(name, package)
from summit_dash.cli import main
main(["import-summit", {str(folder)!r}, "--out", {str(tmp_path / "bare")!r}])
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    assert "by principal components" in result.stderr
    assert validate(tmp_path / "bare") == []


def test_another_run_is_kept_unless_it_may_be_replaced(folder: Path) -> None:
    out = import_folder(folder)
    before = {p.name: p.read_bytes() for p in out.iterdir()}
    assert not import_summit(ImportRequest(folder, out, folder.parent / "labels.csv")).is_new
    assert {p.name: p.read_bytes() for p in out.iterdir()} == before, "the same data: nothing to do"
    assert import_summit(ImportRequest(folder, out, folder.parent / "labels.csv", overwrite=True)).is_new
    before = {p.name: p.read_bytes() for p in out.iterdir()}
    (folder / "data/ag/ag-7.json").unlink()
    with pytest.raises(InputError, match="holds another run"):
        import_folder(folder)
    assert {p.name: p.read_bytes() for p in out.iterdir()} == before
    import_folder(folder, overwrite=True)
    assert [row[0] for row in read_rows(out, "classes")] == [270]
    assert validate(out) == []


def test_a_run_of_another_kind_leaves_no_table_behind(folder: Path) -> None:
    out = folder.parent / "run"
    (out / "parts").mkdir(parents=True)
    write_manifest(out, {"identity": {"model": {"name": "other"}}, "stages": {}})
    for name in ("images.parquet", "parts/unit.npz", "notes.txt"):
        (out / name).write_text("of the other run")
    with pytest.raises(InputError, match="holds another run"):
        import_folder(folder)
    import_folder(folder, overwrite=True)
    assert validate(out) == []
    assert not (out / "images.parquet").exists()
    assert not (out / "parts").exists()
    assert (out / "notes.txt").exists(), "not a run's own file"


def test_a_folder_that_holds_no_run_or_is_being_written_is_left_alone(folder: Path) -> None:
    out = folder.parent / "run"
    with hold_run(out), pytest.raises(InputError, match="One process at a time"):
        import_folder(folder)
    out.mkdir()
    (out / "thesis.txt").write_text("precious")
    with pytest.raises(InputError, match="holds no run"):
        import_folder(folder, overwrite=True)
    assert [p.name for p in out.iterdir()] == ["thesis.txt"]


def test_an_interruption_leaves_no_run_or_the_one_before(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(importing, "build_embeddings", lambda *a, **k: interrupt())
        with pytest.raises(KeyboardInterrupt):
            import_folder(folder)
    assert not (folder.parent / "run").exists()
    out = import_folder(folder)
    before = {p.name: p.read_bytes() for p in out.iterdir()}
    (folder / "data/ag/ag-7.json").unlink()
    with monkeypatch.context() as patched:
        patched.setattr(pictures, "encode_crop", interrupt)
        with pytest.raises(KeyboardInterrupt):
            import_folder(folder, overwrite=True)
    assert {p.name: p.read_bytes() for p in out.iterdir()} == before


def test_a_kill_while_tables_take_their_places_is_made_good_by_the_same_call(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def replace(path: Path, target: Path) -> Path:
        if path.name == "embeddings.parquet":
            raise OSError("the power is gone")
        return original(path, target)

    original = Path.replace
    with monkeypatch.context() as patched:
        patched.setattr(manifests.Path, "replace", replace)
        with pytest.raises(OSError, match="the power is gone"):
            import_folder(folder)
    out = folder.parent / "run"
    assert read_manifest(out)["stages"]["import"]["state"] == "pending"
    (out / importing._STAGING).mkdir()
    import_folder(folder)
    assert validate(out) == []
    assert sorted(p.name for p in out.iterdir() if p.name.startswith(".")) == []


def test_what_may_be_unknown_in_an_imported_run_is_a_fault_in_any_other(folder: Path) -> None:
    out = import_folder(folder)
    manifest = read_manifest(out)
    del manifest["imported"], manifest["schema_version"]
    write_manifest(out, manifest)
    found = {finding.table for finding in validate(out)}
    assert {"activations", "attribution_graphs", "dataset_examples", "feature_visualizations", "influences"} <= found


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("summit-data/data/ag/ag-270.json", "[1]", "the whole is [1], and no object"),
        ("summit-data/data/imagenet.json", "{", "imagenet.json: Expecting"),
        ("labels.csv", "class_id\n1\n", "labels.csv: it has no column class_name"),
    ],
)
def test_bad_input_ends_in_one_message_and_leaves_nothing(
    file: str, text: str, expected: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder.parent / file).write_text(text)
    out, labels = folder.parent / "run", folder.parent / "labels.csv"

    assert call_command("import-summit", folder, "--labels", labels, "--out", out) == 2

    told = capsys.readouterr().err
    assert expected in told
    assert "Traceback" not in told
    assert not out.exists()
