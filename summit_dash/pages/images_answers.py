"""The strip and the answers about one image, as far as they are known at one moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from dash import html

from precompute.contract.errors import InputError
from precompute.contract.schema import read_table
from summit_dash.graph.elements import Element
from summit_dash.live.job import Ticket, View
from summit_dash.live.service import Live, Subject, find_obstacle
from summit_dash.live.visits import Visit
from summit_dash.pages import images_cells, images_channels, images_graph, images_maps
from summit_dash.pages import images_parts as parts
from summit_dash.pages.images_tab import Question, Tab, build_choices
from summit_dash.run.misclassified import list_misclassified
from summit_dash.run.store import RunStore

__all__ = ["TABS", "Shown", "ask_at_once", "list_own_images", "show"]

_N_OWN = 12


TABS: Mapping[str, Tab] = {
    tab.name: tab for tab in (images_maps.TAB, images_cells.TAB, images_channels.TAB, images_graph.TAB)
}


class Shown(NamedTuple):
    """The parts that are shown. `version` differs where they differ; `is_over` if nothing more is computed.

    `elements` are those of the graph, and `table` its rows where they are asked for instead; `probed` is what is
    known of the channel under the pointer.
    """

    strip: Any
    body: Any
    version: str
    is_over: bool
    elements: list[Element]
    probed: list[Any]
    table: dict[str, Any] | None


class _Asked(NamedTuple):
    """The jobs behind what is shown, the question to a tab where the model has seen the image, and a problem.

    `brought` draws the small pictures of what the person brought; None where they are there.
    """

    predicted: Ticket | None
    of_tab: Sequence[Ticket]
    others: Sequence[Ticket]
    brought: Ticket | None
    question: Question | None
    problem: InputError | None

    @property
    def tickets(self) -> list[Ticket]:
        first, last = ([each] if each is not None else [] for each in (self.predicted, self.brought))
        return [*first, *self.of_tab, *self.others, *last]


def show(live: Live, visit: Visit, store: RunStore, wanted: Mapping[str, Any], seen: str | None = None) -> Shown:
    """Asks for what the address wants, where it was not asked yet, and shows what is known.

    Args:
        live: workers and visits.
        visit: of the page.
        store: the run.
        wanted: `class_id`, `image`, `target`, `against`, and the fields that tabs read; each may be missing.
        seen: the version that the page has; nothing but version and end is built where nothing is new.
    """
    image = wanted.get("image")
    own = list_own_images(store, wanted.get("class_id"))
    tab = TABS.get(str(wanted.get("tab")), images_maps.TAB)
    asked = _ask(live, visit, store, wanted, own)
    # One look at each job: what is shown, its version and whether it is over belong together.
    views = {id(ticket): ticket.view for ticket in asked.tickets}
    is_over = all(view.is_over for view in views.values())
    if is_over and asked.problem is None:  # a job that ended meanwhile may lead to another one
        is_over = _ask(live, visit, store, wanted, own).tickets == asked.tickets
    places = {id(ticket): live.workers.ask(ticket) for ticket in asked.tickets}
    small = None if asked.brought is None else views[id(asked.brought)]
    if small is not None and small.is_over:  # all at once: what is missing names the job
        visit.thumbnails.update({key: picture for key, picture in small.parts if key in visit.uploads})
    visit.shelf.turn_to(image)
    live.keep_only(visit, asked.tickets)
    version = "|".join(
        [str([(view.state, view.version) for view in views.values()]), str(list(places.values())), str(dict(wanted)),
         ",".join(visit.uploads), visit.token, store.name, asked.problem.found if asked.problem else ""]
    )  # fmt: skip
    if version == seen:
        return Shown(None, None, version, is_over, [], [], None)
    drawn = views[id(asked.others[-1])] if own and asked.others and asked.problem is None else None
    strip = parts.build_strip(visit, own, dict(drawn.parts) if drawn else {}, image, drawn.problem if drawn else None)
    of_tab = [views[id(ticket)] for ticket in asked.of_tab]
    question = asked.question if tab is images_graph.TAB and of_tab else None
    return Shown(
        strip,
        _build_body(asked, views, places, tab, wanted, bool(own), visit),
        version,
        is_over,
        images_graph.build_elements(question, of_tab) if question is not None else [],
        images_graph.build_probe(question, of_tab) if question is not None else [],
        images_graph.build_rows(question, of_tab) if question is not None else None,
    )


def ask_at_once(live: Live, visit: Visit, store: RunStore, wanted: Mapping[str, Any]) -> None:
    """Asks for everything about an image that was brought just now, in place of what was asked before.

    Raises:
        InputError: this run's model cannot answer.
    """
    obstacle = find_obstacle(store)
    if obstacle is not None:
        raise obstacle
    asked = _ask(live, visit, store, wanted, list_own_images(store, wanted.get("class_id")))
    live.keep_only(visit, asked.tickets)


def _ask(
    live: Live, visit: Visit, store: RunStore, wanted: Mapping[str, Any], own: Sequence[tuple[int, str]]
) -> _Asked:
    """Asks for everything that is to be shown, as far as it is known by now what that is."""
    image = wanted.get("image")
    tab = TABS.get(str(wanted.get("tab")), images_maps.TAB)
    predicted: Ticket | None = None
    of_tab: list[Ticket] = []
    others: list[Ticket] = []
    brought: Ticket | None = None
    question: Question | None = None
    problem: InputError | None = None
    try:
        if image is None:
            others.append(live.warm(visit, store))
        else:
            predicted = live.predict(visit, store, str(image))
            question = _build_question(live, visit, store, wanted, own, predicted)
            if question is not None:
                of_tab = tab.ask(question)
            elif tab.ask_early is not None and predicted.view.problem is None:
                subject = Subject(visit, store, str(image), wanted.get("target"), wanted.get("against"))
                of_tab = tab.ask_early(live, subject, wanted)
        if own:
            others.append(live.draw(visit, store, [image_id for image_id, _ in own]))
        brought = live.draw_brought(visit, store)
    except InputError as found:
        problem = found
    return _Asked(predicted, of_tab, others, brought, question, problem)


def _build_question(
    live: Live,
    visit: Visit,
    store: RunStore,
    wanted: Mapping[str, Any],
    own: Sequence[tuple[int, str]],
    predicted: Ticket | None,
) -> Question | None:
    """Builds what tabs ask about an image; None while the model has not seen it, or where the target is no output."""
    result = predicted.view.result if predicted is not None else None
    if result is None:
        return None
    target = result["outputs"][0]["output"] if wanted.get("target") is None else wanted["target"]
    against = wanted.get("against")
    n_outputs = len(result["names"])
    if not 0 <= target < n_outputs or (against is not None and not 0 <= against < n_outputs) or target == against:
        raise InputError(
            f"A target and its contrast are two of the model's outputs, 0 to {n_outputs - 1}.",
            f"Found {target}" + ("." if against is None else f" against {against}."),
            "Choose them by the bars.",
        )
    return Question(live, visit, store, str(wanted["image"]), target, against, wanted, own, result)


def _build_body(
    asked: _Asked,
    views: Mapping[int, View],
    places: Mapping[int, int],
    tab: Tab,
    wanted: Mapping[str, Any],
    has_own: bool,
    visit: Visit,
) -> list[Any]:
    """Builds the message, the welcome, or the answer with its tabs."""
    body: list[Any] = [] if asked.problem is None else [parts.build_message(asked.problem)]
    if wanted.get("image") is None and asked.problem is None:
        first = id(asked.others[0])
        return [*body, parts.build_welcome(views[first], places[first], has_own)]
    if asked.predicted is None:
        return body
    more: list[Any] = []
    if asked.question is not None and asked.of_tab:
        choices = [(each.name, each.title, each.tip) for each in TABS.values()]
        of_tab = [views[id(ticket)] for ticket in asked.of_tab]
        cancelled = [parts.build_cancelled()] if any(view.state == "cancelled" for view in of_tab) else []
        more = [
            html.Div(build_choices("What is shown of the image", "tab", choices, tab.name), className="images-tabs"),
            *cancelled,
            *tab.build(asked.question, of_tab, places[id(asked.of_tab[0])]),
        ]
    outputs = wanted.get("target"), wanted.get("against")
    seen = id(asked.predicted)
    return [*body, parts.build_answer(views[seen], places[seen], visit.shelf, outputs, more)]


def list_own_images(store: RunStore, class_id: int | None) -> list[tuple[int, str]]:
    """Lists some of the run's images of a class, those that the model took for something else first.

    Returns:
        The number of each image, and a sentence about it. Nothing for a run that names no place of its images.
    """
    if class_id is None or class_id not in store.classes or not store.has("images"):
        return []
    if not store.manifest.get("dataset", {}).get("source"):
        return []
    return store.read_once(f"images to choose {class_id}", lambda: _read_own_images(store, class_id))


def _read_own_images(store: RunStore, class_id: int) -> list[tuple[int, str]]:
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
