"""A gentle end of waitress: requests that came are answered, and no new ones are taken."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from waitress import wasyncore

__all__ = ["stop_gently"]

_TICK = 0.02
PATIENCE = 20.0
"""Greatest time that requests may still take, in seconds."""


def stop_gently(server: Any, finish: Callable[[], None], patience: float = PATIENCE) -> threading.Thread:
    """Stops to listen, waits in a thread until all requests are answered, and then calls `finish`.

    Args:
        server: a server of waitress whose loop runs.
        finish: ends the loop.
        patience: seconds after which requests are given up.
    """
    server.trigger.pull_trigger(lambda: wasyncore.dispatcher.close(server))

    def wait() -> None:
        never = threading.Event()
        for _ in range(int(patience / _TICK)):
            never.wait(_TICK)
            if not server.accepting and not any(_is_busy(each) for each in list(server.active_channels.values())):
                break
        finish()

    thread = threading.Thread(target=wait, name="summit-dash-stop", daemon=True)
    thread.start()
    return thread


def _is_busy(channel: Any) -> bool:
    """Returns True if a connection has a request that is not answered wholly."""
    return bool(channel.requests or channel.request is not None or channel.total_outbufs_len)
