"""A real server of a synthetic run, and a real Chromium whose console must stay empty."""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright
from waitress import wasyncore
from waitress.server import create_server

from summit_dash.run.store import RunStore
from summit_dash.run.stores import Entry, Stores
from summit_dash.server.app import create_app
from summit_dash.server.settings import Settings
from tests.browser.chromium import FLAGS, find_chromium

_DRIVER = re.compile(r"GL Driver Message .*GPU stall due to ReadPixels")
"""A message of the software renderer, on machines without a graphics card; the page does not cause it."""
_WHEEL = re.compile(r"You have set a custom wheel sensitivity\.  This will make your app zoom unnaturally")
"""A message of Cytoscape: its Dash component sets the sensitivity always."""
ONE_PROCESS = "--process-per-site"
"""A flag of Chromium: pages of one address share a process, so that the scripts of the page are compiled once."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = find_chromium()
    if path is None:
        problem = "The browser tests need Chromium: `playwright install chromium`."
        pytest.fail(problem) if os.environ.get("CI") else pytest.skip(problem)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*FLAGS, ONE_PROCESS])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def run_path(synthetic_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This worker's copy of the synthetic run, beside which tests save labels."""
    return Path(shutil.copytree(synthetic_run, tmp_path_factory.mktemp("runs") / "synthetic"))


@contextmanager
def serve(run_path: Path, settings: Settings | None = None) -> Iterator[str]:
    """Serves a run until the block ends, and yields its address."""
    with serve_entries([RunStore(run_path)], settings) as address:
        yield address


@contextmanager
def serve_entries(entries: Sequence[Entry] | Stores, settings: Settings | None = None) -> Iterator[str]:
    """Serves runs and transfer results until the block ends, and yields the address.

    The thread of the server closes its connections itself, after the last answer is written: waitress wakes that thread
    through a descriptor, whose number would belong to a connection of another server after a close from outside.
    """
    app = create_app(entries, settings or Settings())
    server = create_server(app.server, host="127.0.0.1", port=0, threads=8, clear_untrusted_proxy_headers=False)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}/"
    finally:
        server.task_dispatcher.shutdown()
        server.trigger.pull_trigger(lambda: wasyncore.close_all(server._map))
        thread.join()


@pytest.fixture(scope="session")
def url(run_path: Path) -> Iterator[str]:
    """The address of the served synthetic run."""
    with serve(run_path) as address:
        yield address


@pytest.fixture
def words() -> list[str]:
    """Messages of the console; empty at the end of a test."""
    return []


@pytest.fixture(scope="session")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """The context of all tests, so that the scripts of the page are fetched once."""
    with browser.new_context(
        viewport={"width": 1440, "height": 900}, color_scheme="light", reduced_motion="reduce"
    ) as context:
        context.set_default_timeout(20_000)
        yield context


@pytest.fixture
def page(context: BrowserContext, url: str, words: list[str]) -> Iterator[Page]:
    expect.set_options(timeout=20_000)
    if not context.pages:  # it stays open, so that the process of the pages lives on between two tests
        context.new_page().goto(f"{url}assets/summit_dash.css")
    page = context.new_page()
    watch(page, url, words)
    yield page
    page.evaluate("() => window.localStorage.clear()")
    page.close()
    assert words == []


def watch(page: Page, url: str, words: list[str]) -> None:
    """Notes every warning, error, failed answer and request to another address in `words`."""

    def note_console(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not (_DRIVER.search(message.text) or _WHEEL.match(message.text)):
            words.append(f"{message.type}: {message.text}")

    page.on("console", note_console)
    page.on("pageerror", lambda error: words.append(f"page error: {error}"))
    page.on("response", lambda r: words.append(f"{r.status} {r.url}") if r.status >= 400 else None)
    page.on(
        "request", lambda r: None if r.url.startswith((url, "data:", "blob:")) else words.append(f"outside: {r.url}")
    )
