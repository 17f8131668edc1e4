"""Parts of the tests of attacks: secret files, every route with its parameters, and the rule of answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

__all__ = ["SECRET", "build_paths", "check_answer", "list_rules", "write_secrets"]

SECRET = "the-content-of-a-file-that-nobody-serves"
_NUMBER = "3"
_KNOWN = {
    "name": "synthetic", "layer": "conv1", "key": "run", "kind": "channel", "owner": "all", "method": "code-space",
    "ending": ".json", "package_name": "dash", "filename": "summit_dash.css", "path": "some/page",
    "fingerprinted_path": "dcc/dash_core_components.js",
}  # fmt: skip


def write_secrets(folder: Path) -> None:
    """Writes files that must not be served, into a folder and into the ones above it that tests own."""
    for place in (folder, folder.parent):
        (place / "secret.json").write_text(SECRET)
        (place / "secret.webp").write_text(SECRET)


def list_rules(server: Flask) -> list[Rule]:
    """Returns all routes of a server."""
    return sorted(server.url_map.iter_rules(), key=lambda rule: rule.rule)


def build_paths(rule: Rule, bad: str | None = None) -> Iterator[str]:
    """Yields a path of a route; with a bad value, one for each parameter that takes texts, quoted already."""
    names = sorted(rule.arguments)
    for place in names if bad is not None else [None]:
        values = {name: bad if name == place else quote(_KNOWN.get(name, _NUMBER), safe="/") for name in names}
        parts = [values[text] if is_name else text for is_name, text in rule._trace if text != "|"]
        yield "/" + "".join(str(part) for part in parts).lstrip("/")


def check_answer(answer: TestResponse, *forbidden: str) -> None:
    """Checks that an answer shows nothing of the inside of the program, and no forbidden text.

    Raises:
        AssertionError: it does.
    """
    text = answer.get_data(as_text=False).decode("utf-8", "replace")
    assert answer.status_code < 500, (answer.request.path, text[:300])
    for word in ("Traceback", 'File "/', "root:x:", SECRET, *forbidden):
        assert word not in text, (answer.request.path, word)
