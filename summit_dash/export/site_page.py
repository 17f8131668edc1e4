"""The page of a static site: the document that a server sends, with its scripts and answers beside it."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dash import Dash
from werkzeug.test import Client

from summit_dash.pages.application import build_application
from summit_dash.pages.frame import build_boot
from summit_dash.run.stores import Entry

__all__ = ["write_page"]

_STATIC = Path(__file__).with_name("static.js")
_ANSWERED = ("_dash-layout", "_dash-dependencies")
"""The addresses that Dash asks for when the page opens."""
_SUITES = "/_dash-component-suites/"
_LIBRARY = re.compile(rf'<script src="({_SUITES}[^"]+)"></script>\n?')
_FINGERPRINT = re.compile(r"\.v[\w-]*m\d+(?=\.)")
_NAMESPACES = {
    "dash/dcc": "dash_core_components",
    "dash/html": "dash_html_components",
    "dash/dash_table": "dash_table",
    "dash_cytoscape": "dash_cytoscape",
}
"""The namespace of the components of a folder of scripts; scripts of other folders are always kept."""
_CHUNKS = {
    "Graph": ("graph",),
    "Slider": ("slider",),
    "RangeSlider": ("slider",),
    "Dropdown": ("dropdown",),
    "Markdown": ("markdown", "highlight"),
    "DatePickerSingle": ("datepicker",),
    "DatePickerRange": ("datepicker",),
    "Upload": ("upload",),
}
"""The scripts that `dash.dcc` asks for when it first shows a component."""


def write_page(store: Entry, folder: Path, assets: Path) -> None:
    """Writes `index.html` and `assets/` into a folder.

    The document is that of the served page. The answers that Dash asks for are part of it, and the scripts of the
    component libraries that it uses are in `assets/dash/`.
    """
    left_out = shutil.ignore_patterns("__pycache__", "*.py", "src")
    shutil.copytree(assets, folder / "assets", ignore=left_out)
    shutil.copyfile(_STATIC, folder / "assets" / "static.js")
    app = build_application(lambda: build_boot([store], ""), "Summit Dash", is_static=True)
    client = Client(app.server)
    answers = {name: json.loads(client.get(f"/{name}").text) for name in _ANSWERED}
    components = set(_list_components(answers["_dash-layout"]))
    document = client.get("/").text
    for address in _LIBRARY.findall(document):
        document = _place_library(client, address, document, folder / "assets", components)
    _write_chunks(app, folder / "assets" / "dash", components)
    (folder / "index.html").write_text(_write_document(document, answers), encoding="utf-8")


def _list_components(layout: Any) -> Iterator[tuple[str, str]]:
    """Yields namespace and type of every component of a layout as JSON."""
    if isinstance(layout, list):
        for part in layout:
            yield from _list_components(part)
    elif isinstance(layout, dict):
        if {"namespace", "type"} <= layout.keys():
            yield layout["namespace"], layout["type"]
        for part in layout.values():
            yield from _list_components(part)


def _place_library(client: Client, address: str, document: str, assets: Path, components: set[tuple[str, str]]) -> str:
    """Copies a script of a component library and names the copy in the document; removes one that is not used."""
    package = address.removeprefix(_SUITES).rpartition("/")[0]
    namespace = _NAMESPACES.get(package)
    if namespace is not None and namespace not in {used for used, _ in components}:
        return re.sub(rf'<script src="{re.escape(address)}"></script>\n?', "", document)
    name = _FINGERPRINT.sub("", address.rpartition("/")[2])
    target = assets / "dash" / name
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(client.get(address).data)
    return document.replace(address, f"assets/dash/{name}")


def _write_chunks(app: Dash, folder: Path, components: set[tuple[str, str]]) -> None:
    """Copies the scripts that the components ask for themselves."""
    types = {name for namespace, name in components if namespace == "dash_core_components"}
    client = Client(app.server)
    for chunk in sorted({chunk for name in types for chunk in _CHUNKS.get(name, ())}):
        answer = client.get(f"{_SUITES}dash/dcc/async-{chunk}.js")
        (folder / f"async-{chunk}.js").write_bytes(answer.data)


def _write_document(document: str, answers: dict[str, Any]) -> str:
    """Makes addresses relative, and puts the answers and `static.js` before the page's own scripts."""
    document = re.sub(r'"/assets/([^"?]+)\?[^"]*"', r'"assets/\1"', document)
    text = json.dumps(answers, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c")
    added = f'<script id="answers" type="application/json">{text}</script>\n<script src="assets/static.js"></script>\n'
    return document.replace('<div id="react-entry-point"', f'{added}<div id="react-entry-point"', 1)
