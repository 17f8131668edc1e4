"""Bodies of callbacks, as the page of a server sends them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["build_body", "find_callback"]


def find_callback(listed: Sequence[Mapping[str, Any]], first: str) -> Mapping[str, Any]:
    """Returns the callback of `_dash-dependencies` whose first output is this, such as `body.children`."""
    return next(each for each in listed if each["output"].strip(".").split("...")[0] == first)


def build_body(callback: Mapping[str, Any], inputs: Sequence[Any], state: Sequence[Any]) -> dict[str, Any]:
    outputs = [_read_output(text) for text in callback["output"].strip(".").split("...")]
    return {
        "output": callback["output"],
        "outputs": outputs if callback["output"].startswith("..") else outputs[0],
        "inputs": [{**part, "value": value} for part, value in zip(callback["inputs"], inputs, strict=True)],
        "state": [{**part, "value": value} for part, value in zip(callback["state"], state, strict=True)],
        "changedPropIds": [f"{part['id']}.{part['property']}" for part in callback["inputs"]],
    }


def _read_output(text: str) -> dict[str, str]:
    name, _, property_ = text.partition("@")[0].rpartition(".")
    return {"id": name, "property": property_}
