"""The images that people bring, in memory, by visit. They are forgotten with the visit."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from cachetools import TTLCache

from precompute.contract.errors import InputError
from summit_dash.live.job import Ticket
from summit_dash.live.limits import Limits
from summit_dash.live.pixels import count_pixels
from summit_dash.live.shelf import Shelf

__all__ = ["Upload", "Visit", "Visits"]


@dataclass(frozen=True)
class Upload:
    """An image that a person brought: its name, and the content of its file."""

    name: str
    content: bytes


@dataclass
class Visit:
    """The images and questions of one open page.

    Attributes:
        token: known to the page alone.
        uploads: by key, `upload-1` and so on, in the order of bringing.
        tickets: the answers to what was asked, by what was asked.
        cancelled: those that the person cancelled.
        n_brought: images that were brought, also those that are forgotten.
        shelf: the pictures that the page shows.
        shown_graph: what the page shows as a graph, so that it is not drawn again.
    """

    token: str
    uploads: dict[str, Upload] = field(default_factory=dict)
    tickets: dict[Hashable, Ticket] = field(default_factory=dict)
    cancelled: dict[Hashable, Ticket] = field(default_factory=dict)
    n_brought: int = 0
    shelf: Shelf = field(default_factory=Shelf)
    shown_graph: str = ""


class Visits:
    """The visits, each under a token that cannot be guessed. Several threads may use this at once.

    Args:
        limits: of number, size and time.
        now: the clock, in seconds.
    """

    def __init__(self, limits: Limits, now: Callable[[], float] = time.monotonic) -> None:
        self.limits = limits
        self._lock = threading.Lock()
        self._visits: TTLCache[str, Visit] = TTLCache(max(1, limits.n_visits), limits.visit_seconds, timer=now)

    def open(self) -> Visit:
        """Begins a visit."""
        visit = Visit(secrets.token_urlsafe(18))
        with self._lock:
            self._visits[visit.token] = visit
        return visit

    def find(self, token: str | None) -> Visit | None:
        """Finds a visit, which is then remembered for the whole time again; None for one that was forgotten."""
        with self._lock:
            visit = self._visits.pop(token, None) if token else None
            if visit is not None:
                self._visits[visit.token] = visit
            return visit

    def find_by_shelf(self, name: str) -> Visit | None:
        """Finds the visit that a shelf of pictures belongs to; it is not remembered longer for that."""
        with self._lock:
            return next((visit for visit in self._visits.values() if visit.shelf.name == name), None)

    def forget(self, token: str) -> None:
        """Forgets a visit with its images."""
        with self._lock:
            self._visits.pop(token, None)

    def add(self, visit: Visit, name: str, content: bytes) -> str:
        """Adds an image to a visit, and returns its key.

        Raises:
            InputError: the file or its image is too large, or the visit has as many images as it may.
        """
        limit = self.limits
        if len(content) > limit.image_bytes:
            raise InputError(
                f"An image has at most {limit.image_bytes / 1e6:g} MB.",
                f"{name} has {len(content) / 1e6:.1f} MB.",
                "Make it smaller.",
            )
        n_pixels = count_pixels(content)
        if n_pixels > limit.image_pixels:
            raise InputError(
                f"An image has at most {limit.image_pixels / 1e6:g} million pixels.",
                f"{name} has {n_pixels / 1e6:,.1f} million.",
                "Make it smaller.",
            )
        with self._lock:
            if len(visit.uploads) >= limit.n_images:
                raise InputError(
                    f"At most {limit.n_images} images are held at once.",
                    f"{name} is one more.",
                    "Remove the others first.",
                )
            visit.n_brought += 1
            key = f"upload-{visit.n_brought}"
            visit.uploads[key] = Upload(name, content)
        return key

    def clear(self, visit: Visit) -> None:
        """Forgets the images of a visit, and all answers about them."""
        with self._lock:
            visit.uploads.clear()
            visit.tickets.clear()
            visit.cancelled.clear()
            visit.shelf.clear()
