from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from precompute.contract.errors import InputError
from summit_dash.server.users_file import User, UsersFile, add_user, read_users, remove_user

PASSWORD = "correct horse"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    add_user(tmp_path / "users.json", "ada", PASSWORD, "editor")
    return tmp_path / "users.json"


def test_a_password_is_right_for_its_user_alone(file: Path) -> None:
    add_user(file, "grace", "another horse", "viewer")
    users = UsersFile(file)
    assert users.check("ada", PASSWORD)
    assert not users.check("grace", PASSWORD)
    assert not users.check("nobody", PASSWORD)
    assert (users.find_role("ada"), users.find_role("nobody")) == ("editor", None)


def test_the_file_holds_no_password_and_its_owner_alone_can_read_it(file: Path) -> None:
    content = json.loads(file.read_text())
    assert PASSWORD not in file.read_text()
    assert content["users"]["ada"]["hash"].startswith("scrypt:32768:8:1$")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_group_that_may_read_the_file_still_may_when_it_changes(file: Path) -> None:
    file.chmod(0o640)
    remove_user(file, "ada")
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="root alone gives files to others")
def test_the_owner_whose_server_reads_the_file_still_can_when_root_changes_it(file: Path) -> None:
    os.chown(file, 12345, 12346)
    add_user(file, "another", "a password of some length", "viewer")
    assert (file.stat().st_uid, file.stat().st_gid, stat.S_IMODE(file.stat().st_mode)) == (12345, 12346, 0o600)


def test_a_new_password_is_a_new_mark_and_the_key_stays(file: Path) -> None:
    users = UsersFile(file)
    key, mark = users.key, users.mark("ada")
    add_user(file, "ada", "another horse", "viewer")
    assert users.key == key
    assert users.mark("ada") not in ("", mark)
    assert users.find_role("ada") == "viewer"
    remove_user(file, "ada")
    assert users.mark("ada") == ""


@pytest.mark.parametrize("content", ["", "{", "[]", '{"secret": "short"}', '{"users": {}}'])
def test_what_is_no_file_of_users_is_refused_and_leaves_the_users_that_were_read(file: Path, content: str) -> None:
    users = UsersFile(file)
    file.write_text(content)
    with pytest.raises(InputError, match="summit-dash users"):
        read_users(file)
    assert users.find_role("ada") == "editor"


def test_a_file_of_another_user_is_said_with_what_to_do(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(InputError, match=r"Permission denied\.\s+Let the user that runs the server read it"):
        read_users(file)


def test_weak_methods_of_hashing_are_refused() -> None:
    with pytest.raises(ValueError, match="hash"):
        User(hash="pbkdf2:sha1:1$a$00")


@pytest.mark.parametrize("name", ["", "a b", "../a", "a\n", "<b>", "-a", "a" * 65])
def test_names_are_plain(file: Path, name: str) -> None:
    with pytest.raises(InputError, match="name"):
        add_user(file, name, PASSWORD, "viewer")


def test_a_user_that_is_not_there_cannot_be_removed(file: Path) -> None:
    with pytest.raises(InputError, match="'grace'"):
        remove_user(file, "grace")
