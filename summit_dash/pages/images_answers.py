"""The strip and the answers about one image, as far as they are known at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from precompute.contract.errors import InputError
from precompute.contract.schema import read_table
from summit_dash.live.job import Ticket
from summit_dash.live.service import Live
from summit_dash.live.visits import Visit
from summit_dash.pages import images_parts as parts
from summit_dash.run.misclassified import list_misclassified
from summit_dash.run.store import RunStore

__all__ = ["Shown", "list_own_images", "show"]

_N_OWN = 12


class Shown(NamedTuple):
    """The parts that are shown. `version` differs where they differ; `is_over` if nothing more is computed."""

    strip: Any
    body: Any
    version: str
    is_over: bool


def show(live: Live, visit: Visit, store: RunStore, wanted: Mapping[str, Any]) -> Shown:
    """Asks for what the address wants, where it was not asked yet, and shows what is known.

    Args:
        live: workers and visits.
        visit: of the page.
        store: the run.
        wanted: `class_id`, `image`, `target`, `against`; each may be None.
    """
    image, target, against = wanted.get("image"), wanted.get("target"), wanted.get("against")
    tickets: list[Ticket] = []
    own = list_own_images(store, wanted.get("class_id"))
    predicted: Ticket | None = None
    problem: InputError | None = None
    try:
        if image is None:
            tickets.append(live.warm(visit, store))
        else:
            predicted = live.predict(visit, store, str(image))
            tickets.append(predicted)
            if predicted.view.state == "done":
                tickets.append(live.explain(visit, store, str(image), target, against))
        if own:
            tickets.append(live.draw(visit, store, [image_id for image_id, _ in own]))
    except InputError as found:
        problem = found
    places = [live.workers.ask(ticket) for ticket in tickets]
    live.keep_only(visit, tickets)
    drawn = tickets[-1].view if own and tickets and problem is None else None
    pictures = dict(drawn.parts) if drawn else {}
    strip = parts.build_strip(visit, own, pictures, image, drawn.problem if drawn else None)
    body: list[Any] = []
    if problem is not None:
        body.append(parts.build_message(problem))
    if image is None and problem is None:
        body.append(parts.build_welcome(tickets[0].view, places[0], bool(own)))
    elif predicted is not None:
        explained = tickets[1] if predicted.view.state == "done" and len(tickets) > 1 else None
        place = places[1] if explained is not None else places[0]
        body.append(parts.build_answer(predicted.view, explained.view if explained else None, place, target, against))
    version = "|".join(
        [str([(ticket.view.state, ticket.view.version) for ticket in tickets]), str(places), str(dict(wanted)),
         ",".join(visit.uploads), visit.token, store.name, problem.found if problem else ""]
    )  # fmt: skip
    return Shown(strip, body, version, all(ticket.view.is_over for ticket in tickets))


def list_own_images(store: RunStore, class_id: int | None) -> list[tuple[int, str]]:
    """Lists some of the run's images of a class, those that the model took for something else first.

    Returns:
        The number of each image, and a sentence about it. Nothing for a run that names no place of its images.
    """
    if class_id is None or class_id not in store.classes or not store.has("images"):
        return []
    if not store.manifest.get("dataset", {}).get("source"):
        return []
    try:
        wrong = {each.image_id: each.predicted_probability for each in list_misclassified(store, class_id)[:_N_OWN]}
    except InputError:
        wrong = {}
    import pyarrow.compute as pc

    rows = read_table(store.path, "images", ["image_id", "path"], pc.field("class_id") == class_id)
    paths = dict(zip(rows["image_id"].to_pylist(), rows["path"].to_pylist(), strict=True))
    chosen = [*wrong, *(image_id for image_id in paths if image_id not in wrong)][:_N_OWN]
    return [
        (image_id, f"{paths[image_id]}, misclassified" if image_id in wrong else paths[image_id]) for image_id in chosen
    ]
