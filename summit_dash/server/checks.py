"""Checks of where a request comes from: by which name the server was called, and from which page."""

from __future__ import annotations

import ipaddress
import re
import socket
from urllib.parse import urlsplit

from flask import Flask, Response, request

from summit_dash.server.roles import find_handed
from summit_dash.server.settings import Settings

__all__ = ["Hosts", "is_own_page", "register_checks"]

_READING = {"GET", "HEAD", "OPTIONS"}
_HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?")
_EVERY_ADDRESS = {"0.0.0.0", "::", ""}  # nosec B104


class Hosts:
    """The names under which this server may be called.

    A page of another server can give its own name the address of this machine (DNS rebinding). Browsers then take this
    server for a part of that page, and only the name in the request says that it is not. Addresses are no names, so
    they are all allowed.

    Args:
        settings: the address to listen on, and the names that are allowed besides.
    """

    def __init__(self, settings: Settings) -> None:
        allowed = {name.lower().rstrip(".") for name in (*settings.allowed_host, settings.host, "localhost")}
        if settings.host in _EVERY_ADDRESS:
            name = socket.gethostname().lower()
            allowed |= {name, name.partition(".")[0], f"{name.partition('.')[0]}.local"}
        self._allowed = allowed - {""}
        self._suffixes = tuple(name for name in self._allowed if name.startswith("."))

    def allow(self, header: str | None) -> bool:
        """Returns True if the server may be called so. A request without the header comes from no browser."""
        if header is None or "*" in self._allowed:
            return True
        found = _HOST.fullmatch(header)
        if found is None:
            return False
        name = found[1].strip("[]").lower().rstrip(".")
        return name in self._allowed or name.endswith((*self._suffixes, ".localhost")) or _is_address(name)


def is_own_page(site: str | None, origin: str | None, host: str) -> bool:
    """Returns True if a request that writes comes from a page of this server, or from no page at all.

    Args:
        site: header `Sec-Fetch-Site`, which no page can forge; browsers send it to https and to this machine.
        origin: header `Origin`, which browsers send with everything that writes.
        host: name and port by which the server was called.
    """
    if site:
        return site.lower() in {"same-origin", "none"}
    return origin is None or urlsplit(origin).netloc.lower() == host.lower()


def register_checks(server: Flask, settings: Settings) -> None:
    """Adds both checks to every request, and the greatest size of a request."""
    hosts = Hosts(settings)
    server.config["MAX_CONTENT_LENGTH"] = settings.body_bytes

    @server.before_request
    def check_source() -> Response | None:
        if find_handed() is not None:
            return None
        if not hosts.allow(request.environ.get("HTTP_HOST")):
            words = "This server is not called so. Add the name to --allowed-host or SUMMIT_DASH_ALLOWED_HOST.\n"
            return Response(words, 421, mimetype="text/plain")
        if request.method in _READING:
            return None
        headers = request.headers
        if is_own_page(headers.get("Sec-Fetch-Site"), headers.get("Origin"), request.host):
            return None
        return Response("Only a page of this server may send this.\n", 403, mimetype="text/plain")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
