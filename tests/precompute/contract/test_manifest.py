"""A run's manifest as it grows: what is continued, what is refused, what is replaced and what is left alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from precompute.contract.errors import InputError
from precompute.contract.manifest import (
    build_note,
    clear,
    open_manifest,
    read_library_versions,
    remove_if_empty,
    remove_leftovers,
    replace_run,
    require_replaceable,
)
from precompute.contract.schema import MANIFEST, read_manifest, write_manifest

IDENTITY: dict[str, Any] = {
    "config": {"top_k": 5, "layers": ("stem", "head")},
    "dataset": {"fingerprint": "a"},
    "model": {"weights_sha256": "b"},
}
STAGES = ("aggregate", "graphs")


def list_files(folder: Path) -> set[str]:
    """Returns the paths of all files under a folder."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def change(**sections: Any) -> dict[str, Any]:
    """Returns the identity with other sections."""
    return {**IDENTITY, **sections}


def test_a_new_run_has_all_stages_pending(tmp_path: Path) -> None:
    run = tmp_path / "deep" / "run"

    manifest = open_manifest(run, {"identity": IDENTITY, "model": {"name": "toy"}}, STAGES, overwrite=False)

    assert manifest["stages"] == {name: {"state": "pending", "seconds": None} for name in STAGES}
    assert read_manifest(run)["model"] == {"name": "toy"}
    assert {"python", "numpy", "pyarrow"} <= set(manifest["versions"])


def test_the_same_run_is_continued_with_its_states_and_tables(tmp_path: Path) -> None:
    contents = {"identity": IDENTITY}
    manifest = open_manifest(tmp_path, contents, STAGES, overwrite=False)
    manifest["stages"]["aggregate"] = {"state": "done", "seconds": 2.5}
    write_manifest(tmp_path, manifest)
    (tmp_path / "classes.parquet").touch()
    (tmp_path / ".graphs.parquet.1.tmp").touch()

    again = open_manifest(tmp_path, contents, STAGES, overwrite=True)

    assert again["stages"]["aggregate"] == {"state": "done", "seconds": 2.5}
    assert list_files(tmp_path) == {MANIFEST, "classes.parquet"}


def test_another_run_is_replaced_when_asked_and_other_files_stay(tmp_path: Path) -> None:
    open_manifest(tmp_path, {"identity": IDENTITY}, STAGES, overwrite=False)
    (tmp_path / "parts").mkdir()
    for name in ("classes.parquet", "parts/unit.npz", "labels.json"):
        (tmp_path / name).touch()

    open_manifest(tmp_path, {"identity": change(model={"weights_sha256": "c"})}, STAGES, overwrite=True)

    assert list_files(tmp_path) == {MANIFEST, "labels.json"}


@pytest.mark.parametrize(
    ("identity", "message"),
    [
        (change(config={"top_k": 3, "layers": ("stem", "head")}), "another run: config.top_k is 5, asked for 3"),
        (
            change(config={"layers": ("stem",), "top_k": 5}),
            r"config.layers is \['stem', 'head'\], asked for",
        ),
        (change(config={"top_k": 5, "layers": ("stem", "head"), "new": 1}), "config.new is None, asked for 1"),
        (change(model={"weights_sha256": "c"}), "the file of weights is another"),
        (change(dataset={"fingerprint": "c"}), "the images are others"),
        (change(dataset={"fingerprint": "c"}, model={}), "the images are others.*; the file of weights is another"),
        (change(config={"top_k": "x" * 99, "layers": ("stem", "head")}), f"asked for {'x' * 57}" + r"\.\.\."),
    ],
    ids=["setting", "list", "new setting", "weights", "images", "two of them", "long value"],
)
def test_another_run_is_refused_with_each_difference(tmp_path: Path, identity: dict[str, Any], message: str) -> None:
    write_manifest(tmp_path, {"identity": IDENTITY})

    with pytest.raises(InputError, match=message):
        require_replaceable(tmp_path, identity, overwrite=False)
    assert not require_replaceable(tmp_path, identity, overwrite=True)


def test_lists_and_tuples_are_one_identity(tmp_path: Path) -> None:
    """JSON has no tuples: what was a tuple is a list when the manifest is read again."""
    write_manifest(tmp_path, {"identity": change(config={"sizes": ((1, 2), (3,))})})

    assert require_replaceable(tmp_path, change(config={"sizes": ((1, 2), (3,))}), overwrite=False)


def test_a_folder_of_other_files_is_refused_and_hidden_files_are_no_content(tmp_path: Path) -> None:
    assert not require_replaceable(tmp_path / "missing", IDENTITY, overwrite=False)
    (tmp_path / ".lock").touch()
    assert not require_replaceable(tmp_path, IDENTITY, overwrite=False)
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(InputError, match="is not empty and holds no run"):
        require_replaceable(tmp_path, IDENTITY, overwrite=True)


def test_clearing_removes_a_runs_own_files_alone(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").touch()
    clear(tmp_path)
    assert list_files(tmp_path) == {"a.parquet"}, "a folder without a manifest is no run"

    write_manifest(tmp_path, {})
    (tmp_path / "notes.txt").touch()
    clear(tmp_path)
    assert list_files(tmp_path) == {"notes.txt"}


def test_leftovers_of_a_killed_process_go_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "parts" / "aggregate").mkdir(parents=True)
    left = {".influences.parquet.77.tmp", f".{MANIFEST}.77.tmp", "parts/aggregate/.3.npz.77.tmp"}
    kept = {"influences.parquet", "parts/aggregate/3.npz", ".lock", ".labels.json.77.tmp"}
    for name in left | kept:
        (tmp_path / name).touch()

    remove_leftovers(tmp_path)

    assert list_files(tmp_path) == kept


def test_a_finished_run_takes_the_place_of_another(tmp_path: Path) -> None:
    run, staging = tmp_path / "run", tmp_path / "staging"
    for folder, names in ((run, ("classes", "images")), (staging, ("classes", "layers"))):
        folder.mkdir()
        for name in names:
            (folder / f"{name}.parquet").write_text(folder.name)
    (run / "labels.json").touch()
    manifest = {"stages": {"import": {"state": "done", "seconds": 1.0}}}

    replace_run(run, staging, manifest)

    assert list_files(run) == {MANIFEST, "classes.parquet", "layers.parquet", "labels.json"}
    assert (run / "classes.parquet").read_text() == "staging"
    assert read_manifest(run)["stages"] == manifest["stages"]


def test_an_interrupted_replacement_is_pending(tmp_path: Path) -> None:
    """A folder takes the place of a table, so that the first removal fails, after the manifest was written."""
    (tmp_path / "a.parquet").mkdir()

    with pytest.raises(OSError):
        replace_run(tmp_path, tmp_path / "staging", {"stages": {"import": {"state": "done", "seconds": 1.0}}})

    assert read_manifest(tmp_path)["stages"] == {"import": {"state": "pending", "seconds": None}}


def test_facts_are_noted_under_their_key_and_the_rest_stays(tmp_path: Path) -> None:
    manifest: dict[str, Any] = {"created": "now"}
    note = build_note(tmp_path, manifest, "prototypes")

    note({"n_prototypes": 1})
    note({"n_prototypes": 2})

    assert manifest["prototypes"] == {"n_prototypes": 2}
    assert read_manifest(tmp_path)["created"] == "now" and read_manifest(tmp_path)["prototypes"] == {"n_prototypes": 2}


def test_only_an_empty_folder_is_removed(tmp_path: Path) -> None:
    full, empty = tmp_path / "full", tmp_path / "empty"
    full.mkdir()
    empty.mkdir()
    (full / "file").touch()

    for folder in (full, empty, tmp_path / "missing"):
        remove_if_empty(folder)

    assert full.is_dir() and not empty.exists()


def test_versions_name_python_and_what_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("precompute.contract.manifest._LIBRARIES", ("numpy", "no-such-library"))

    assert list(read_library_versions()) == ["python", "numpy"]
