"""Failed sign-ins: after some, each further one has to wait longer."""

from __future__ import annotations

import ipaddress
import math
import time
from collections.abc import Callable

from summit_dash.server.shared import Memory, OwnMemory

__all__ = ["FREE", "LONGEST", "REMEMBERED", "Attempts", "name_network"]

FREE = 5
"""Failures that cost nothing."""
LONGEST = 60.0
"""Greatest time to wait, in seconds."""
REMEMBERED = 900
"""Seconds after which failures are forgotten."""


class Attempts:
    """Counts failures by key, such as the address of the browser and the name of the user.

    Several threads may use this at once. An attempt counts as failed until it is forgiven, so that attempts side by
    side do not slip through.

    Args:
        now: the clock, in seconds; all processes of a machine read the same one.
        kept: where failures are remembered; in this process alone where not given.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic, kept: Memory | None = None) -> None:
        self._now = now
        self._kept = kept or OwnMemory(REMEMBERED, now)

    def begin(self, *keys: str) -> float:
        """Begins an attempt, and returns 0; or the seconds to wait before the next one is allowed."""
        with self._kept.hold():
            wait = self.look(*keys)
            if wait > 0:
                return math.ceil(wait)
            for key in keys:
                failed = self._find(key)[0] + 1
                delay = min(2.0 ** (failed - FREE), LONGEST) if failed >= FREE else 0.0
                self._kept.keep(key, (failed, self._now() + delay))
            return 0.0

    def look(self, *keys: str) -> float:
        """Returns the seconds to wait before the next attempt is allowed, and begins none."""
        now = self._now()
        waits = [self._find(key)[1] - now for key in keys]
        return max((wait for wait in waits if 0 < wait <= LONGEST), default=0.0)  # longer: the clock began again

    def forgive(self, *keys: str) -> None:
        """Forgets the failures of keys, as after a right password."""
        for key in keys:
            self._kept.forget(key)

    def _find(self, key: str) -> tuple[int, float]:
        """Returns the number of failures, and the time of the next attempt."""
        failed, allowed_at = self._kept.find(key) or (0, 0.0)
        return failed, allowed_at


def name_network(address: str) -> str:
    """Returns the key of an address: itself, or its network of 64 bits, all of which one person may have."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "address unknown"
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is None:
        return f"address {ipaddress.ip_network((found, 64), strict=False)}"
    return f"address {found}"
