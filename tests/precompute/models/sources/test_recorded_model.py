"""A run's model with its recorded layers, opened from the run."""

from __future__ import annotations

from pathlib import Path

import pytest

from precompute.contract.errors import InputError
from precompute.contract.schema import read_manifest
from precompute.models.sources.recorded_model import open_recorded_model


def test_the_layers_are_those_of_the_run_in_its_order(small_run: Path) -> None:
    manifest = read_manifest(small_run)

    opened = open_recorded_model(manifest)

    assert [layer.name for layer in opened.layers] == list(manifest["layers"])
    assert list(opened.exported.input_size) == manifest["model"]["input_size"]


def test_an_imported_run_has_no_model(small_run: Path) -> None:
    with pytest.raises(InputError, match="import"):
        open_recorded_model({**read_manifest(small_run), "imported": {}})
