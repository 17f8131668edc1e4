"""The one state of the page, and its two forms: a dict in a `dcc.Store`, and the query of the address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

__all__ = ["SORTS", "VIEWS", "Selection", "apply_action"]

VIEWS = ("graph", "compare")
SORTS = ("similarity", "accuracy-up", "accuracy-down")
_NAMES = {"class_id": "class"}
"""Query keys that differ from the field's name."""
_RANGES = {"covers": (1, 100), "width": (25, 300), "height": (25, 300)}
_ACTION_FIELDS = ("run", "class_id", "vs", "layer", "channel", "view", "sort", "covers", "width", "height")
_OF_NO_HISTORY = ("covers", "width", "height", "sort")
"""Changes of these alone replace the address, so that the back button does not step through a slider's path."""


@dataclass(frozen=True)
class Selection:
    """What is on the screen. `None` means: not named, the page chooses.

    `unread` holds query keys whose text could not be read, with that text, for the message that says so.
    """

    run: str | None = None
    class_id: int | None = None
    vs: int | None = None
    layer: str | None = None
    channel: int | None = None
    view: str = "graph"
    sort: str = "similarity"
    covers: int = 100
    width: int = 100
    height: int = 100
    unread: tuple[tuple[str, str], ...] = ()

    @classmethod
    def from_query(cls, query: str) -> Selection:
        """Reads `?class=270&vs=269&layer=mixed4d&channel=346&covers=62`; unknown keys are ignored."""
        given = dict(parse_qsl(query.lstrip("?"), keep_blank_values=False))
        values: dict[str, Any] = {}
        unread = []
        for field in fields(cls):
            key = _NAMES.get(field.name, field.name)
            if key not in given or field.name == "unread":
                continue
            try:
                values[field.name] = _parse(field.name, given[key])
            except ValueError:
                unread.append((key, given[key]))
        return cls(**values, unread=tuple(unread))

    def to_query(self) -> str:
        """The query that `from_query` reads back; what has its default is left out."""
        default = Selection()
        pairs = [
            (_NAMES.get(f.name, f.name), str(getattr(self, f.name)))
            for f in fields(self)
            if f.name != "unread" and getattr(self, f.name) != getattr(default, f.name)
        ]
        return "?" + urlencode(pairs) if pairs else ""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Selection:
        unread = tuple((str(k), str(v)) for k, v in data.get("unread", ()))
        return cls(**{**data, "unread": unread})

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def text_of(self, key: str) -> str | None:
        """The text given for a query key that could not be read."""
        return dict(self.unread).get(key)


def _parse(name: str, text: str) -> int | str:
    if name in ("run", "layer"):
        return text
    if name in ("view", "sort"):
        if text not in (VIEWS if name == "view" else SORTS):
            raise ValueError(text)
        return text
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise ValueError(text)
    low, high = _RANGES.get(name, (0, 10**9))
    return min(max(int(text), low), high)


def apply_action(selection: Selection, action: Mapping[str, Any]) -> Selection:
    """The selection after what a person did.

    `{"query": ...}` replaces it whole (first load, back, forward). Any other action sets the fields it names:
    a new layer closes the channel, unless the action names one; a second class opens the comparison.
    """
    if "query" in action:
        return Selection.from_query(str(action["query"]))
    changes = {name: action[name] for name in _ACTION_FIELDS if name in action}
    if changes.get("layer", selection.layer) != selection.layer:
        changes.setdefault("channel", None)
    if changes.get("run", selection.run) != selection.run:
        return Selection(run=changes["run"])
    if changes.get("vs") is not None:
        changes.setdefault("view", "compare")
    return replace(selection, **changes, unread=())


def is_history_step(before: Selection, after: Selection) -> bool:
    """Whether the change deserves an entry of its own in the browser's history."""
    return any(
        getattr(before, f.name) != getattr(after, f.name)
        for f in fields(Selection)
        if f.name not in (*_OF_NO_HISTORY, "unread")
    )
