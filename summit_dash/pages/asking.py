"""A page that asks worker processes: what the address wants goes there, and answers come back as they are known.

The server never waits for a worker. It answers with what is known, and the browser asks again a moment later.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component
from flask import current_app

from precompute.contract.errors import InputError
from summit_dash.live.service import EXTENSION, Live, find_obstacle
from summit_dash.live.visits import Visit
from summit_dash.pages import ids
from summit_dash.run.store import RunStore
from summit_dash.run.stores import Stores

__all__ = ["Asking", "Question", "Reply", "describe_visit", "find_store", "find_visit", "get_live"]


class Question(NamedTuple):
    """A question of a page.

    Attributes:
        live: workers and visits.
        visit: of the page.
        store: the run.
        wanted: the run's name, the theme, and the page's fields of the selection; each may be missing.
        more: the values of the page's own inputs.
        seen: the version of what the page shows.
    """

    live: Live
    visit: Visit
    store: RunStore
    wanted: dict[str, Any]
    more: tuple[Any, ...]
    seen: str | None


class Reply(NamedTuple):
    """An answer as far as it is known: new values of the outputs, None where the page shows this version already."""

    parts: tuple[Any, ...] | None
    version: str
    is_over: bool


@dataclass(frozen=True)
class Asking:
    """The stores and callbacks of one page that asks.

    Attributes:
        page: key of the page, with which all ids begin.
        fields: of the selection that the page reads.
        outputs: the properties that an answer sets.
        show: answers a question. It may raise `InputError`.
        refuse: the values of the outputs that say why there is no answer.
        inputs: properties beside the selection that lead to a new question.
        stops_when_left: nobody waits for the answer of a page that is left, so it is cancelled.
    """

    page: str
    fields: tuple[str, ...]
    outputs: tuple[Output, ...]
    show: Callable[[Question], Reply]
    refuse: Callable[[InputError], tuple[Any, ...]]
    inputs: tuple[Input, ...] = ()
    stops_when_left: bool = False

    def name(self, part: str) -> str:
        """Returns the id of a part: `wanted` (null while another page is shown), `visit`, `seen`, `next`, `ask`, ..."""
        return f"{self.page}-{part}"

    def build_stores(self) -> list[Component]:
        """Builds the stores that the callbacks use."""
        reads = {"page": self.page, "fields": self.fields}
        parts = ("wanted", "visit", "seen", "next", "ask")
        return [dcc.Store(id=self.name("reads"), data=reads), *(dcc.Store(id=self.name(part)) for part in parts)]

    def build_cancel(self, more: str = "") -> Component:
        """Builds the button that ends the wait."""
        return html.Button("Cancel", id=self.name("cancel"), type="button", className=f"images-quiet {more}".strip())

    def register(self, app: Dash) -> None:
        """Adds the callbacks: what the address asks, the answer as it comes, and its end."""
        wanted, visit, seen, next_, ask = (self.name(part) for part in ("wanted", "visit", "seen", "next", "ask"))
        app.clientside_callback(
            ClientsideFunction("summit", "want"),
            Output(wanted, "data"),
            Input(ids.PAGES_SELECTION, "data"),
            State(self.name("reads"), "data"),
        )
        app.clientside_callback(ClientsideFunction("summit", "askAgain"), Input(next_, "data"))
        app.callback(
            Output(next_, "data", allow_duplicate=True),
            Input(self.name("cancel"), "n_clicks"),
            State(visit, "data"),
            prevent_initial_call=True,
        )(self.cancel)
        app.callback(
            *self.outputs,
            Output(next_, "data"),
            Output(seen, "data"),
            Output(visit, "data", allow_duplicate=True),
            *(Input(each, "data") for each in (wanted, ask)),
            *self.inputs,
            *(State(each, "data") for each in (visit, seen)),
            prevent_initial_call=True,
        )(self.answer)

    def answer(self, wanted: dict[str, Any] | None, _: float | None, *rest: Any) -> Any:
        """Shows what is known by now; the browser asks again while more is computed.

        Args:
            wanted: what the address asks; None while another page is shown.
            rest: the values of the own inputs; then the visit, as `describe_visit` gives it, None for the first time;
                then the version of what is shown.

        Returns:
            The values of the outputs, when to ask again (None for never), the version, and a new visit.
        """
        *more, known, seen = rest
        unchanged = (no_update,) * len(self.outputs)
        live = get_live()
        visit = live.visits.find((known or {}).get("token"))
        if wanted is None:
            if visit is not None and self.stops_when_left:
                live.keep_only(visit, [])
            return *unchanged, None, no_update, no_update
        opened = no_update
        try:
            store = find_store(wanted)
            obstacle = find_obstacle(store)
            if obstacle is not None:
                raise obstacle
            if visit is None:
                visit = live.visits.open()
                opened = describe_visit(visit)
            reply = self.show(Question(live, visit, store, wanted, tuple(more), seen))
        except InputError as problem:
            return *self.refuse(problem), None, str(problem), opened
        again = None if reply.is_over else self.ask_again(reply.parts is not None)
        if reply.parts is None:
            return *unchanged, again, no_update, opened
        return *reply.parts, again, reply.version, opened

    def cancel(self, n_clicks: int | None, known: dict[str, Any] | None) -> Any:
        """Cancels what a visit waits for."""
        if not n_clicks or known is None:
            return no_update
        live = get_live()
        visit = live.visits.find(known["token"])
        if visit is not None:
            live.cancel(visit, keep=True)
        return self.ask_again()  # the browser asks once more, and shows that it was cancelled

    def ask_again(self, is_new: bool = True) -> dict[str, Any]:
        """Returns what makes the browser ask once more: at once, or later where nothing is new."""
        return {"page": self.page, "at": time.time(), "isNew": is_new}


def get_live() -> Live:
    """Returns the workers and visits of the server that answers."""
    live: Live = current_app.extensions[EXTENSION]["live"]
    return live


def find_visit(live: Live, known: dict[str, Any] | None) -> Visit:
    """Returns the visit of the page; a new one where it is the first time, or where it was forgotten."""
    return live.visits.find((known or {}).get("token")) or live.visits.open()


def describe_visit(visit: Visit) -> dict[str, Any]:
    """Describes a visit for its page."""
    return {"token": visit.token, "uploads": list(visit.uploads)}


def find_store(wanted: dict[str, Any]) -> RunStore:
    """Finds the run that an address asks for; the first one where it names none that is open.

    Raises:
        InputError: no run is open.
    """
    stores: Stores = current_app.extensions[EXTENSION]["stores"]
    name = str(wanted.get("run"))
    if not stores:
        raise InputError("This page asks the model of a run.", "No run is open here.", "Open one beside the result.")
    return stores[name if name in stores else next(iter(stores))]
