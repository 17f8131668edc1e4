"""Times of the dashboard in a real browser: `make bench-ui`, or `python -m benchmarks.ui RUN`.

Starts the server on a run, drives Chromium, and prints medians and the ninth decile. Times run in the page, from the
event of the input to the second animation frame after its effect is there; bytes are what the network brought.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, sync_playwright

from tests.browser.chromium import FLAGS, find_chromium
from tests.support.synthetic_run import SyntheticRun, write_synthetic_run

RESULTS = Path(__file__).with_name("results")
LOOK: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}, "reduced_motion": "reduce"}
N_FILLING = 60
"""Classes after which the caches of the page are full."""
_GRAPH = "#graph .graph-stage"
_PAINTED = """([stage, drawn, since]) => {
  const {drawn: shown, painted} = (document.querySelector(stage) || {dataset: {}}).dataset;
  return shown === drawn && Number(painted) > since && Number(painted);
}"""
_SETTLED = "(layer) => document.querySelector('#embedding').dataset.layer === layer && performance.now()"
_DISPATCH = "(action) => { const now = performance.now(); summitDash.dispatch(action); return now; }"
_NOTE_CLICK = """() => document.addEventListener('click', () => (window.clicked = performance.now()),
  {capture: true, once: true})"""


@dataclass
class Measured:
    """One measure: milliseconds and, where asked for, kilobytes and requests."""

    milliseconds: list[float] = field(default_factory=list)
    kilobytes: list[float] = field(default_factory=list)
    requests: list[int] = field(default_factory=list)

    def summarize(self) -> dict[str, float]:
        """Returns the medians, and the ninth decile of the times."""
        deciles = statistics.quantiles(self.milliseconds, n=10) if len(self.milliseconds) > 1 else self.milliseconds * 9
        medians = {"ms": statistics.median(self.milliseconds), "ms_p90": deciles[8]}
        if self.kilobytes:
            medians |= {"kB": statistics.median(self.kilobytes), "requests": statistics.median(self.requests)}
        return {name: round(value, 1) for name, value in medians.items()}


class Network:
    """Counts what a page's network brings."""

    def __init__(self, page: Page) -> None:
        self._session: CDPSession = page.context.new_cdp_session(page)
        self._session.send("Network.enable")
        self._session.on("Network.loadingFinished", self._note)
        self.n_bytes, self.n_requests = 0.0, 0

    def _note(self, event: dict[str, Any]) -> None:
        self.n_bytes += event["encodedDataLength"]
        self.n_requests += event["encodedDataLength"] > 0

    def reset(self) -> None:
        self.n_bytes, self.n_requests = 0.0, 0

    def read_heap(self) -> float:
        """Returns the megabytes that scripts hold after a collection."""
        self._session.send("HeapProfiler.collectGarbage")
        return float(self._session.send("Runtime.getHeapUsage")["usedSize"]) / 1e6


@contextmanager
def serve_run(run: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Serves a run by a process of its own, and yields its address and the process."""
    command = [sys.executable, "-m", "summit_dash.cli", "serve", str(run), "--port", "0", "--no-open"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        said = ""
        while not (match := re.search(r"http://\S+/", said)):
            line = process.stderr.readline()
            if not line:
                raise RuntimeError(f"the server did not start: {said}")
            said += line
        yield match.group(), process
    finally:
        process.terminate()
        process.wait(timeout=10)


def read_resident_megabytes(process: subprocess.Popen[str]) -> float:
    """Reads the resident memory of a process from /proc."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1000  # type: ignore[union-attr]


def main() -> None:
    """Prints the table and writes `results/ui.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, nargs="?", help="a run; a drawn one of 1,000 classes where none is named")
    parser.add_argument("--repeats", type=int, default=20)
    options = parser.parse_args()
    executable = find_chromium()
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        run = options.run or write_synthetic_run(Path(scratch) / "drawn", SyntheticRun(n_classes=1000))
        browser = playwright.chromium.launch(executable_path=executable, args=[*FLAGS, "--enable-precise-memory-info"])
        profile = playwright.chromium.launch_persistent_context(
            Path(scratch) / "profile", executable_path=executable, args=list(FLAGS), **LOOK
        )
        with serve_run(run) as (url, process):
            figures = measure(browser, profile, url, options.repeats)
            figures["server memory"] = {"MB": round(read_resident_megabytes(process), 1)}
        profile.close()
        browser.close()
    RESULTS.mkdir(exist_ok=True)
    about = {"run": run.name, "repeats": options.repeats, "machine": platform.processor() or platform.machine()}
    (RESULTS / "ui.json").write_text(json.dumps({**about, "figures": figures}, indent=1) + "\n")
    print_table(figures)


def print_table(figures: dict[str, dict[str, float]]) -> None:
    """Prints the figures as a Markdown table."""
    columns = ("ms", "ms_p90", "kB", "requests", "MB")
    print("| | " + " | ".join(columns) + " |\n|---" * 1 + "|---" * len(columns) + "|")
    for name, values in figures.items():
        print(f"| {name} | " + " | ".join(f"{values[c]:,.1f}" if c in values else "" for c in columns) + " |")


def measure(browser: Browser, profile: BrowserContext, url: str, repeats: int) -> dict[str, dict[str, float]]:
    """Takes all measures: the warm view with a profile that keeps what it was sent, all others without."""
    figures = {"first view, nothing cached": measure_cold(browser, url, repeats).summarize()}
    figures["first view, warm"] = measure_warm(profile, url, repeats).summarize()
    context = browser.new_context(**LOOK)
    page = context.new_page()
    network = Network(page)
    _open(page, network, url, Measured())
    ids = page.evaluate("() => summitDash.run.classes.map((each) => each.id)")
    layers = page.evaluate("() => summitDash.run.layers.map((each) => each.layer)")
    some = [int(c) for c in ids[1 :: max(1, len(ids) // (2 * repeats + 1))]][: 2 * repeats]
    figures["class click to graph"] = measure_switches(page, network, some[:repeats]).summarize()
    figures["comparison"] = measure_comparisons(page, network, some[repeats:]).summarize()
    figures["layer change"] = measure_layer_changes(page, network, layers, repeats).summarize()
    figures["keystroke to list"] = measure_keystrokes(page, repeats).summarize()
    figures |= measure_heap(page, network, [int(c) for c in ids])
    context.close()
    return figures


def measure_heap(page: Page, network: Network, ids: list[int]) -> dict[str, dict[str, float]]:
    """Measures the heap once the page has shown so many classes that its caches are full, then after 100 and 200 more.

    Up to some 150 classes Chromium still compiles functions that are called often, and counts their code.
    """
    many = ids * (1 + (N_FILLING + 200) // len(ids))
    figures = {}
    done = 0
    for name, n in (("before 100 classes", 0), ("after 100 classes", 100), ("after 200 classes", 200)):
        for class_id in many[done : N_FILLING + n]:
            select(page, class_id)
        done = N_FILLING + n
        figures[f"heap {name}"] = {"MB": round(network.read_heap(), 1)}
    return figures


def wait_painted(page: Page, drawn: str, since: float = 0.0) -> float:
    """Waits until the graph of these classes is painted, and returns the moment in the page's milliseconds."""
    return float(page.wait_for_function(_PAINTED, arg=[_GRAPH, drawn, since], polling="raf").json_value())


def measure_cold(browser: Browser, url: str, repeats: int) -> Measured:
    """Opens the page in a fresh context each time."""
    result = Measured()
    for _ in range(repeats):
        context = browser.new_context(**LOOK)
        page = context.new_page()
        _open(page, Network(page), url, result)
        context.close()
    return result


def measure_warm(profile: BrowserContext, url: str, repeats: int) -> Measured:
    """Opens the page in a new tab again and again, as people do; scripts and pictures come from the browser's cache.

    In one tab the page would get a new process each time where it is kept apart from the page that led to it
    (Cross-Origin-Opener-Policy), and the process of the time before where it is not. A tab rests before it is closed.
    """
    result = Measured()
    for turn in range(repeats + 2):  # a script is compiled for the cache when it is run for the second time
        page = profile.new_page()
        _open(page, Network(page), url, Measured() if turn < 2 else result)
        page.wait_for_timeout(1500)
        page.close()
    return result


def _open(page: Page, network: Network, url: str, result: Measured) -> None:
    network.reset()
    page.goto("about:blank")
    page.goto(url)
    page.wait_for_function("() => window.summitDash && summitDash.selection")
    class_id = page.evaluate("() => summitDash.selection.class_id")
    result.milliseconds.append(wait_painted(page, str(class_id)))
    result.kilobytes.append(network.n_bytes / 1000)
    result.requests.append(network.n_requests)


def select(page: Page, class_id: int) -> float:
    """Selects a class, and returns the milliseconds until its graph is painted."""
    since = page.evaluate(_DISPATCH, {"class_id": class_id, "vs": None, "view": "graph"})
    return wait_painted(page, str(class_id), since) - since


def measure_switches(page: Page, network: Network, class_ids: list[int]) -> Measured:
    """Measures a click on the row of a class that was never shown, found by its number in the search."""
    result = Measured()
    for class_id in class_ids:
        page.fill("#search", f"#{class_id}")
        row = page.locator(f'#sidebar [role=option][data-class="{class_id}"]').first
        row.wait_for()
        network.reset()
        page.evaluate(_NOTE_CLICK)
        row.evaluate("(element) => element.click()")
        painted = wait_painted(page, str(class_id), page.evaluate("() => window.clicked"))
        result.milliseconds.append(painted - page.evaluate("() => window.clicked"))
        result.kilobytes.append(network.n_bytes / 1000)
        result.requests.append(network.n_requests)
    page.fill("#search", "")
    return result


def measure_comparisons(page: Page, network: Network, class_ids: list[int]) -> Measured:
    """Measures comparisons of the shown class with classes that were never shown."""
    result = Measured()
    first = page.evaluate("() => summitDash.selection.class_id")
    for class_id in class_ids:
        network.reset()
        since = page.evaluate(_DISPATCH, {"vs": class_id})
        result.milliseconds.append(wait_painted(page, f"{first},{class_id}", since) - since)
        result.kilobytes.append(network.n_bytes / 1000)
        result.requests.append(network.n_requests)
    return result


def measure_layer_changes(page: Page, network: Network, layers: list[str], repeats: int) -> Measured:
    """Measures changes of the layer until every point is at its position, without animation."""
    result = Measured()
    for turn in range(repeats):
        layer = layers[turn % len(layers)]
        if layer == page.evaluate("() => summitDash.selection.layer"):
            continue
        network.reset()
        since = page.evaluate(_DISPATCH, {"layer": layer})
        settled = float(page.wait_for_function(_SETTLED, arg=layer, polling="raf").json_value())
        result.milliseconds.append(settled - since)
        result.kilobytes.append(network.n_bytes / 1000)
        result.requests.append(network.n_requests)
    return result


def measure_keystrokes(page: Page, repeats: int) -> Measured:
    """Measures the event of a key to the second frame after the list has followed it."""
    result = Measured()
    words: Callable[[int], str] = lambda turn: ("wolf", "crane", "tractor", "fox ", "pelican")[turn % 5]  # noqa: E731
    page.evaluate("""() => document.getElementById('search').addEventListener('input', () => {
      const began = performance.now();
      requestAnimationFrame(() => requestAnimationFrame(() => (window.typed = performance.now() - began)));
    }, {capture: true})""")
    for turn in range(repeats):
        page.fill("#search", "")
        for letter in words(turn):
            page.evaluate("() => (window.typed = null)")
            page.locator("#search").press(letter if letter != " " else "Space")
            result.milliseconds.append(float(page.wait_for_function("() => window.typed", polling="raf").json_value()))
    page.fill("#search", "")
    return result


if __name__ == "__main__":
    began = time.monotonic()
    main()
    print(f"{time.monotonic() - began:.0f} s in all")
