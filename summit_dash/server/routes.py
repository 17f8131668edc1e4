"""The routes of a run: payloads and pictures. Browsers cache them, because their addresses change with the run."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, abort, request
from werkzeug.routing import IntegerConverter

from precompute.contract.errors import InputError
from precompute.contract.schema import ALL_CLASSES, MANIFEST
from precompute.contract.transfer_tables import is_transfer
from summit_dash.export.formats import FORMATS
from summit_dash.pages.frame import list_runs
from summit_dash.payloads.thumbnails import build_thumbnails
from summit_dash.run.graphs import Channel
from summit_dash.run.labels import build_labels, check_label, save_label
from summit_dash.run.places import WHOLE
from summit_dash.run.store import RunStore
from summit_dash.run.stores import Entry, Stores
from summit_dash.run.transfer_store import TransferStore
from summit_dash.server.answers import Answers, choose_encoding, write_json
from summit_dash.server.callbacks import read_json
from summit_dash.server.graph_files import write_graph_file
from summit_dash.server.roles import find_person

__all__ = ["register_routes"]

_FOR_GOOD = "max-age=31536000, immutable"
_LABELS = "labels"
"""The key of the payload that changes while the run does not."""
_OWN_HEADER = ("X-Summit-Dash", "labels")
_ENDINGS = ", ".join(repr(ending) for each in FORMATS.values() for ending in each.endings)
_VERSION = re.compile("[0-9a-f]{10}")
_REPLACED = InputError(
    "A page shows one run.", "This one was made again after the page was opened.", "Load the page again."
)
_SMALL = re.compile("[0-9]{1,9}")
_LARGEST = 4096
"""Greatest number of bytes of a request that saves a label."""


class _Number(IntegerConverter):
    """A number of at most nine digits: greater ones are none of a run, and do not fit into its tables."""

    regex = r"[0-9]{1,9}"


def register_routes(server: Flask, stores: Stores, answers: Answers, prefix: str) -> None:
    """Adds `run/<name>/data/...`, `run/<name>/picture/...` and so on under the prefix.

    Only the route of labels writes to a run.
    """
    server.url_map.converters = {**server.url_map.converters, "int": _Number}

    @server.get(f"{prefix}run/<name>/data/<path:key>.json")
    def send_data(name: str, key: str) -> Response:
        return _send_data(stores, answers, name, key)

    @server.get(f"{prefix}runs.json")
    def send_runs() -> Response:
        return _ask_each_time(_answer_json({"runs": list_runs(stores.entries, answers.names_folders)}))

    @server.get(f"{prefix}run/<name>/graph/<int:class_id><any({_ENDINGS}):ending>")
    def send_graph(name: str, class_id: int, ending: str) -> Response | tuple[Response, int]:
        return _send_graph(_find_store(stores, name), class_id, ending)

    @server.post(f"{prefix}run/<name>/labels")
    def save_labels(name: str) -> tuple[Response, int]:
        return _save_label(_find_store(stores, name))

    _register_pictures(server, stores, prefix)


def _register_pictures(server: Flask, stores: Stores, prefix: str) -> None:
    """Adds `run/<name>/picture/...` and the like."""

    @server.get(f"{prefix}run/<name>/thumbnails/<int:class_id>.bin")
    @_refuse_missing
    def send_thumbnails(name: str, class_id: int) -> Response:
        store = _find_store(stores, name)
        if class_id not in store.classes:
            abort(404)
        return _keep(Response(build_thumbnails(store, class_id), mimetype="application/octet-stream"))

    @server.get(f"{prefix}run/<name>/picture/<path:layer>/<int:number>.webp")
    @_refuse_missing
    def send_picture(name: str, layer: str, number: int) -> Response:
        store, channel = _find_channel(stores, name, layer, number)
        return _send_picture(store.pictures.read_picture(channel))

    @server.get(f"{prefix}run/<name>/visualization/<path:layer>/<int:number>/<kind>.webp")
    @_refuse_missing
    def send_visualization(name: str, layer: str, number: int, kind: str) -> Response:
        store, channel = _find_channel(stores, name, layer, number)
        return _send_picture(store.pictures.read_visualization(channel, kind))

    @server.get(f"{prefix}run/<name>/example/<path:layer>/<int:number>/<owner>/<int:rank>.webp")
    @_refuse_missing
    def send_example(name: str, layer: str, number: int, owner: str, rank: int) -> Response:
        class_id = ALL_CLASSES if owner == "all" else int(owner) if _SMALL.fullmatch(owner) else None
        store, channel = _find_channel(stores, name, layer, number)
        return _send_picture(None if class_id is None else store.pictures.read_example(channel, class_id, rank))

    @server.get(f"{prefix}run/<name>/image/<int:image_id>.jpg")
    @_refuse_missing
    def send_image(name: str, image_id: int) -> Response:
        return _send_picture(_find_store(stores, name).pictures.kept_examples.images.read_jpeg(image_id), "image/jpeg")

    @server.get(f"{prefix}run/<name>/small/<int:image_id>.webp")
    @_refuse_missing
    def send_small(name: str, image_id: int) -> Response:
        return _send_picture(_find_result(stores, name).read_picture(image_id))

    @server.get(f"{prefix}run/<name>/prototype/<int:class_id>/<method>.webp")
    @_refuse_missing
    def send_prototype(name: str, class_id: int, method: str) -> Response:
        found = _find_store(stores, name).pictures.read_prototypes(class_id).get(method)
        return _send_picture(found and found.image)


def _refuse_missing(view: Callable[..., Response]) -> Callable[..., Response]:
    """Lets a view answer by 404 where the run lacks what is asked for, also because its folder has just gone."""

    @functools.wraps(view)
    def refuse(**parts: Any) -> Response:
        try:
            return view(**parts)
        except (InputError, FileNotFoundError):
            abort(404)

    return refuse


def _send_graph(store: RunStore, class_id: int, ending: str) -> Response | tuple[Response, int]:
    """Sends a file to be saved, or the problem where it cannot be made."""
    try:
        file = write_graph_file(store, class_id, ending, request.args)
    except InputError as problem:
        return _answer_problem(problem), 400
    response = Response(file.content, mimetype=file.mimetype)
    response.headers.set("Content-Disposition", "attachment", filename=file.name)
    return response


def _save_label(store: RunStore) -> tuple[Response, int]:
    """Saves the label of a channel. A page of another origin can send neither the content type nor the header."""
    if not request.is_json or request.headers.get(_OWN_HEADER[0]) != _OWN_HEADER[1]:
        return _answer_problem(
            InputError("Labels are sent by the dashboard.", "This request is not.", "Use its page.")
        ), 403
    request.max_content_length = _LARGEST
    if (request.content_length or 0) > _LARGEST:
        return _answer_problem(InputError("A label is short.", "This request is long.", "Shorten it.")), 413
    try:
        channel, label = check_label(store, read_json())
    except InputError as problem:
        return _answer_problem(problem), 400
    try:
        save_label(store, channel, label)
    except InputError as problem:
        return _answer_problem(problem), 409
    return _answer_json({"label": label}), 200


def _send_data(stores: Stores, answers: Answers, name: str, key: str) -> Response:
    """Sends a payload of a run or result, or the reason why there is none."""
    try:
        entry = stores.find(name)
    except InputError as problem:  # it cannot be opened now; the message may name its folder
        return _answer_problem(problem if problem.rule == WHOLE else _build_loss(name))
    if entry is None:
        return _answer_unknown(name)
    return _answer_problem(_REPLACED) if _is_of_another(entry) else _answer_payload(answers, entry, key)


def _is_of_another(entry: Entry) -> bool:
    """Returns True if the page that asks was opened for a run that stood here before: its numbers would be mixed."""
    asked = request.args.get("v", "")
    return isinstance(entry, RunStore) and _VERSION.fullmatch(asked) is not None and asked[:5] != entry.version[:5]


def _answer_unknown(name: str) -> Response:
    response = _answer_problem(
        InputError("A page shows a run that the server has.", f"{name} is not there any more.", "Choose another run.")
    )
    response.status_code = 404
    return response


def _find_entry(stores: Stores, name: str) -> Entry:
    try:
        entry = stores.find(name)
    except InputError:  # it is being written, or it cannot be opened
        abort(503)
    if entry is None:
        abort(404)
    return entry


def _find_result(stores: Stores, name: str) -> TransferStore:
    result = _find_entry(stores, name)
    if not isinstance(result, TransferStore):
        abort(404)
    return result


def _find_store(stores: Stores, name: str) -> RunStore:
    store = _find_entry(stores, name)
    if not isinstance(store, RunStore):
        abort(404)
    return store


def _find_channel(stores: Stores, name: str, layer: str, number: int) -> tuple[RunStore, Channel]:
    store = _find_store(stores, name)
    if layer not in store.layers:
        abort(404)
    return store, Channel(layer, number)


def _answer_payload(answers: Answers, store: Entry, key: str) -> Response:
    """Returns a payload, or the problem where the run or the result lacks it, which the page shows in its place."""
    try:
        if key == _LABELS and isinstance(store, RunStore):
            return _answer_labels(store)
        return _answer_kept(answers, store, key)
    except (InputError, OSError) as problem:
        if isinstance(problem, InputError) and ((store.path / MANIFEST).is_file() or is_transfer(store.path)):
            return _answer_problem(problem)
        return _answer_problem(_build_loss(store.name))


def _answer_kept(answers: Answers, store: Entry, key: str) -> Response:
    answer = answers.find(store, key, choose_encoding(request.accept_encodings))
    if answer is None:
        abort(404)
    response = Response(answer.content, mimetype="application/json")
    response.vary.add("Accept-Encoding")
    if answer.encoding:
        response.content_encoding = answer.encoding
    return _keep(response)


def _answer_labels(store: RunStore) -> Response:
    """Returns the labels."""
    payload = build_labels(store)
    may_write = payload["editable"] and find_person().may("editor")
    return _ask_each_time(_answer_json({**payload, "editable": may_write}))


def _ask_each_time(response: Response) -> Response:
    """Lets the browser ask each time; it gets nothing where it has the same already."""
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response


def _build_loss(name: str) -> InputError:
    return InputError(
        "A run's folder stays where it is while it is shown.",
        f"That of {name} cannot be read.",
        "Bring the folder back, and load the page again.",
    )


def _answer_problem(problem: InputError) -> Response:
    return _answer_json({"problem": {"rule": problem.rule, "found": problem.found, "fix": problem.fix}})


def _answer_json(payload: dict[str, Any]) -> Response:
    return Response(write_json(payload), mimetype="application/json")


def _keep(response: Response) -> Response:
    who = "private" if find_person().is_known else "public"
    response.headers["Cache-Control"] = f"{who}, {_FOR_GOOD}"
    return response


def _send_picture(image: bytes | None, mimetype: str = "image/webp") -> Response:
    if image is None:
        abort(404)
    return _keep(Response(image, mimetype=mimetype))
