"""`python -m tests.browser.screenshots RUN OUTDIR [--class NAME --vs NAME]`: pictures of the page, to be looked at.

Graph and comparison with the channel panel open, at two sizes, light and dark; and each once without the panel.
"""

from __future__ import annotations

import argparse
import sys
import threading
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright
from waitress.server import create_server

from summit_dash.app import create_app
from summit_dash.comparison import compare
from summit_dash.selection import Selection
from summit_dash.settings import Settings
from summit_dash.store import RunStore
from tests.browser.canvas import open_page, wait_until
from tests.browser.chromium import FLAGS, find_chromium

SIZES = ((1440, 900), (1024, 768))
_PICTURES_ARE_IN = "() => [...document.images].every((i) => i.complete)"


def find_class(store: RunStore, name: str | None, otherwise: int) -> int:
    """The class of a name, or the one at a place."""
    if name is None:
        return list(store.classes)[otherwise]
    found = [c.class_id for c in store.classes.values() if name in (c.class_name, c.short_name, c.synset)]
    if not found:
        sys.exit(f"The run has no class {name}.")
    return found[0]


def selections(store: RunStore, a: int, b: int) -> dict[str, Selection]:
    """What to take pictures of, by name."""
    middle = store.layer_names[len(store.layers) // 2]
    nodes = [n for n in store.graph(a).nodes if n.at.layer == middle] or list(store.graph(a).nodes)
    graph = Selection(class_id=a, layer=middle, channel=max(nodes, key=lambda n: n.activation_count).at.channel)
    shared = compare(store.graph(a), store.graph(b)).parting_layer or middle
    return {
        "graph": graph,
        "graph-open": Selection(class_id=a, layer=store.layer_names[-1]),
        "compare": Selection(class_id=a, vs=b, layer=graph.layer, channel=graph.channel, view="compare"),
        "compare-open": Selection(class_id=a, vs=b, layer=shared, view="compare"),
    }


def take(browser: Browser, url: str, views: dict[str, Selection], out: Path) -> None:
    for width, height in SIZES:
        for theme in ("light", "dark"):
            context = browser.new_context(
                viewport={"width": width, "height": height}, color_scheme=theme, reduced_motion="reduce"
            )
            page = context.new_page()
            page.set_default_timeout(60_000)
            for name, selection in views.items():
                open_page(page, url + selection.to_query())
                wait_until(page, "() => document.querySelector('#embedding .js-plotly-plot')?.data?.[0]?.x?.length")
                wait_until(page, _PICTURES_ARE_IN)
                page.wait_for_load_state("networkidle")
                page.screenshot(path=out / f"{name}-{width}-{theme}.png")
            context.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--class", dest="a")
    parser.add_argument("--vs", dest="b")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    store = RunStore(arguments.run)
    views = selections(store, find_class(store, arguments.a, 0), find_class(store, arguments.b, 1))
    server = create_server(create_app([store], Settings()).server, host="127.0.0.1", port=0, threads=8)
    threading.Thread(target=server.run, daemon=True).start()
    chromium = find_chromium()
    expect.set_options(timeout=60_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        take(browser, f"http://127.0.0.1:{server.effective_port}/", views, arguments.out)
        browser.close()


if __name__ == "__main__":
    main()
