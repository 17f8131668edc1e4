"""The route by which a page asks what a class loses without each of some channels alone. Who may ask is a runner."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, abort, jsonify, request

from precompute.contract.errors import InputError
from summit_dash.live.job import Ticket
from summit_dash.live.service import Live, find_obstacle
from summit_dash.run.store import RunStore
from summit_dash.run.stores import Stores
from summit_dash.server.callbacks import read_json

__all__ = ["register_alone"]

_OWN_HEADER = ("X-Summit-Dash", "alone")
_LARGEST = 16_384
"""Greatest number of bytes of a request."""
_MOST_CHANNELS = 64
"""Channels of one request, which has a limit of time: the page asks for a graph some at a time."""


def register_alone(server: Flask, stores: Stores, live: Live, prefix: str) -> None:
    """Adds `run/<name>/alone` under the prefix: it starts the measurement, says how far it is, and cancels it."""

    @server.post(f"{prefix}run/<name>/alone")
    def measure_alone(name: str) -> tuple[Response, int]:
        store = stores.find(name)
        if not isinstance(store, RunStore):
            abort(404)
        if not request.is_json or request.headers.get(_OWN_HEADER[0]) != _OWN_HEADER[1]:
            abort(403)
        request.max_content_length = _LARGEST
        body = read_json()
        try:
            class_id, channels = _read_wish(body, store)
            obstacle = find_obstacle(store)
            if obstacle is not None:
                raise obstacle
            token = body.get("visit")
            visit = live.visits.find(token if isinstance(token, str) else None) or live.visits.open()
            ticket = live.ablate_each(visit, store, class_id, channels)
            if body.get("cancel") is True:
                live.workers.cancel(ticket)
            return _answer({"visit": visit.token, **_describe(live, ticket)}), 200
        except InputError as problem:
            return _answer({"is_over": True, "problem": _write_problem(problem)}), 400


def _read_wish(body: Any, store: RunStore) -> tuple[int, list[str]]:
    """Reads the class, and the channels as `mixed4d-346`.

    Raises:
        InputError: the run has no such class or channel, or there are none or too many.
    """
    asked = body if isinstance(body, dict) else {}
    class_id, channels = asked.get("class_id"), asked.get("channels")
    if isinstance(class_id, bool) or not isinstance(class_id, int) or class_id not in store.classes:
        raise InputError("Channels are removed for a class of the run.", "This is none.", "Choose one in the list.")
    if not isinstance(channels, list) or not 0 < len(channels) <= _MOST_CHANNELS:
        raise InputError(
            f"From one to {_MOST_CHANNELS:,} channels are removed one by one.",
            f"Found {len(channels) if isinstance(channels, list) else 'no list'}.",
            "Ask for channels of the graph.",
        )
    sizes = {name: info.n_channels for name, info in store.layers.items()}
    for each in channels:
        layer, _, number = each.rpartition("-") if isinstance(each, str) else ("", "", "")
        if not (number.isascii() and number.isdecimal() and int(number) < sizes.get(layer, 0)):
            raise InputError(
                "A channel is a recorded layer and a number.", f"Found {each}.", "Choose one of the graph."
            )
    return class_id, channels


def _describe(live: Live, ticket: Ticket) -> dict[str, Any]:
    place, view = live.workers.ask(ticket), ticket.view
    return {
        "state": view.state,
        "is_over": view.is_over,
        "place": place,
        "n_done": view.n_done,
        "n_total": view.n_total,
        "result": view.result,
        "problem": None if view.problem is None else _write_problem(view.problem),
    }


def _write_problem(problem: InputError) -> dict[str, str]:
    shown = problem.write_for_page()
    return {"rule": shown.rule, "found": shown.found, "fix": shown.fix}


def _answer(found: dict[str, Any]) -> Response:
    response = jsonify(found)
    response.headers["Cache-Control"] = "no-store"
    return response
