"""Proxies in front of a dashboard: what they add to a request counts only if it is they who send it."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from werkzeug.middleware.proxy_fix import ProxyFix

from precompute.contract.errors import InputError

__all__ = ["NAMED", "TrustedProxies", "read_networks"]

NAMED = "summit_dash.named"
"""Key of a request's environment: the name that a trusted proxy gives the person."""
UNIX = "unix"
"""Word for a proxy that comes through a socket of the file system."""
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def read_networks(texts: Sequence[str]) -> list[Network]:
    """Reads addresses and networks, such as `127.0.0.1` and `10.0.0.0/8`; `unix` is none and left out.

    Raises:
        InputError: a text is neither.
    """
    try:
        return [ipaddress.ip_network(text, strict=False) for text in texts if text != UNIX]
    except ValueError as problem:
        raise InputError(
            "A trusted proxy is an address, a network, or `unix` for a socket of the file system.",
            f"{problem}.",
            "Write --trusted-proxy 127.0.0.1, or 10.0.0.0/8.",
        ) from problem


class TrustedProxies:
    """A WSGI application around another one, which reads the headers of proxies.

    The address and the scheme of the browser, and the name of a person who signed in at the proxy, are taken from a
    trusted proxy. They are removed from the requests of all others.

    Args:
        application: the one that answers.
        trusted: addresses and networks of the proxies, or `unix`.
        header: the header with the person's name; empty for none.

    Raises:
        InputError: one of the addresses is none.
    """

    def __init__(self, application: Application, trusted: Sequence[str], header: str) -> None:
        self._application = application
        self._networks = read_networks(trusted)
        self._is_unix = UNIX in trusted
        self._header = _name_key(header) if header else ""
        self._fixed = ProxyFix(application, x_for=1, x_proto=1)
        self._removed = [_name_key(f"X-Forwarded-{word}") for word in ("For", "Proto", "Host", "Port", "Prefix")]

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answers a request."""
        name = environ.pop(self._header, "") if self._header else ""
        environ.pop(NAMED, None)
        if self._trusts(str(environ.get("REMOTE_ADDR") or "")):
            environ[NAMED] = name
            return self._fixed(environ, start_response)
        for key in self._removed:
            environ.pop(key, None)
        return self._application(environ, start_response)

    def _trusts(self, address: str) -> bool:
        try:
            found = ipaddress.ip_address(address)
        except ValueError:  # servers give no address of a socket of the file system
            return self._is_unix
        if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
            found = found.ipv4_mapped
        return any(found in network for network in self._networks)


def _name_key(header: str) -> str:
    return f"HTTP_{header.upper().replace('-', '_')}"
