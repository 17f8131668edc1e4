"""Failed sign-ins: after some, each further one has to wait longer."""

from __future__ import annotations

import ipaddress
import math
import threading
import time
from collections.abc import Callable

from cachetools import TTLCache

__all__ = ["FREE", "LONGEST", "Attempts", "name_network"]

FREE = 5
"""Failures that cost nothing."""
LONGEST = 60.0
"""Greatest time to wait, in seconds."""
_REMEMBERED = 900
"""Seconds after which failures are forgotten."""
_MOST = 10_000


class Attempts:
    """Counts failures by key, such as the address of the browser and the name of the user.

    Several threads may use this at once. An attempt counts as failed until it is forgiven, so that attempts side by
    side do not slip through.

    Args:
        now: the clock, in seconds.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._failed: TTLCache[str, tuple[int, float]] = TTLCache(_MOST, _REMEMBERED, timer=now)

    def begin(self, *keys: str) -> float:
        """Begins an attempt, and returns 0; or the seconds to wait before the next one is allowed."""
        now = self._now()
        with self._lock:
            wait = max((self._failed.get(key, (0, 0.0))[1] - now for key in keys), default=0.0)
            if wait > 0:
                return math.ceil(wait)
            for key in keys:
                failed = self._failed.get(key, (0, 0.0))[0] + 1
                delay = min(2.0 ** (failed - FREE), LONGEST) if failed >= FREE else 0.0
                self._failed[key] = (failed, now + delay)
            return 0.0

    def look(self, *keys: str) -> float:
        """Returns the seconds to wait before the next attempt is allowed, and begins none."""
        now = self._now()
        with self._lock:
            return max(0.0, *(self._failed.get(key, (0, 0.0))[1] - now for key in keys))

    def forgive(self, *keys: str) -> None:
        """Forgets the failures of keys, as after a right password."""
        with self._lock:
            for key in keys:
                self._failed.pop(key, None)


def name_network(address: str) -> str:
    """Returns the key of an address: itself, or its network of 64 bits, all of which one person may have."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "address unknown"
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is None:
        return f"address {ipaddress.ip_network((found, 64), strict=False)}"
    return f"address {found}"
