"""Bodies of callbacks: only those that the page sends reach the functions of the pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import Dash
from flask import Response, request

__all__ = ["CALLBACKS", "find_fault", "read_json", "register_callback_check"]

CALLBACKS = "_dash-update-component"
"""Address of the callbacks, behind the prefix."""
_OUTPUTS = "..."
"""The text between the outputs of a callback that has several."""


def register_callback_check(app: Dash, prefix: str) -> None:
    """Adds a check to the callbacks: a body that the page does not send is answered by 400 and one line."""

    @app.server.before_request
    def check_callback() -> Response | None:
        if request.method != "POST" or request.path != f"{prefix}{CALLBACKS}":
            return None
        fault = find_fault(read_json(), app.callback_map)
        return Response(f"{fault}\n", 400, mimetype="text/plain") if fault else None


def read_json() -> Any:
    """Reads the body of the request as JSON; None if it is none, or nests too deep."""
    try:
        return request.get_json(silent=True)
    except RecursionError:
        return None


def find_fault(body: Any, known: Mapping[str, Any]) -> str:
    """Finds the first difference between a body and what the page sends; empty if there is none.

    Args:
        body: as read from JSON; None if it is none.
        known: callbacks of Dash by their output.
    """
    if not isinstance(body, dict):
        return "A callback is a JSON object."
    output = body.get("output")
    callback = known.get(output) if isinstance(output, str) else None
    if callback is None or "callback" not in callback:
        return "There is no such callback."
    for name, wanted in (("inputs", callback["inputs"]), ("state", callback["state"])):
        if not _is_list_of(body.get(name, []), wanted):
            return f"The {name} are not those of the callback."
    changed = body.get("changedPropIds", [])
    if not isinstance(changed, list) or not all(isinstance(each, str) for each in changed):
        return "The changed properties are texts."
    if not _is_output(body.get("outputs"), str(output)):
        return "The outputs are not those of the callback."
    return ""


def _is_list_of(given: Any, wanted: list[dict[str, Any]]) -> bool:
    """Returns True if the parts are those wanted, in their order. A part with a pattern comes as a list of parts."""
    if not isinstance(given, list) or len(given) != len(wanted):
        return False
    for part, known in zip(given, wanted, strict=True):
        has_pattern = str(known["id"]).startswith("{")
        parts = part if has_pattern and isinstance(part, list) else [part]
        if not all(_is_part(each) for each in parts):
            return False
        if not has_pattern and (part["id"], part["property"]) != (known["id"], known["property"]):
            return False
    return True


def _is_output(given: Any, output: str) -> bool:
    n_wanted = output.count(_OUTPUTS) + 1
    parts = given if isinstance(given, list) else [given]
    return len(parts) == n_wanted and all(_is_part(each) for each in parts)


def _is_part(given: Any) -> bool:
    return (
        isinstance(given, dict) and isinstance(given.get("id"), str | dict) and isinstance(given.get("property"), str)
    )
