"""A class without a graph: the reason, and the step that helps, in files and on the page alike."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from precompute.contract.errors import InputError
from precompute.contract.schema import read_manifest, read_table, write_manifest
from precompute.contract.writing import write_table
from summit_dash.export.subject import read_subject
from summit_dash.payloads.keys import build_payload
from summit_dash.run.store import RunStore

CLASS = 2


@pytest.fixture
def run(run_path: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(run_path, tmp_path / "run"))


def remove_graph(run: Path) -> None:
    """Removes one class from the tables of graphs."""
    for name in ("attribution_graph_nodes", "attribution_graph_edges"):
        rows = read_table(run, name)
        write_table(run, name, rows.filter([c != CLASS for c in rows["class_id"].to_pylist()]).to_pydict())


def remove_images(run: Path) -> None:
    remove_graph(run)
    columns = read_table(run, "classes").to_pydict()
    columns["n_images"][CLASS] = 0
    write_table(run, "classes", columns)


def remove_outliers(run: Path) -> None:
    remove_graph(run)
    change_manifest(run, config={"aggregate": {"exclude_outliers": True}})


def mark_imported(run: Path) -> None:
    remove_graph(run)
    change_manifest(run, imported={"source": "elsewhere"})


def change_manifest(run: Path, **values: Any) -> None:
    write_manifest(run, {**read_manifest(run), **values})


@pytest.mark.parametrize(
    ("change", "found", "fix"),
    [
        (remove_images, "None of the images of ", "--overwrite"),
        (remove_outliers, "No channel but outliers", "--outlier-fraction"),
        (remove_graph, "No recorded channel is excited by the 200 images", "--layers"),
        (mark_imported, "The imported data holds none", "another class"),
    ],
)
def test_the_reason_and_what_helps(run: Path, change: Any, found: str, fix: str) -> None:
    change(run)
    store = RunStore(run)

    with pytest.raises(InputError) as problem:
        read_subject(store, CLASS)
    payload = build_payload(store, f"class/{CLASS}")

    assert found in problem.value.found and fix in problem.value.fix
    assert "--stages" not in problem.value.fix
    assert payload is not None and payload["nodes"]["layer"] == []
    assert payload["missing"] == {name: getattr(problem.value, name) for name in ("rule", "found", "fix")}
    json.dumps(payload, allow_nan=False)


def test_a_class_with_a_graph_misses_nothing(store: RunStore) -> None:
    assert "missing" not in (build_payload(store, f"class/{CLASS}") or {})
