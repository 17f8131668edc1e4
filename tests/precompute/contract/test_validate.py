"""The check of a whole run: silent about a sound one, and in words about its manifest and its missing tables."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from precompute.contract.errors import InputError
from precompute.contract.schema import SCHEMA_VERSION, locate_table, write_manifest
from precompute.contract.tables import TABLES
from precompute.contract.validate import OTHER_STAGES
from precompute.contract.validate import validate as find_faults
from tests.support.sound_run import LAYERS, MANIFEST, describe_findings, write_sound_run
from tests.support.validation import validate

OPTIONAL = ("example_images", "edge_faithfulness", "single_channels", "sufficient_graphs")
"""Tables that a finished stage may have no rows for."""


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_sound_run(tmp_path)


def test_a_sound_run_has_no_findings(run: Path) -> None:
    assert validate(run) == []


def test_tables_of_stages_that_are_not_done_may_be_missing(run: Path) -> None:
    write_manifest(run, {**MANIFEST, "stages": {"aggregate": {"state": "running", "seconds": 0.0}}, "prototypes": None})
    for name in TABLES:
        if name != "classes":
            locate_table(run, name).unlink()

    assert validate(run) == []


def test_layers_of_the_manifest_may_be_objects(run: Path) -> None:
    write_manifest(run, {**MANIFEST, "layers": [{"layer": name, "n_channels": 1} for name in LAYERS]})

    assert validate(run) == []


@pytest.mark.parametrize("name", [name for name in TABLES if name not in OPTIONAL])
def test_a_missing_table_of_a_finished_stage(run: Path, name: str) -> None:
    locate_table(run, name).unlink()

    assert f"{name} | The stage" in describe_findings(validate(run))


def test_a_caller_names_the_tables_of_its_own_stages(run: Path) -> None:
    stages = {"layout": {"state": "done", "seconds": 1.0}, "graphs": {"state": "done", "seconds": 1.0}}
    write_manifest(run, {**MANIFEST, "stages": stages})
    locate_table(run, "embeddings").unlink()

    assert validate(run) == []
    (finding,) = find_faults(run, {"layout": ("embeddings",)})
    assert finding.rule.startswith("The stage layout is done, so it is there: ")
    assert finding.found == "embeddings.parquet is missing."


def test_every_table_of_a_stage_is_one_of_the_contract() -> None:
    assert {name for names in OTHER_STAGES.values() for name in names} <= set(TABLES)


# --- manifest -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("layers", [], r"layers lists the names"),
        ("layers", ["stem", "stem"], r"each once.*\['stem', 'stem'\]"),
        ("layers", 3, r"layers lists the names.*Found 3"),
        ("stages", [], r"stages is an object"),
        ("stages", {"aggregate": "done"}, r"Every stage has a state.*aggregate: done"),
        ("dataset", {"n_images": 3}, r"at most as many rows.*has 4 rows, stated are 3"),
        ("dataset", None, r"dataset is an object.*null"),
        ("model", {"output_activation": "argmax"}, r"output_activation is null or one of softmax, .*Found argmax"),
    ],
)
def test_a_manifest_with_impossible_content(run: Path, key: str, value: object, message: str) -> None:

    write_manifest(run, {**MANIFEST, key: value})

    assert re.search(message, describe_findings(validate(run)))


@pytest.mark.parametrize("key", ["created", "model", "dataset", "layers", "stages"])
def test_a_manifest_without_a_key(run: Path, key: str) -> None:
    write_manifest(run, {k: v for k, v in MANIFEST.items() if k != key})

    assert f"{key} is missing." in describe_findings(validate(run))


def test_a_run_of_a_newer_schema_cannot_be_judged(run: Path) -> None:
    (run / "manifest.json").write_text(json.dumps({**MANIFEST, "schema_version": SCHEMA_VERSION + 1}))

    with pytest.raises(InputError, match=r"has version 2.*[Uu]pgrade"):
        validate(run)


@pytest.mark.parametrize("text", [None, "{", "[]"])
def test_a_folder_that_is_no_run(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "manifest.json").write_text(text)

    with pytest.raises(InputError, match=r"manifest\.json"):
        validate(tmp_path)


def test_validation_needs_no_torch() -> None:
    code = "import sys, precompute.contract.validate; sys.exit('torch' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
