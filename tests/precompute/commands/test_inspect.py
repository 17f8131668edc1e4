"""`summit-dash inspect`: the layers that would be recorded, and whether the links between them are true."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from precompute.commands.inspect import InspectOptions, run_inspect
from precompute.contract.errors import InputError
from tests.support.small import write_small


@pytest.fixture
def options(tmp_path: Path) -> InspectOptions:
    """The options for the small model, whose channels are 8, 12 and 16."""
    write_small(tmp_path)
    return InspectOptions(f"{tmp_path}/model.py:build", preprocess=f"{tmp_path}/input.toml")


def inspect_model(options: InspectOptions) -> list[str]:
    """Returns the lines that the command prints."""
    file = io.StringIO()
    run_inspect(options, Console(file=file, width=200))
    return file.getvalue().splitlines()


def test_layers_are_listed_in_order_with_channels_size_and_sources(options: InspectOptions) -> None:
    lines = inspect_model(options)
    assert lines[0].endswith("input 3 x 24 x 24 (channels x height x width)")
    rows = [line.split() for line in lines if line.startswith(("first", "second", "third"))]
    assert [(row[0], row[2], row[3], row[4]) for row in rows] == [
        ("first", "8", "24", "24"),
        ("second", "12", "12", "12"),
        ("third", "16", "12", "12"),
    ]
    assert rows[1][-1] == "first" and rows[2][-1] == "second"
    assert "Output layer: head, 3 outputs" in lines


def test_the_check_changes_channels_and_counts_what_it_saw(options: InspectOptions) -> None:
    text = " ".join(inspect_model(replace(options, check=True)))
    assert "Checked: " in text and "interventions on 2 traced links" in text


def test_an_input_without_a_fixed_size_needs_one(options: InspectOptions, tmp_path: Path) -> None:
    path = tmp_path / "input.toml"
    path.write_text(path.read_text().replace("crop = 24", "crop = 0"))
    with pytest.raises(InputError, match="crop = 0"):
        inspect_model(options)
    assert "input 3 x 20 x 20" in inspect_model(replace(options, input_size=20))[0]
