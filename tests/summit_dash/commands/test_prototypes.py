from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import call

Asked = list[tuple[int, ...] | None]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """The classes of each call that would draw, which needs a model."""
    calls: Asked = []

    def record(options: Any, class_ids: tuple[int, ...] | None) -> None:
        calls.append(class_ids)

    monkeypatch.setattr("summit_dash.commands.prototypes.run_prototypes", record)
    return calls


def test_all_classes_are_drawn_by_default(run_path: Path, asked: Asked) -> None:
    assert call(["prototypes", str(run_path)]) == 0
    assert asked == [None]


@pytest.mark.parametrize(
    ("classes", "expected"),
    [("coyote", (3,)), ("Red Fox; n02000137", (0, 1)), ("9-11;#2", (9, 10, 11, 2)), ("coyote;3", (3,))],
    ids=["name", "name and synset", "range and id", "twice"],
)
def test_classes_are_named_as_in_the_dashboard(
    run_path: Path, asked: Asked, classes: str, expected: tuple[int, ...]
) -> None:
    assert call(["prototypes", str(run_path), "--classes", classes]) == 0
    assert asked == [expected]


def test_the_class_of_a_number_is_named(run_path: Path, asked: Asked, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["prototypes", str(run_path), "--classes", "coyote;9"]) == 0
    assert capsys.readouterr().err == "9 is taken for class_id 9, tractor.\n"
    assert asked == [(3, 9)]


@pytest.mark.parametrize(
    ("classes", "said"),
    [
        ("zebra", "No class is named 'zebra'"),
        ("crane", "2 classes are named crane: crane (#4"),
        ("50-60", "No class of this run has an id from 50 to 60."),
        ("", "None is named."),
    ],
    ids=["unknown", "two of a name", "range", "none"],
)
def test_a_class_that_is_not_clear_is_refused_before_anything_is_drawn(
    run_path: Path, asked: Asked, capsys: pytest.CaptureFixture[str], classes: str, said: str
) -> None:
    assert call(["prototypes", str(run_path), "--classes", classes]) == 2
    assert said in capsys.readouterr().err
    assert asked == []
