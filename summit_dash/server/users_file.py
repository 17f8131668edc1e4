"""The file of users: their roles, and hashes of their passwords. It is read again when it changes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from werkzeug.security import check_password_hash, generate_password_hash

from precompute.contract.atomic import replace_file
from precompute.contract.errors import InputError
from precompute.contract.lock import hold_file
from summit_dash.server.roles import Role

__all__ = ["LEAST_PASSWORD", "User", "Users", "UsersFile", "add_user", "read_users", "remove_user"]

LEAST_PASSWORD = 10
"""Smallest number of characters of a password."""
_MOST_PASSWORD = 256
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")
_METHOD = "scrypt:32768:8:1"
_NOBODY = f"{_METHOD}$AAAAAAAAAAAAAAAA${'0' * 128}"
"""The hash that a password of an unknown user is compared with, so that the answer takes as long."""
_checking = threading.BoundedSemaphore(2)
"""Hashes that are computed at once: each takes 32 MB."""


class User(BaseModel):
    """A user of the file; `hash` is that of the password, by scrypt, in the form of Werkzeug."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: Role = "viewer"
    hash: str = Field(pattern=r"^scrypt:\d+:\d+:\d+\$[^$]+\$[0-9a-f]+$", repr=False)


class Users(BaseModel):
    """The content of the file. `secret` signs the sessions; a new one ends them all."""

    model_config = ConfigDict(extra="forbid")

    secret: str = Field(min_length=32, repr=False)
    users: dict[str, User] = {}


class _State(NamedTuple):
    stamp: tuple[int, int, int]
    users: Users


def read_users(path: Path) -> Users:
    """Reads a file of users.

    Raises:
        InputError: it is not there, cannot be read, or is no file of users.
    """
    try:
        return Users.model_validate_json(path.read_bytes())
    except OSError as problem:
        raise InputError(
            "Who may sign in stands in a file of users.",
            f"{path}: {problem.strerror}.",
            "Let the user that runs the server read it, as its owner: chown USER FILE."
            if isinstance(problem, PermissionError)
            else f"Make it: summit-dash users add NAME --auth {path}.",
        ) from problem
    except ValidationError as problem:
        place = ".".join(str(part) for part in problem.errors()[0]["loc"]) or "the whole"
        raise InputError(
            "A file of users is written by `summit-dash users`.",
            f"{path}: {place}: {problem.errors()[0]['msg']}.",
            "Repair it, or make a new one.",
        ) from problem


def add_user(path: Path, name: str, password: str, role: Role) -> bool:
    """Adds a user, or replaces one, whose sessions then end; makes the file where there is none.

    Returns:
        True if the user is new.

    Raises:
        InputError: the name or the password is not allowed, or the file cannot be written.
    """
    if not _NAME.fullmatch(name):
        raise InputError(
            "A user's name has 1 to 64 letters, digits or any of . _ @ + -, and begins with a letter or digit.",
            f"Found {name!r}.",
            "Choose another name.",
        )
    if not LEAST_PASSWORD <= len(password) <= _MOST_PASSWORD:
        raise InputError(
            f"A password has {LEAST_PASSWORD} to {_MOST_PASSWORD} characters.",
            f"This one has {len(password)}.",
            "Choose another one.",
        )
    user = User(role=role, hash=generate_password_hash(password, _METHOD))

    def add(content: Users) -> bool:
        is_new = name not in content.users
        content.users[name] = user
        return is_new

    return _change(path, add)


def remove_user(path: Path, name: str) -> None:
    """Removes a user, whose sessions then end.

    Raises:
        InputError: there is none of this name, or the file cannot be written.
    """

    def remove(content: Users) -> bool:
        return content.users.pop(name, None) is not None

    read_users(path)
    if not _change(path, remove):
        raise InputError("A user of the file can be removed.", f"{name!r} is none.", "See: summit-dash users list.")


def _change(path: Path, change: Callable[[Users], bool]) -> bool:
    """Changes the content of the file, one writer at a time. Its owner alone may read it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with hold_file(path):
            content = read_users(path) if path.exists() else Users(secret=secrets.token_urlsafe(48))
            result = change(content)
            with replace_file(path) as temporary:
                temporary.touch(0o600)
                temporary.write_text(json.dumps(content.model_dump(), indent=2) + "\n", encoding="utf-8")
                if path.exists():
                    _keep_readers(path, temporary)
    except OSError as problem:
        raise InputError(
            "A file of users can be written.", f"{path}: {problem.strerror}.", "Choose another --auth."
        ) from problem
    return result


def _keep_readers(before: Path, after: Path) -> None:
    """Gives a file to the owner and the group of the one before: root changes the file that a server reads."""
    status = before.stat()
    with contextlib.suppress(AttributeError, PermissionError):  # others than root cannot, and their files are their own
        os.chown(after, status.st_uid, status.st_gid)
    after.chmod(status.st_mode & 0o640)


class UsersFile:
    """The users of a file while a dashboard is served.

    Raises:
        InputError: it is no file of users.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._state = _State(self._stamp(), read_users(path))

    @property
    def key(self) -> str:
        """The key that signs sessions."""
        return self._read().secret

    def check(self, name: str, password: str) -> bool:
        """Returns True if the password is the user's. Takes as long where there is no such user."""
        user = self._read().users.get(name)
        with _checking:
            is_right = check_password_hash(user.hash if user else _NOBODY, password[: _MOST_PASSWORD + 1])
        return is_right and user is not None

    def find_role(self, name: str) -> Role | None:
        """Returns the role of a user; None if there is none of this name."""
        user = self._read().users.get(name)
        return user.role if user else None

    def mark(self, name: str) -> str:
        """Returns a mark of the user's password, which changes with it; empty if there is no such user."""
        user = self._read().users.get(name)
        return hashlib.sha256(user.hash.encode()).hexdigest()[:16] if user else ""

    def _read(self) -> Users:
        """Returns the content, read again if the file has changed. A file that cannot be read leaves it as it was."""
        try:
            stamp = self._stamp()
            if stamp != self._state.stamp:
                self._state = _State(stamp, read_users(self._path))
        except (OSError, InputError):
            pass
        return self._state.users

    def _stamp(self) -> tuple[int, int, int]:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return (0, 0, 0)
        return found.st_mtime_ns, found.st_size, found.st_ino
