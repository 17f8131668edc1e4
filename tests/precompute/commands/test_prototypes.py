"""`summit-dash prototypes`: its report on probabilities, and on classes and methods that were left out."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from precompute.commands.prototypes import PrototypeOptions, _print_report, run_prototypes
from precompute.contract.errors import InputError
from precompute.feature_visualization.prototypes.draw_prototypes import PrototypeReport


def print_report(report: PrototypeReport) -> list[str]:
    """Returns the lines that the command prints, without colours."""
    console = Console(width=200)
    with console.capture() as captured:
        _print_report(report, console)
    return captured.get().splitlines()


def test_probabilities_are_summed_up_by_method() -> None:
    reached = {("code-space", n): math.log(p) for n, p in enumerate((0.5, 0.95, 0.99))}
    lines = print_report(PrototypeReport(4, 2, {**reached, ("picture-space", 0): math.log(0.9)}, (), False))
    assert lines == [
        "Drew 4 prototypes; 2 were there.",
        "code-space: 2 of 3 reach p(class) of 0.9; lowest 0.50, median 0.95.",
        "picture-space: 1 of 1 reach p(class) of 0.9; lowest 0.90, median 0.90.",
    ]


def test_classes_without_outputs_and_a_missing_generator_are_said() -> None:
    lines = print_report(PrototypeReport(0, 0, {}, (3, 7), True))
    assert lines[1] == "None for 2 classes that no output of the model means."
    assert "--generator FILE.py:CALLABLE" in lines[2]


@pytest.mark.parametrize("option", ["steps", "batch_size"])
def test_a_number_below_one_is_refused_before_the_run_is_read(option: str) -> None:
    options = replace(PrototypeOptions(Path("no run")), **{option: 0})
    with pytest.raises(InputError, match="is at least 1"):
        run_prototypes(options, None)
