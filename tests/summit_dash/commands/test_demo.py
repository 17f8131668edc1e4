"""The options of `summit-dash demo`. Making the run takes minutes, so it and the server are recorded, not done."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from summit_dash.server.settings import Settings
from tests.support.command_line import call


class Done(NamedTuple):
    """The runs made, with their number of images, and the dashboards opened, in their order."""

    made: list[tuple[Path, int | None]]
    opened: list[tuple[Any, ...]]


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> Done:
    recorded = Done([], [])

    def make(folder: Path, images_per_class: int | None, console: object) -> None:
        recorded.made.append((folder, images_per_class))

    def open_(settings: Settings, open_browser: bool) -> None:
        recorded.opened.append((settings.runs, settings.host, settings.port, open_browser))

    monkeypatch.setattr("precompute.commands.demo.run_demo", make)
    monkeypatch.setattr("summit_dash.commands.demo.open_dashboard", open_)
    return recorded


def test_the_dashboard_opens_on_the_run_with_the_browser(tmp_path: Path, done: Done) -> None:
    assert call(["demo", "--out", str(tmp_path / "run")]) == 0
    assert done.made == [(tmp_path / "run", None)]
    assert done.opened == [((str(tmp_path / "run"),), "127.0.0.1", 8050, True)]


def test_address_and_browser_can_be_chosen(tmp_path: Path, done: Done) -> None:
    flags = ["--host", "0.0.0.0", "--port", "9000", "--no-open", "--images-per-class", "7"]
    assert call(["demo", "--out", str(tmp_path), *flags]) == 0
    assert done.made == [(tmp_path, 7)]
    assert done.opened == [((str(tmp_path),), "0.0.0.0", 9000, False)]


def test_without_serving_the_command_that_opens_the_run_is_shown(
    tmp_path: Path, done: Done, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    assert call(["demo", "--out", str(run), "--no-serve"]) == 0
    said = capsys.readouterr().err.split()  # a narrow console breaks the lines elsewhere
    assert "".join(said) == f"Run:{run}Openit:summit-dashserve{run}"
    assert done.opened == []


def test_the_run_is_kept_in_the_cache_of_the_user(tmp_path: Path, done: Done, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: tmp_path / name)
    assert call(["demo"]) == 0
    folder = tmp_path / "summit-dash" / "demo"
    assert done.made == [(folder, None)]
    assert done.opened[0][0] == (str(folder),)


@pytest.mark.parametrize("n", ["0", "10000"])
def test_an_impossible_number_of_images_makes_nothing(
    tmp_path: Path, done: Done, capsys: pytest.CaptureFixture[str], n: str
) -> None:
    assert call(["demo", "--out", str(tmp_path), "--images-per-class", n]) == 2
    assert "--images-per-class" in capsys.readouterr().err
    assert done == ([], [])
