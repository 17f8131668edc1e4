"""The routes by which a page starts, watches and cancels the training of a head. Who may is a runner."""

from __future__ import annotations

import contextlib
from typing import Any

from flask import Flask, Response, abort, jsonify, request

from precompute.contract.errors import InputError
from summit_dash.live.training import HEADS, Trainings, read_wish
from summit_dash.payloads.training_page import build_training_state
from summit_dash.run.stores import Stores
from summit_dash.run.transfer_store import TransferStore
from summit_dash.server.callbacks import read_json
from summit_dash.server.roles import find_person

__all__ = ["register_training"]

_OWN_HEADER = ("X-Summit-Dash", "training")
_LARGEST = 4096
"""Greatest number of bytes of a request that starts a training."""
_NOT_ALLOWED = InputError(
    "Training changes the result, and takes the server's processor.",
    "Your role here only reads.",
    "Ask whoever runs the server for the role of a runner.",
)


def register_training(server: Flask, stores: Stores, trainings: Trainings, prefix: str) -> None:
    """Adds `run/<name>/training` and `run/<name>/training/cancel` under the prefix."""

    @server.get(f"{prefix}run/<name>/training")
    def describe_training(name: str) -> Response:
        return _answer(_describe(_find_result(stores, name), trainings))

    @server.post(f"{prefix}run/<name>/training")
    def start_training(name: str) -> tuple[Response, int]:
        store = _find_result(stores, name)
        if not request.is_json or request.headers.get(_OWN_HEADER[0]) != _OWN_HEADER[1]:
            problem = InputError("A training is started by the dashboard.", "This request is not.", "Use its page.")
            return _answer_problem(problem), 403
        request.max_content_length = _LARGEST
        try:
            cut, options = read_wish(read_json(), {f"{row['model']}@{row['cut']}" for row in store.cuts})
            trainings.start(store.path, cut, options)
        except InputError as problem:
            return _answer_problem(problem), 400
        return _answer(_describe(store, trainings)), 200

    @server.post(f"{prefix}run/<name>/training/cancel")
    def cancel_training(name: str) -> tuple[Response, int]:
        store = _find_result(stores, name)
        if request.headers.get(_OWN_HEADER[0]) != _OWN_HEADER[1]:
            abort(403)
        trainings.cancel(store.path)
        return _answer(_describe(store, trainings)), 200


def _find_result(stores: Stores, name: str) -> TransferStore:
    result = stores.find(name)
    if not isinstance(result, TransferStore):
        abort(404)
    return result


def _describe(store: TransferStore, trainings: Trainings) -> dict[str, Any]:
    """Describes the last training of a result, and whether the person may start one."""
    obstacle = trainings.find_obstacle() if find_person().may("runner") else _NOT_ALLOWED
    ticket = trainings.find(store.path)
    is_taken = ticket is not None and trainings.workers.has_taken(ticket)
    view = None if ticket is None else ticket.view
    with contextlib.suppress(OSError, InputError):
        store.refresh()  # the version is that after the end: a page that hears of the end looks no further
    found: dict[str, Any] = {
        "heads": HEADS,
        "obstacle": None if obstacle is None else _write_problem(obstacle),
        "version": store.version,
        "state": "none",
    }
    if ticket is None or view is None:
        return found
    state = {
        **found,
        "state": view.state,
        "is_over": view.is_over and not is_taken,
        "waits": trainings.workers.ask(ticket),
        "cut": ticket.job.arguments[1],
        "head": ticket.job.arguments[2],
        "n_done": view.n_done,
        "n_total": view.n_total,
        "epochs": list(view.parts),
        "problem": None if view.problem is None else _write_problem(view.problem),
    }
    return {**state, **build_training_state(state, int(store.manifest["config"]["n_folds"]))}


def _write_problem(problem: InputError) -> dict[str, str]:
    return {"rule": problem.rule, "found": problem.found, "fix": problem.fix}


def _answer(found: dict[str, Any]) -> Response:
    response = jsonify(found)
    response.headers["Cache-Control"] = "no-store"
    return response


def _answer_problem(problem: InputError) -> Response:
    return _answer({"problem": _write_problem(problem)})
