"""Answers of the model about an image, each computed once for a visit: the interface for pages."""

from __future__ import annotations

import importlib.util
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from precompute.contract.errors import InputError
from summit_dash.live.job import Job, Ticket
from summit_dash.live.limits import Limits
from summit_dash.live.visits import Visit, Visits
from summit_dash.live.workers import Workers
from summit_dash.run.store import RunStore

__all__ = ["EXTENSION", "Live", "find_obstacle"]

EXTENSION = "summit_dash_live"
"""The name of the service among the extensions of the server."""
_JOBS = "precompute.explanations.answers"
_PROOFS = "precompute.faithfulness.answers"


def find_obstacle(store: RunStore) -> InputError | None:
    """Finds the reason why a run's model cannot answer, as far as it shows without torch."""
    if importlib.util.find_spec("torch") is None:
        return InputError(
            "This page asks the model, which needs torch.",
            "Torch is not installed beside this dashboard.",
            "Install it: pip install 'summit-dash[precompute]', and start the dashboard again.",
        )
    if "imported" in store.manifest or not isinstance(store.manifest.get("model", {}).get("preprocess"), dict):
        return InputError(
            "This page asks the model that made the run.",
            "This run was imported, and holds no model.",
            "Make a run of a model: summit-dash precompute MODEL IMAGES --out RUN.",
        )
    return None


@dataclass
class Live:
    """Workers and visits of one server."""

    workers: Workers
    visits: Visits

    @classmethod
    def start(cls, limits: Limits) -> Live:
        """Builds the service; processes start when something is asked."""
        return cls(Workers(limits), Visits(limits))

    def predict(self, visit: Visit, store: RunStore, image: str) -> Ticket:
        """Asks for the model's view of an image, and its probabilities.

        Args:
            visit: of the page.
            store: the run.
            image: key of an upload, or the number of an image of the run.

        Raises:
            InputError: the image is not there, or the queue is full.
        """
        return self._ask(visit, store, "predict", image, ())

    def explain(self, visit: Visit, store: RunStore, image: str, target: int | None, against: int | None) -> Ticket:
        """Asks for the heat maps of all methods, which are reported one by one.

        Args:
            visit: of the page.
            store: the run.
            image: as in `predict`.
            target: an output of the model; None for the most probable.
            against: an output to compare with; None for none.

        Raises:
            InputError: the image is not there, or the queue is full.
        """
        return self._ask(visit, store, "explain", image, (target, against))

    def map_cells(
        self, visit: Visit, store: RunStore, image: str, target: int, against: int | None, layer: str | None, order: str
    ) -> Ticket:
        """Asks for the strongest channels of every cell of a layer, and what each cell says for the target.

        Raises:
            InputError: the image is not there, or the queue is full.
        """
        return self._ask(visit, store, "map_cells", image, (target, against, layer, order))

    def attribute(
        self,
        visit: Visit,
        store: RunStore,
        images: Sequence[str],
        target: int,
        against: int | None,
        layer: str | None,
    ) -> Ticket:
        """Asks for the channels of a layer that speak for the target and against it, as means over images.

        Raises:
            InputError: an image is not there, or the queue is full.
        """
        more = (target, against, layer)
        key = (store.name, store.version, "attribute_channels", *images, *more)
        contents = [self._read(visit, image) for image in images]
        return self._ask_once(visit, key, store, "attribute_channels", (contents, *more))

    def trace(
        self,
        visit: Visit,
        store: RunStore,
        image: str,
        target: int,
        against: int | None,
        layer: str,
        channels: Sequence[int],
    ) -> Ticket:
        """Asks for the relevance of the target through each of some channels, which are reported one by one.

        Raises:
            InputError: the image is not there, or the queue is full.
        """
        return self._ask(visit, store, "trace_channels", image, (target, against, layer, tuple(channels)))

    def build_graph(self, visit: Visit, store: RunStore, image: str, target: int, against: int | None) -> Ticket:
        """Asks for the graph of one image: channels with activation and attribution, and their influences.

        Raises:
            InputError: the image is not there, or the queue is full.
        """
        return self._ask(visit, store, "build_image_graph", image, (target, against))

    def ablate(self, visit: Visit, store: RunStore, class_id: int, channels: Sequence[str], mode: str) -> Ticket:
        """Asks what becomes of a class's images without some channels, or with these alone; pictures are reported.

        Raises:
            InputError: the queue is full, or there are no workers.
        """
        more = (class_id, tuple(channels), mode)
        return self._ask_once(visit, (store.name, store.version, "ablate", *more), store, "ablate", more, _PROOFS)

    def draw(self, visit: Visit, store: RunStore, image_ids: Sequence[int]) -> Ticket:
        """Asks for small pictures of images of the run, which are reported one by one."""
        return self._ask_once(visit, (store.name, store.version, "draw", *image_ids), store, "draw", (list(image_ids),))

    def warm(self, visit: Visit, store: RunStore) -> Ticket:
        """Asks a worker to load the model, so that the first image does not wait for it."""
        return self._ask_once(visit, (store.name, store.version, "warm"), store, "warm", ())

    def cancel(self, visit: Visit, keep: bool = False) -> None:
        """Cancels everything that a visit has asked and that is not over.

        Args:
            visit: of the page.
            keep: the page goes on saying that it was cancelled, until something else is asked.
        """
        for key, ticket in list(visit.tickets.items()):
            if not ticket.view.is_over:
                self.workers.cancel(ticket)
                visit.tickets.pop(key, None)
                if keep:
                    visit.cancelled[key] = ticket

    def keep_only(self, visit: Visit, tickets: Sequence[Ticket]) -> None:
        """Cancels what a visit asked before and does not look at now, so that the model is free for what it does."""
        for key, ticket in list(visit.tickets.items()):
            if ticket not in tickets and not ticket.view.is_over:
                self.workers.cancel(ticket)
                visit.tickets.pop(key, None)

    def _ask(self, visit: Visit, store: RunStore, function: str, image: str, more: tuple[Any, ...]) -> Ticket:
        key = (store.name, store.version, function, image, *more)
        return self._ask_once(visit, key, store, function, (self._read(visit, image), *more))

    def _read(self, visit: Visit, image: str) -> bytes | int:
        """Returns the content of an upload, or the number of an image of the run."""
        if image.isdecimal():
            return int(image)
        upload = visit.uploads.get(image)
        if upload is None:
            raise InputError(
                "An image that a person brings is held for that visit alone.",
                "This one is not here, or was forgotten.",
                "Bring the image again.",
            )
        return upload.content

    def _ask_once(
        self,
        visit: Visit,
        key: Hashable,
        store: RunStore,
        function: str,
        arguments: tuple[Any, ...],
        jobs: str | None = None,
    ) -> Ticket:
        """Returns the answer that the visit has, or asks for it. What was cancelled or broke off is asked again."""
        if key in visit.cancelled:
            return visit.cancelled[key]
        found = visit.tickets.get(key)
        if found is None or found.view.state == "cancelled":
            job = Job(f"{jobs or _JOBS}:{function}", (str(store.path.resolve()), *arguments))
            found = visit.tickets[key] = self.workers.submit(job)
        return found
