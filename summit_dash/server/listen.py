"""The socket that a dashboard listens on."""

from __future__ import annotations

import socket

from precompute.contract.errors import InputError

__all__ = ["listen"]


def listen(host: str, port: int) -> socket.socket:
    """Returns a socket bound to the port, or to the next free one of the twenty after it.

    Args:
        host: address to listen on.
        port: port to listen on; any free one for 0.

    Raises:
        InputError: none of them is free, or the number is no port.
    """
    if not 0 <= port <= 65535:
        raise InputError("A port is a number from 0 to 65535.", f"Found {port}.", "Name another port.")
    for candidate in (port, *range(port + 1, min(port + 20, 65536))) if port else (0,):
        sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((host, candidate))
        except OSError as problem:
            sock.close()
            reason = problem.strerror
        else:
            return sock
    raise InputError("A dashboard needs a free port.", f"{host}:{port}: {reason}.", "Name another port (--port).")
