"""Answers of the model about an image, each computed once for a visit: the interface for pages."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from precompute.contract.errors import InputError
from precompute.contract.explanation_settings import PARTS
from summit_dash.live.job import Job, Ticket
from summit_dash.live.limits import Limits
from summit_dash.live.training import Trainings
from summit_dash.live.visits import Visit, Visits
from summit_dash.live.workers import Workers
from summit_dash.run.store import RunStore

__all__ = ["EXTENSION", "Live", "Subject", "find_obstacle"]

EXTENSION = "summit_dash_live"
"""The name of the service among the extensions of the server."""
_JOBS = "precompute.explanations.answers"
_PROOFS = "precompute.faithfulness.answers"


_MOST_ANSWERS, _MOST_BYTES = 24, 16_000_000
"""Answers that a visit keeps, the ones used last, and their memory. A look at one image needs less than ten answers:
some 0.6 MB with all maps."""
_MOST_PAST_BYTES = 700_000
"""Memory of the answers that a visit keeps and does not look at: all maps of the image before. What is forgotten is
asked again when a person goes back to it."""


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


@dataclass(frozen=True)
class Subject:
    """An image of a visit, and the output that is explained.

    Attributes:
        visit: of the page.
        store: the run.
        image: key of an upload, or the number of an image of the run.
        target: an output of the model; None where the model chooses it, or where none is needed.
        against: an output to compare with; None for none.
    """

    visit: Visit
    store: RunStore
    image: str
    target: int | None = None
    against: int | None = None

    @property
    def outputs(self) -> tuple[int | None, int | None]:
        """Target and contrast."""
        return self.target, self.against


class _Key(NamedTuple):
    """Names a question about an image: it is asked once."""

    run: str
    version: str
    image: str
    target: int | None
    against: int | None
    more: tuple[Hashable, ...]


@dataclass
class Live:
    """Workers, visits and trainings of one server."""

    workers: Workers
    visits: Visits
    trainings: Trainings
    keep: Callable[[Any], Any] | None = None

    @classmethod
    def start(cls, limits: Limits, keep: Callable[[Any], Any] | None = None) -> Live:
        """Builds the service; processes start when something is asked.

        Args:
            limits: of number, size and time.
            keep: what is kept of each part of an answer, as of `Job`.
        """
        return cls(Workers(limits), Visits(limits), Trainings(limits), keep)

    def close(self) -> None:
        """Ends all processes; a training saves its best head so far."""
        self.workers.close()
        self.trainings.workers.close()

    def predict(self, visit: Visit, store: RunStore, image: str) -> Ticket:
        """Asks for the model's view of an image, and its probabilities.

        Args:
            visit: of the page.
            store: the run.
            image: key of an upload, or the number of an image of the run.

        Raises:
            InputError: the image is not there, or the queue is full.
        """
        return self._ask(Subject(visit, store, image), "predict")

    def explain(self, subject: Subject, part: str, settings: Mapping[str, str], since: float | None = None) -> Ticket:
        """Asks for the heat maps of a part of the methods, which are reported one by one.

        Args:
            subject: a target of None asks for the most probable output.
            part: the name of one of the `PARTS` of all methods.
            settings: options of methods by name; those that change other parts alone are left out.
            since: of the ticket of the first part, where this is a later one.

        Raises:
            InputError: the image is not there, or the queue is full.
        """
        known = next(each for each in PARTS if each.name == part)
        chosen = tuple((name, settings[name]) for name in known.settings if name in settings)
        key = self._build_key(subject, "explain", part, *chosen)
        arguments = (self._read(subject.visit, subject.image), (subject.target, subject.against), part, dict(chosen))
        job = Job(f"{_JOBS}:explain", _name_run(subject.store, arguments), not known.is_quick, since, self.keep)
        return self._ask_job(subject.visit, key, job)

    def map_cells(self, subject: Subject, layer: str | None, order: str) -> Ticket:
        """Asks for the strongest channels of every cell of a layer, and what each cell says for the target.

        Raises:
            InputError: the image is not there, or the queue is full.
        """
        return self._ask(subject, "map_cells", *subject.outputs, layer, order)

    def attribute(self, subject: Subject, images: Sequence[str], layer: str | None) -> Ticket:
        """Asks for the channels of a layer that speak for the target and against it, as means over images.

        Raises:
            InputError: an image is not there, or the queue is full.
        """
        more = (*subject.outputs, layer)
        key = self._build_key(subject, "attribute_channels", *images, layer)
        contents = [self._read(subject.visit, image) for image in images]
        return self._ask_once(subject.visit, key, subject.store, "attribute_channels", (contents, *more))

    def trace(self, subject: Subject, layer: str, channels: Sequence[int]) -> Ticket:
        """Asks for the relevance of the target through each of some channels, which are reported one by one.

        Raises:
            InputError: the image is not there, or the queue is full.
        """
        return self._ask(subject, "trace_channels", *subject.outputs, layer, tuple(channels))

    def build_graph(self, subject: Subject) -> Ticket:
        """Asks for the graph of one image: channels with activation and attribution, and their influences.

        Raises:
            InputError: the image is not there, or the queue is full.
        """
        return self._ask(subject, "build_image_graph", *subject.outputs)

    def ablate(self, visit: Visit, store: RunStore, class_id: int, channels: Sequence[str], mode: str) -> Ticket:
        """Asks what becomes of a class's images without some channels, or with these alone; pictures are reported.

        Raises:
            InputError: the queue is full, or there are no workers.
        """
        more = (class_id, tuple(channels), mode)
        return self._ask_once(visit, (store.name, store.version, "ablate", *more), store, "ablate", more, _PROOFS)

    def ablate_each(self, visit: Visit, store: RunStore, class_id: int, channels: Sequence[str]) -> Ticket:
        """Asks what a class loses without each of some channels alone.

        Raises:
            InputError: the queue is full, or there are no workers.
        """
        more = (class_id, tuple(channels))
        key = (store.name, store.version, "ablate_each", *more)
        return self._ask_once(visit, key, store, "ablate_each", more, _PROOFS)

    def draw(self, visit: Visit, store: RunStore, image_ids: Sequence[int]) -> Ticket:
        """Asks for small pictures of images of the run, which are reported one by one."""
        return self._ask_once(visit, (store.name, store.version, "draw", *image_ids), store, "draw", (list(image_ids),))

    def draw_brought(self, visit: Visit, store: RunStore) -> Ticket | None:
        """Asks for small pictures of the images that a visit brought and has none of yet; None where it has all."""
        missing = [(key, upload.content) for key, upload in visit.uploads.items() if key not in visit.thumbnails]
        if not missing:
            return None
        key = (store.name, store.version, "draw_brought", *(name for name, _ in missing))
        return self._ask_once(visit, key, store, "draw_brought", (missing,))

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
        """Cancels what a visit asked before and does not look at now, so that the model is free for what it does.

        Of the answers to it, some are kept: those that were used last. The pictures of an image go with its answers.
        """
        past = [(key, ticket) for key, ticket in list(visit.tickets.items()) if ticket not in tickets]
        n_bytes = 0
        for key, ticket in reversed(past):
            n_bytes += ticket.n_bytes
            if not ticket.view.is_over:
                self.workers.cancel(ticket)
            elif n_bytes <= _MOST_PAST_BYTES:
                continue
            visit.tickets.pop(key, None)
        visit.shelf.keep_only({key.image for key in list(visit.tickets) if isinstance(key, _Key)})

    def _ask(self, subject: Subject, function: str, *more: Any) -> Ticket:
        arguments = (self._read(subject.visit, subject.image), *more)
        return self._ask_once(
            subject.visit, self._build_key(subject, function, *more), subject.store, function, arguments
        )

    @staticmethod
    def _build_key(subject: Subject, *more: Hashable) -> _Key:
        return _Key(subject.store.name, subject.store.version, subject.image, subject.target, subject.against, more)

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
        job = Job(f"{jobs or _JOBS}:{function}", _name_run(store, arguments), keep=self.keep)
        return self._ask_job(visit, key, job)

    def _ask_job(self, visit: Visit, key: Hashable, job: Job) -> Ticket:
        """Returns the answer that the visit has, or asks for it. What was cancelled or broke off is asked again."""
        if key in visit.cancelled:
            return visit.cancelled[key]
        found = visit.tickets.pop(key, None)
        if found is None or found.view.state == "cancelled":
            found = self.workers.submit(job)
        visit.tickets[key] = found  # the last one: those before are forgotten first
        self._drop_old(visit)
        return found

    def _drop_old(self, visit: Visit) -> None:
        """Forgets the answers of a visit that were used longest ago, then what other visits hold too much."""
        tickets = list(visit.tickets.items())
        n, n_bytes = len(tickets), visit.answer_bytes
        for key, ticket in tickets[:-1]:
            if n <= _MOST_ANSWERS and n_bytes <= _MOST_BYTES:
                break
            n -= 1
            if ticket.view.is_over:
                n_bytes -= ticket.n_bytes
                visit.tickets.pop(key, None)
        self.visits.make_room(visit)


def _name_run(store: RunStore, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    return str(store.path.resolve()), *arguments
