"""`python -m tests.browser.screenshots RUN OUTDIR [--class NAME --vs NAME]`: pictures of every page, to be looked at.

Each page at two sizes, light and dark, as `NAME-WIDTH-THEME.png`.
"""

from __future__ import annotations

import argparse
import itertools
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal
from urllib.parse import urlencode

from playwright.sync_api import Page, sync_playwright
from waitress.server import create_server

from summit_dash.graph.comparison import compare
from summit_dash.run.find_class import find_class
from summit_dash.run.store import RunStore
from summit_dash.server.app import create_app
from summit_dash.server.settings import Settings
from tests.browser.chromium import FLAGS, find_chromium

SIZES = ((1440, 900), (1024, 768))
_PICTURES_ARE_IN = "() => [...document.images].every((i) => i.complete)"


def build_queries(store: RunStore, a: int, b: int) -> dict[str, str]:
    """Returns the query of every page, by name."""
    middle, last = store.layer_names[len(store.layers) // 2], store.layer_names[-1]
    nodes = [n for n in store.graph(a).nodes if n.channel.layer == middle] or list(store.graph(a).nodes)
    at = max(nodes, key=lambda n: n.activation_count).channel
    parting = compare(store.graph(a), store.graph(b)).parting_layer or middle
    pages: Mapping[str, Mapping[str, object]] = {
        "graph": {"class": a, "layer": at.layer, "channel": at.channel},
        "graph-open": {"class": a, "layer": last},
        "graph-right": {"class": a, "layer": last, "direction": "right"},
        "compare": {"class": a, "vs": b, "layer": at.layer, "channel": at.channel, "view": "compare"},
        "compare-open": {"class": a, "vs": b, "layer": parting, "view": "compare"},
        "compare-sides": {"class": a, "vs": b, "layer": parting, "view": "compare", "sides": "two"},
        "channels": {"class": a, "layer": at.layer, "view": "channels", "channel": at.channel},
        "about": {"class": a, "layer": last, "view": "about"},
    }
    return {name: f"?{urlencode(fields)}" for name, fields in pages.items()}


def open_pages(store: RunStore, sizes: Sequence[tuple[int, int]]) -> Iterator[tuple[Page, str, str]]:
    """Serves a run, and yields a new page of every size and theme, the address, and `WIDTH-THEME`."""
    server = create_server(create_app([store], Settings()).server, host="127.0.0.1", port=0, threads=8)
    threading.Thread(target=server.run, daemon=True).start()
    executable = find_chromium()
    themes: Sequence[Literal["light", "dark"]] = ("light", "dark")
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=executable, args=list(FLAGS)) as browser,
    ):
        for (width, height), theme in itertools.product(sizes, themes):
            with browser.new_context(
                viewport={"width": width, "height": height}, color_scheme=theme, reduced_motion="reduce"
            ) as context:
                page = context.new_page()
                page.set_default_timeout(60_000)
                yield page, f"http://127.0.0.1:{server.effective_port}/", f"{width}-{theme}"


def _wait_for_pictures(page: Page) -> None:
    """Waits until graph, embedding and pictures are painted."""
    page.wait_for_function("() => window.summitDash && summitDash.selection")
    if page.evaluate("() => ['graph', 'compare'].includes(summitDash.selection.view)"):
        page.wait_for_selector("#graph .graph-stage[data-painted]")
    page.wait_for_selector("#embedding[data-layer]", state="attached")  # hidden where the left column is folded
    page.wait_for_load_state("networkidle")
    page.wait_for_function(_PICTURES_ARE_IN)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--class", dest="a", help="class_id, synset or name; the first by default")
    parser.add_argument("--vs", dest="b", help="the second by default")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    store = RunStore(arguments.run)
    ids = list(store.classes)
    a, b = (
        find_class(store.classes, name).class_id if name else ids[place]
        for place, name in enumerate((arguments.a, arguments.b))
    )
    queries = build_queries(store, a, b)
    for page, url, name in open_pages(store, SIZES):
        for view, query in queries.items():
            page.goto(url + query)
            _wait_for_pictures(page)
            page.screenshot(path=arguments.out / f"{view}-{name}.png")


if __name__ == "__main__":
    main()
