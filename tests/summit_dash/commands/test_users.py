from __future__ import annotations

import io
from pathlib import Path

import pytest

from summit_dash.server.users_file import UsersFile
from tests.support.command_line import call


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "team" / "users.json"


def add(monkeypatch: pytest.MonkeyPatch, file: Path, *words: str, password: str = "correct horse") -> int:
    """Calls `users add` with the password on the standard input."""
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    return call(["users", "add", *words, "--auth", str(file)])


def test_users_are_added_listed_replaced_and_removed(
    monkeypatch: pytest.MonkeyPatch, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert add(monkeypatch, file, "ada") == 0
    assert add(monkeypatch, file, "grace", "--role", "runner") == 0
    assert "Added grace (runner)" in capsys.readouterr().err.replace("\n", " ")
    assert add(monkeypatch, file, "ada", "--role", "editor", password="another horse") == 0
    assert "Replaced ada (editor)" in capsys.readouterr().err.replace("\n", " ")
    assert call(["users", "list", "--auth", str(file)]) == 0
    assert capsys.readouterr().out == "ada\teditor\ngrace\trunner\n"
    assert UsersFile(file).check("ada", "another horse")
    assert call(["users", "remove", "ada", "--auth", str(file)]) == 0
    assert UsersFile(file).find_role("ada") is None


@pytest.mark.parametrize(
    ("words", "password", "told"),
    [
        (["ada", "--role", "owner"], "correct horse", "viewer, editor or runner"),
        (["ada"], "short", "10 to 256"),
        (["a b"], "correct horse", "Choose another name"),
    ],
)
def test_what_is_not_allowed_is_one_message_and_makes_no_file(
    monkeypatch: pytest.MonkeyPatch,
    file: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    password: str,
    told: str,
) -> None:
    assert add(monkeypatch, file, *words, password=password) == 2
    assert told in capsys.readouterr().err.replace("\n", " ")
    assert not file.exists()


@pytest.mark.parametrize("words", [["list"], ["remove", "ada"]])
def test_a_file_that_is_not_there_is_one_message(
    file: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    assert call(["users", *words, "--auth", str(file)]) == 2
    assert "users add" in capsys.readouterr().err
