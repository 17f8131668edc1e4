"""Sessions: a signed cookie that names the person, and ends with the password, with the time or by signing out."""

from __future__ import annotations

import hashlib
import secrets
import time
from typing import NamedTuple

from itsdangerous import BadData, URLSafeTimedSerializer

from summit_dash.server.shared import build_memory

__all__ = ["Session", "Sessions"]

_SALT = "summit-dash session"


class Session(NamedTuple):
    """The content of a cookie.

    Attributes:
        name: of the user; empty for the link with the token.
        mark: of the user's password when the session began.
        number: random, by which signing out names it.
    """

    name: str
    mark: str
    number: str


class Sessions:
    """Writes and reads cookies.

    Args:
        hours: time after which a session ends.
        folder: where sessions that were ended are remembered by all processes; by this one alone where it is empty.
    """

    def __init__(self, hours: float, folder: str = "") -> None:
        self.seconds = int(hours * 3600)
        self._ended = build_memory(folder, "ended sessions", 2 * self.seconds)  # a clock set back lengthens a session

    def write(self, key: str, name: str, mark: str) -> str:
        """Begins a session, and returns its cookie."""
        return str(_build_signer(key).dumps([name, mark, secrets.token_urlsafe(12)]))

    def read(self, key: str, cookie: str) -> Session | None:
        """Reads a cookie; None if it is not signed by the key, or has ended."""
        try:
            content, begun = _build_signer(key).loads(cookie, return_timestamp=True)
            session = Session(*content)
        except (BadData, TypeError, ValueError):
            return None
        # A clock that was set back ends no session, but one from a far future would never end.
        if abs(time.time() - begun.timestamp()) > self.seconds:
            return None
        return None if self._ended.find(session.number) else session

    def end(self, number: str) -> None:
        """Ends a session before its time."""
        self._ended.keep(number, True)


def _build_signer(key: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        key, salt=_SALT, signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256}
    )
