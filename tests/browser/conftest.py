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
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, ViewportSize, expect, sync_playwright
from waitress import wasyncore
from waitress.server import TcpWSGIServer, create_server

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

SIZE: ViewportSize = {"width": 1440, "height": 900}
_LEAVE = """() => {
  document.activeElement?.blur();
  const {selection, labels} = window.summitDash ?? {};
  if (!selection) return false;
  const isKept = Object.entries(localStorage).some((each) => each.join() !== 'summit-dash-use-folded,false');
  const isTyping = document.getElementById('search')?.value.trim() !== selection.search;
  const isOpen = [...document.querySelectorAll('[role=dialog]')].some((each) => each.checkVisibility());
  return !isKept && !isTyping && !isOpen && labels.all().length === 0;
}"""
"""Takes the focus away; false where a setting, text on its way, an open dialog or a label would stay."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = find_chromium()
    if path is None:
        problem = "The browser tests need Chromium: `playwright install chromium`."
        pytest.fail(problem) if os.environ.get("CI") else pytest.skip(problem)
    expect.set_options(timeout=20_000)
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
        server.trigger.pull_trigger(lambda: close_connections(server))
        thread.join()


def close_connections(server: TcpWSGIServer) -> None:
    """Closes all connections, and the files that were still to be sent."""
    for channel in list(server.active_channels.values()):
        channel.handle_close()
    wasyncore.close_all(server._map)


@pytest.fixture(scope="session")
def url(run_path: Path) -> Iterator[str]:
    """The address of the served synthetic run."""
    with serve(run_path) as address:
        yield address


@pytest.fixture(scope="session")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """The context of all tests, so that the scripts of the page are fetched once."""
    with browser.new_context(viewport=SIZE, color_scheme="light", reduced_motion="reduce") as context:
        context.set_default_timeout(20_000)
        yield context


class KeptPage:
    """The open page that tests share: most of them go to an address within it, and load nothing again.

    A test that leaves more behind than its address and the place of the pointer asks for `new_page`.
    """

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.words: list[str] = []
        """Messages of the console; empty at the end of a test."""
        self._page: Page | None = None
        self._url = ""

    def bring(self, url: str) -> Page:
        """Returns the page, in the state of a new one but for its address; a new one where the server is another."""
        if url != self._url:
            self.close()
            self.words.clear()  # of the page of a server that has ended since
        page = self._page
        if page is None or page.is_closed() or not self._clean(page):
            self.close()
            if not self.context.pages:  # it stays open, so that the process of the pages lives on between two tests
                self.context.new_page().goto(f"{url}assets/summit_dash.css")
            page = self._page = self.context.new_page()
            self._url = url
            watch(page, url, self.words)
        return page

    def close(self) -> None:
        """Closes the page and forgets what it kept in the browser."""
        if self._page and not self._page.is_closed():
            self._page.evaluate("() => window.localStorage.clear()")
            self._page.close()
        self._page = None

    def _clean(self, page: Page) -> bool:
        """Takes back what a test has set; returns False where something would stay."""
        if page.viewport_size != SIZE:
            page.set_viewport_size(SIZE)
        page.unroute_all()
        page.mouse.move(0, 0)
        return bool(page.evaluate(_LEAVE))


@pytest.fixture(scope="session")
def kept_page(context: BrowserContext) -> Iterator[KeptPage]:
    kept = KeptPage(context)
    yield kept
    kept.close()


@pytest.fixture
def words(kept_page: KeptPage, request: pytest.FixtureRequest) -> list[str]:
    """Messages of the console of this test's pages; empty at its end.

    A test with pages of its own does not hear the kept one, whose server may have ended.
    """
    if "page" not in request.fixturenames:
        return []
    kept_page.words.clear()
    return kept_page.words


@pytest.fixture
def new_page(kept_page: KeptPage) -> Iterator[None]:
    """Gives a test a page of its own, where what it shows first or leaves behind is more than an address."""
    kept_page.close()
    yield
    kept_page.close()


@pytest.fixture
def page(kept_page: KeptPage, url: str, words: list[str], request: pytest.FixtureRequest) -> Iterator[Page]:
    """The page, whose console must be empty at the end; after a test that failed, the next one gets another page."""
    failed = request.session.testsfailed
    yield kept_page.bring(url)
    if request.session.testsfailed > failed or words:
        kept_page.close()
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
