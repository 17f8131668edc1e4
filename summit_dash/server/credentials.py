"""Proof of a person: the token of a link, or a name and a password of a file."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from typing import Protocol

from precompute.contract.errors import InputError
from summit_dash.server.roles import Role
from summit_dash.server.settings import Settings
from summit_dash.server.users_file import UsersFile

__all__ = ["Credentials", "LinkToken", "build_credentials"]


class Credentials(Protocol):
    """The interface of both kinds."""

    @property
    def key(self) -> str:
        """The key that signs sessions."""

    def check(self, name: str, password: str) -> bool:
        """Returns True if name and password belong together, in a time that does not depend on them."""

    def find_role(self, name: str) -> Role | None:
        """Returns the role of a name; None if there is no such person."""

    def mark(self, name: str) -> str:
        """Returns what changes with the password of a name."""


class LinkToken:
    """The token of a link. Who has it has no name.

    Args:
        token: of the link.
        role: of all who have it.
    """

    def __init__(self, token: str, role: Role) -> None:
        self._token = token.encode()
        self._role: Role = role
        self.key = hmac.new(self._token, b"sessions of summit-dash", hashlib.sha256).hexdigest()

    def check(self, name: str, password: str) -> bool:
        """Returns True if the password is the token."""
        return hmac.compare_digest(self._token, password.encode()) and not name

    def find_role(self, name: str) -> Role | None:
        """Returns the role of those who have the token."""
        return None if name else self._role

    def mark(self, name: str) -> str:
        """Returns the same for all: another token is another key."""
        return ""


def build_credentials(settings: Settings) -> Credentials | None:
    """Builds what the settings ask for; None if nobody signs in here.

    Raises:
        InputError: the file of users cannot be read, or there is no token.
    """
    auth = settings.find_auth()
    if auth == "none" or (settings.trust_header and not settings.auth):
        return None
    if auth != "token":
        return UsersFile(Path(auth))
    if not settings.token:
        raise InputError(
            "A server that is not for this machine alone says who may see the runs.",
            "There is neither a token nor a file of users.",
            "Set SUMMIT_DASH_AUTH to a file of users, or SUMMIT_DASH_TOKEN to a long random text.",
        )
    return LinkToken(settings.token, settings.role or "viewer")
