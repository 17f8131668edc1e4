"""The defaults of serving, for the settings and the command line."""

from __future__ import annotations

__all__ = ["HOST", "PORT", "THREADS"]

HOST = "127.0.0.1"
"""The address to listen on: this machine alone."""
PORT = 8050
"""The port to listen on; the next free one where it is taken."""
THREADS = 8
"""The number of threads that answer requests."""
