"""`python -m benchmarks.many_classes FOLDER`: a drawn run of 21,000 classes, made where it is not there, in a browser.

Prints the times of the server for each payload, and in Chromium those of the first view, a key in the search of the
list, a class, and a comparison, each until it is painted; and the memory of both.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright
from waitress import wasyncore
from waitress.server import create_server

from summit_dash.run.memory import measure_memory
from summit_dash.run.stores import Stores, open_runs
from summit_dash.server.app import create_app
from summit_dash.server.settings import Settings
from tests.browser.chromium import FLAGS, find_chromium
from tests.support.synthetic_run import SyntheticRun, write_synthetic_run

N_CLASSES = 21_000
LAYERS = (("conv1", 24), ("conv2", 32), ("conv3", 48), ("conv4", 64))
KEYS = (
    "run", "labels", "embedding", "class/{n}", "class/{n}/ends", "class/{n}/panel", "preview/{n}", "confusions",
    "confusions/{n}", "channels/conv4", "channel_use", "channel/conv4/3", "class/{n}/channel/conv4/3", "about",
)  # fmt: skip
DISPATCH = "(action) => { const now = performance.now(); summitDash.dispatch(action); return now; }"
PAINTED = """(since) => { const stage = document.querySelector('#graph .graph-stage');
  const painted = stage ? Number(stage.dataset.painted) : 0; return painted > since && painted; }"""
TWO_FRAMES = """() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() =>
  done(performance.now()))))"""


@contextmanager
def serve(run: Path) -> Iterator[tuple[str, Any]]:
    """Serves a run from this process; yields the address and a client that asks without a network."""
    app = create_app(Stores(open_runs([str(run)])), Settings())
    server = create_server(app.server, host="127.0.0.1", port=0, threads=8)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}/", app.server.test_client()
    finally:
        server.task_dispatcher.shutdown()
        server.trigger.pull_trigger(lambda: wasyncore.close_all(server._map))
        thread.join()


def measure_server(client: Any, name: str) -> None:
    """Prints the first time of each payload, the median of others, and its size."""
    for key in KEYS:
        times = []
        for n in (5, 9_000, 20_500):
            begin = time.perf_counter()
            answer = client.get(f"/run/{name}/data/{key.format(n=n)}.json", headers={"Accept-Encoding": "gzip"})
            times.append((time.perf_counter() - begin) * 1000)
            assert answer.status_code == 200, answer.text
        sizes = f"{len(answer.data) / 1e3:9,.1f} kB"
        print(f"  {key:28} first {times[0]:8.1f} ms  later {statistics.median(times[1:]):8.1f} ms {sizes}")


def measure_page(page: Page, url: str) -> None:
    """Prints the times in the browser."""
    begin = time.perf_counter()
    page.goto(f"{url}?class=5")
    page.wait_for_function(PAINTED, arg=0, timeout=120_000)
    print(f"  first view {time.perf_counter() - begin:6.2f} s")
    page.wait_for_timeout(3000)

    def time_action(action: dict[str, object]) -> float:
        since = page.evaluate(DISPATCH, action)
        return float(page.wait_for_function(PAINTED, arg=since, timeout=60_000).json_value()) - float(since)

    classes = [time_action({"class_id": n}) for n in (12_000, 77, 20_999, 4_000, 15_001)]
    _print("class", classes)
    _print("comparison", [time_action({"view": "compare", "vs": n}) for n in (9_999, 30, 18_000)])
    page.evaluate(DISPATCH, {"view": "graph"})
    for text in ("black bear", "wolf 1200"):
        page.locator("#search").fill("")
        page.locator("#search").focus()
        _print(f"key of {text!r}", [_time_key(page, letter) for letter in text])
    for order in ("name", "top1", "similar"):
        page.evaluate(DISPATCH, {"sort": order})
        _print(f"order {order}", [_time_frames(page)])
    heap = page.evaluate("() => performance.memory.usedJSHeapSize") / 1e6
    print(f"  heap of the page {heap:.0f} MB")


def _time_key(page: Page, letter: str) -> float:
    begin = time.perf_counter()
    page.keyboard.type(letter)
    page.evaluate(TWO_FRAMES)
    return (time.perf_counter() - begin) * 1000


def _time_frames(page: Page) -> float:
    begin = time.perf_counter()
    page.evaluate(TWO_FRAMES)
    return (time.perf_counter() - begin) * 1000


def _print(name: str, times: list[float]) -> None:
    print(f"  {name:22} median {statistics.median(times):7.1f} ms, worst {max(times):7.1f} ms")


def take_time(name: str, do: Callable[[], object]) -> None:
    """Prints the seconds that something takes."""
    begin = time.perf_counter()
    do()
    print(f"  {name} {time.perf_counter() - begin:.2f} s")


def main() -> None:
    """Makes the run where it is not there, and prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--classes", type=int, default=N_CLASSES)
    given = parser.parse_args()
    run: Path = given.folder
    if not run.exists():
        options = SyntheticRun(
            n_classes=given.classes, layers=LAYERS, n_images=10, picture_size=16, influences_per_target=3, n_groups=200
        )
        take_time("the run is made in", lambda: write_synthetic_run(run, options))
    executable = find_chromium()
    with serve(run) as (url, client), sync_playwright() as playwright:
        take_time("opened in", lambda: client.get("/runs.json"))
        name = client.get("/runs.json").json["runs"][0]["name"]
        measure_server(client, name)
        browser = playwright.chromium.launch(executable_path=executable, args=[*FLAGS, "--enable-precise-memory-info"])
        measure_page(browser.new_page(viewport={"width": 1440, "height": 900}), url)
        browser.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(f"  memory of the server {measure_memory() / 1e6:.0f} MB, at most {peak:.0f} MB")


if __name__ == "__main__":
    main()
