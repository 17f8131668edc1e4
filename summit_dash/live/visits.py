"""The images that people bring, in memory, by visit. They are forgotten with the visit."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

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
        thumbnails: small JPEGs of the uploads by their keys, once they are drawn; empty for what is no image.
        shelf: the pictures that the page shows.
        shown_graph: what the page shows as a graph, so that it is not drawn again.
        asked_at: when it asked something last.
    """

    token: str
    uploads: dict[str, Upload] = field(default_factory=dict)
    tickets: dict[Hashable, Ticket] = field(default_factory=dict)
    cancelled: dict[Hashable, Ticket] = field(default_factory=dict)
    n_brought: int = 0
    thumbnails: dict[str, bytes] = field(default_factory=dict)
    shelf: Shelf = field(default_factory=Shelf)
    shown_graph: str = ""
    asked_at: float = 0.0

    @property
    def image_bytes(self) -> int:
        """The size of the images."""
        return sum(len(upload.content) for upload in list(self.uploads.values()))

    @property
    def answer_bytes(self) -> int:
        """The memory of the answers."""
        return sum(ticket.n_bytes for ticket in [*list(self.tickets.values()), *list(self.cancelled.values())])

    @property
    def n_bytes(self) -> int:
        """The memory of images, answers and pictures. A picture of an answer counts twice once the page shows it."""
        n_small = sum(map(len, list(self.thumbnails.values())))
        return self.image_bytes + self.answer_bytes + self.shelf.n_bytes + n_small

    def drop_answers(self) -> None:
        """Forgets the answers that are over, and the pictures; the page that shows them asks again."""
        for key, ticket in list(self.tickets.items()):
            if ticket.view.is_over:
                self.tickets.pop(key, None)
        self.cancelled.clear()
        self.thumbnails.clear()
        self.shelf.clear()


class Visits:
    """The visits, each under a token that cannot be guessed. Several threads may use this at once.

    Args:
        limits: of number, size and time.
        now: the clock, in seconds.
    """

    def __init__(self, limits: Limits, now: Callable[[], float] = time.monotonic) -> None:
        self.limits = limits
        self._lock = threading.Lock()
        self._now = now
        self._visits: dict[str, Visit] = {}  # the one that was quiet longest comes first

    def open(self) -> Visit:
        """Begins a visit."""
        visit = Visit(secrets.token_urlsafe(18), asked_at=self._now())
        with self._lock:
            self._forget_old()
            while len(self._visits) >= max(1, self.limits.n_visits):
                del self._visits[next(iter(self._visits))]
            self._visits[visit.token] = visit
        return visit

    def find(self, token: str | None) -> Visit | None:
        """Finds a visit, which is then remembered for the whole time again; None for one that was forgotten."""
        with self._lock:
            self._forget_old()
            visit = self._visits.pop(token, None) if token else None
            if visit is not None:
                visit.asked_at = self._now()
                self._visits[visit.token] = visit
            return visit

    def find_by_shelf(self, name: str) -> Visit | None:
        """Finds the visit that a shelf of pictures belongs to; it is not remembered longer for that."""
        with self._lock:
            self._forget_old()
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
            held = visit.image_bytes
            if held + len(content) > min(limit.visit_bytes, limit.all_bytes):
                raise InputError(
                    f"The images that are held at once have at most {limit.visit_bytes / 1e6:g} MB together.",
                    f"{name} has {len(content) / 1e6:.1f} MB, the others {held / 1e6:.1f} MB.",
                    "Remove the others first.",
                )
            self._make_room(visit, len(content))
            visit.n_brought += 1
            key = f"upload-{visit.n_brought}"
            visit.uploads[key] = Upload(name, content)
        return key

    def make_room(self, visit: Visit) -> None:
        """Forgets what is oldest until all visits together have no more than they may.

        The visits that were quiet longest lose their answers first, then everything. `visit` itself keeps its own.
        """
        with self._lock:
            self._make_room(visit, 0)

    def _make_room(self, visit: Visit, coming: int) -> None:
        others = [each for each in self._visits.values() if each is not visit]
        most = self.limits.all_bytes - coming - visit.n_bytes
        held = sum(each.n_bytes for each in others)
        for is_last in (False, True):
            for each in others:
                if held <= most:
                    return
                held -= each.n_bytes
                each.drop_answers()
                if is_last:
                    self._visits.pop(each.token, None)
                else:
                    held += each.n_bytes

    def _forget_old(self) -> None:
        last = self._now() - self.limits.visit_seconds
        for visit in list(self._visits.values()):
            if visit.asked_at > last:
                return
            del self._visits[visit.token]

    @property
    def n_bytes(self) -> int:
        """The memory of all visits."""
        with self._lock:
            return sum(visit.n_bytes for visit in self._visits.values())

    def clear(self, visit: Visit) -> None:
        """Forgets the images of a visit, and all answers about them."""
        with self._lock:
            visit.uploads.clear()
            visit.thumbnails.clear()
            visit.tickets.clear()
            visit.cancelled.clear()
            visit.shelf.clear()
