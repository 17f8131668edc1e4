"""Commands made of dataclasses: every option is declared once, and arrives by its name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from precompute.commands.building import build_command


@dataclass(frozen=True)
class Options:
    """Grind a mountain into pebbles."""

    mountain: Annotated[Path, typer.Argument(help="Its map.")]
    n_pebbles: Annotated[int, typer.Option(help="How many.", min=1)] = 7
    names: Annotated[list[str] | None, typer.Option("--name", help="Their names.")] = None
    polished: Annotated[bool, typer.Option(help="Rub them.")] = False


@pytest.fixture
def given() -> list[Options]:
    return []


@pytest.fixture
def app(given: list[Options]) -> typer.Typer:
    app = typer.Typer()
    app.command()(build_command(Options, given.append))
    return app


def test_defaults_are_those_of_the_dataclass(app: typer.Typer, given: list[Options]) -> None:
    assert CliRunner().invoke(app, ["alps.map"]).exit_code == 0
    assert given == [Options(Path("alps.map"))]


def test_values_arrive_by_name_and_with_their_types(app: typer.Typer, given: list[Options]) -> None:
    arguments = ["alps.map", "--polished", "--n-pebbles", "3", "--name", "a", "--name", "b"]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    assert given == [Options(Path("alps.map"), 3, ["a", "b"], True)]


def test_the_docstring_is_the_help_and_the_limits_hold(app: typer.Typer, given: list[Options]) -> None:
    runner = CliRunner()
    assert "Grind a mountain into pebbles." in runner.invoke(app, ["--help"]).output
    assert runner.invoke(app, ["alps.map", "--n-pebbles", "0"]).exit_code == 2
    assert given == []
