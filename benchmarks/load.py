"""`python -m benchmarks.load RUN`: many people who use a served run at once, over this machine alone.

Most open the page and then click a class every few seconds, compare, open channels, panels and pages: the requests that
the page would send, over a connection that stays open. Some bring images and wait for their maps, and some use a real
Chromium. Time and number are bounded. Prints the times of requests by kind, errors, and the memory of the server in the
first and in the last minute (tenth, of short loads). Exit code 1 if a goal is missed: no error, 95 of 100 payloads in
300 ms, memory within 5 %.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import multiprocessing
import os
import re
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.parse import quote

from benchmarks.load_people import Choices, Record, User, bring_images, look_at_run, start_threads, use_browsers
from tests.support.served import find_port

MOST_USERS, MOST_BROWSERS, MOST_SECONDS = 200, 8, 1200
GOAL_MILLISECONDS, GOAL_GROWTH = 300, 0.05
MEMORY = {"ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_ARENA_MAX": "2"}
"""Variables of the service in the docs."""
N_GRAPHS = 12
"""Classes whose graphs are asked for before, to find channels that people would click."""


@dataclass(frozen=True)
class Served:
    """A server of its own process, and the link to it."""

    process: subprocess.Popen[bytes]
    port: int
    token: str


@contextlib.contextmanager
def serve(run: str, threads: int) -> Iterator[Served]:
    """Serves the run from a process of its own, by a link."""
    port, token = find_port(), secrets.token_urlsafe(16)
    command = [sys.executable, "-m", "summit_dash.cli", "serve", run, "--port", str(port), "--auth", "token"]
    environment = {**os.environ, "SUMMIT_DASH_TOKEN": token, "SUMMIT_DASH_LOG": "none", **MEMORY}
    options = ["--role", "runner", "--workers", str(threads)]
    process = subprocess.Popen([*command, *options], env=environment, stderr=subprocess.DEVNULL)
    try:
        while process.poll() is None:
            with contextlib.suppress(OSError):
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
                connection.request("GET", "/healthz")
                connection.getresponse().read()
                break
            time.sleep(0.2)
        yield Served(process, port, token)
    finally:
        process.terminate()
        process.wait(60)


def watch_memory(user: User, until: float) -> None:
    """Notes the memory of the server, in MB, once a second."""
    while time.monotonic() < until:
        text = user.ask("metrics", "/metrics", "identity")
        found = re.search(rb"^summit_dash_memory_bytes (\S+)$", text, re.MULTILINE)
        if found is not None:
            user.record.memory.append((time.monotonic(), float(found[1]) / 1e6))
        time.sleep(1)


def find_choices(user: User) -> Choices:
    """Finds the name of the first run, its classes, its layers, and channels of some graphs."""
    boot = re.search(rb'id="boot"[^>]*>(.*?)</script>', user.ask("page", "/", "identity"))
    assert boot is not None
    run = json.loads(boot[1])["runs"][0]["name"]
    base = f"/run/{quote(run)}/data"
    found = json.loads(user.ask("run.json", f"{base}/run.json", "identity"))
    classes, layers = found["classes"]["id"], [each["layer"] for each in found["layers"]]
    channels = set()
    for class_id in classes[:: max(1, len(classes) // N_GRAPHS)]:
        nodes = json.loads(user.ask("class", f"{base}/class/{class_id}.json", "identity"))["nodes"]
        channels |= {(layers[layer], n) for layer, n in zip(nodes["layer"], nodes["channel"], strict=True)}
    return Choices(run, classes, layers, sorted(channels))


def run_load(served: Served, given: argparse.Namespace, images: list[Path]) -> Record:
    """Lets everybody use the server at once, and returns what was seen."""
    record, seconds = Record(), min(given.seconds, MOST_SECONDS)
    n_browsers = min(given.browsers, MOST_BROWSERS)
    n_labs = given.labs if images else 0
    n_people = max(0, min(given.users, MOST_USERS) - n_browsers - n_labs)
    choices = find_choices(User(served.port, served.token, Record()))
    context = multiprocessing.get_context("spawn")
    told: Any = context.Queue()
    url = f"http://127.0.0.1:{served.port}/?token={served.token}"
    browsers = context.Process(target=use_browsers, args=(url, choices, n_browsers, seconds, told))
    if n_browsers:
        browsers.start()
    until = time.monotonic() + seconds

    def build_user() -> User:
        return User(served.port, served.token, record)

    work = [
        *(threading.Thread(target=look_at_run, args=(build_user(), choices, until, n)) for n in range(n_people)),
        *(threading.Thread(target=bring_images, args=(build_user(), choices, images, until, n)) for n in range(n_labs)),
        threading.Thread(target=watch_memory, args=(build_user(), until)),
    ]
    start_threads(work)
    if n_browsers:
        times, clicks, errors = told.get(timeout=120)
        browsers.join(60)
        record.milliseconds["payload, browser"] = times
        record.milliseconds["click, browser"] = clicks
        record.errors.extend(errors)
    print(f"{n_people} people, {n_labs} with images, {n_browsers} browsers, {seconds:g} s, threads {given.threads}")
    return record


def print_report(record: Record, seconds: float) -> bool:
    """Prints a table of times and what else was seen. Returns True if all goals are met."""
    print(f"{sum(map(len, record.milliseconds.values())):,} requests")
    for kind, times in sorted(record.milliseconds.items()):
        if times:
            spread = quantiles(times, n=20) if len(times) > 1 else times * 19
            figures = f"median {median(times):7.1f}  p95 {spread[-1]:7.1f}  max {max(times):7.1f} ms"
            print(f"  {kind:17} n {len(times):6,}  {figures}")
    payloads = [*record.milliseconds["payload"], *record.milliseconds["payload, browser"]]
    p95 = quantiles(payloads, n=20)[-1] if len(payloads) > 1 else 0.0
    early, late = _measure_ends(record, seconds)
    growth = late / early - 1
    print(f"  memory {early:.0f} MB in the first minute, {late:.0f} MB in the last: {growth:+.1%}")
    print(f"  memory by minute {' '.join(f'{each:.0f}' for each in _list_minutes(record))} MB")
    print(f"  errors {len(record.errors)} {record.errors[:3] or ''}")
    print(f"  95 of 100 payloads within {p95:.0f} ms")
    return not record.errors and p95 <= GOAL_MILLISECONDS and abs(growth) <= GOAL_GROWTH


def _list_minutes(record: Record) -> list[float]:
    """Lists the medians of the memory in each minute, in MB."""
    minutes: dict[int, list[float]] = {}
    for when, megabytes in record.memory:
        minutes.setdefault(int((when - record.memory[0][0]) // 60), []).append(megabytes)
    return [median(each) for each in minutes.values()]


def _measure_ends(record: Record, seconds: float) -> tuple[float, float]:
    """Returns the medians of the memory in the first and in the last minute; in tenths of loads under ten minutes."""
    part = max(1, round(len(record.memory) * min(0.1, 60 / seconds)))
    parts = record.memory[:part], record.memory[-part:]
    early, late = (median(megabytes for _, megabytes in each) for each in parts)
    return early, late


def main() -> None:
    """Runs the load and prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run")
    parser.add_argument("--users", type=int, default=50, help="people in all")
    parser.add_argument("--browsers", type=int, default=3, help="of them with a real Chromium")
    parser.add_argument("--labs", type=int, default=5, help="of them who bring images")
    parser.add_argument("--images", type=Path, help="a folder of JPEG files that they bring")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--rest", type=float, default=25, help="seconds before it begins, in which the server warms up")
    given = parser.parse_args()
    images = sorted(given.images.rglob("*.jp*g"))[:200] if given.images else []
    with serve(given.run, given.threads) as served:
        time.sleep(given.rest)
        record = run_load(served, given, images)
    is_reached = print_report(record, min(given.seconds, MOST_SECONDS))
    raise SystemExit(0 if is_reached else 1)


if __name__ == "__main__":
    main()
