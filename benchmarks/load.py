"""`python -m benchmarks.load RUN`: many people who look at a served run at once, over this machine alone.

Each person opens the page, then clicks a class every few seconds, compares, and opens channels: the requests that the
page would send, over a connection that stays open. Time and number are bounded. Prints the times of requests by kind,
errors, and the memory of the server in the first and the last tenth of the time.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import random
import re
import secrets
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median, quantiles
from urllib.parse import quote

from tests.support.served import find_port

MOST_USERS, MOST_SECONDS = 200, 1200


@dataclass
class Record:
    """Times, errors and memory of a load; several threads write to it."""

    milliseconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)
    memory: list[tuple[float, float]] = field(default_factory=list)


@dataclass
class User:
    """A person with a connection of their own."""

    port: int
    token: str
    record: Record

    def __post_init__(self) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def ask(self, kind: str, path: str, encoding: str = "gzip") -> bytes:
        """Sends a request and notes how long the whole answer took."""
        begin = time.perf_counter()
        try:
            headers = {"Authorization": f"Bearer {self.token}", "Accept-Encoding": encoding}
            self._connection.request("GET", path, headers=headers)
            answer = self._connection.getresponse()
            content = answer.read()
            if answer.status != 200:
                self.record.errors.append(f"{answer.status} {path}")
        except OSError as problem:
            self._connection.close()
            self.record.errors.append(f"{problem!r} {path}")
            return b""
        self.record.milliseconds[kind].append((time.perf_counter() - begin) * 1000)
        return content


def use_page(user: User, run: str, classes: list[int], layers: list[str], until: float, seed: int) -> None:
    """Opens the page and clicks until the time is over."""
    draw = random.Random(seed)
    base = f"/run/{quote(run)}"
    for path in ("/", "/_dash-layout", "/_dash-dependencies", "/assets/summit_dash.js", "/assets/summit_dash.css"):
        user.ask("page", path)
    user.ask("run.json", f"{base}/data/run.json")
    while time.monotonic() < until:
        time.sleep(draw.uniform(1, 5))
        chosen = draw.choice(classes)
        user.ask("class", f"{base}/data/class/{chosen}.json")
        user.ask("thumbnails", f"{base}/thumbnails/{chosen}.bin")
        if draw.random() < 0.3:
            user.ask("class", f"{base}/data/class/{draw.choice(classes)}.json")
            user.ask("panel", f"{base}/data/class/{chosen}/panel.json")
        if draw.random() < 0.5:
            user.ask(
                "channel", f"{base}/data/class/{chosen}/channel/{quote(draw.choice(layers))}/{draw.randrange(8)}.json"
            )


@contextlib.contextmanager
def serve(run: str, threads: int) -> Iterator[tuple[int, str]]:
    """Serves the run from a process of its own, by a link; yields port and token."""
    port, token = find_port(), secrets.token_urlsafe(16)
    command = [sys.executable, "-m", "summit_dash.cli", "serve", run, "--port", str(port), "--auth", "token"]
    environment = {**os.environ, "SUMMIT_DASH_TOKEN": token, "SUMMIT_DASH_LOG": "none"}
    process = subprocess.Popen([*command, "--workers", str(threads)], env=environment, stderr=subprocess.DEVNULL)
    try:
        while True:
            with contextlib.suppress(OSError):
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
                connection.request("GET", "/healthz")
                connection.getresponse().read()
                break
            time.sleep(0.2)
        yield port, token
    finally:
        process.terminate()
        process.wait(60)


def watch_memory(user: User, until: float) -> None:
    """Notes the memory of the server, in MB, once a second."""
    while time.monotonic() < until:
        found = re.search(
            rb"^summit_dash_memory_bytes (\S+)$", user.ask("metrics", "/metrics", "identity"), re.MULTILINE
        )
        if found is not None:
            user.record.memory.append((time.monotonic(), float(found[1]) / 1e6))
        time.sleep(1)


def print_report(record: Record, users: int, seconds: float) -> None:
    """Prints a table of times, and what else was seen."""
    print(f"{users} users, {seconds:g} s: {sum(map(len, record.milliseconds.values())):,} requests")
    for kind, times in sorted(record.milliseconds.items()):
        p95 = quantiles(times, n=20)[-1] if len(times) > 1 else times[0]
        print(f"  {kind:12} n {len(times):6,}  median {median(times):7.1f}  p95 {p95:7.1f}  max {max(times):7.1f} ms")
    tenth = max(1, len(record.memory) // 10)
    parts = (record.memory[tenth : 2 * tenth], record.memory[-tenth:])
    early, late = (median(megabytes for _, megabytes in part) for part in parts)
    print(f"  memory {early:.0f} MB in the second tenth of the time, {late:.0f} MB in the last")
    print(f"  errors {len(record.errors)} {record.errors[:3] or ''}")


def main() -> None:
    """Runs the load and prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run")
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--threads", type=int, default=8)
    given = parser.parse_args()
    users, seconds = min(given.users, MOST_USERS), min(given.seconds, MOST_SECONDS)
    record = Record()
    with serve(given.run, given.threads) as (port, token):
        choices = _find_choices(User(port, token, Record()))
        until = time.monotonic() + seconds
        work = [
            threading.Thread(target=use_page, args=(User(port, token, record), *choices, until, n))
            for n in range(users)
        ]
        work.append(threading.Thread(target=watch_memory, args=(User(port, token, record), until)))
        for thread in work:
            thread.start()
        for thread in work:
            thread.join()
    print_report(record, users, seconds)


def _find_choices(user: User) -> tuple[str, list[int], list[str]]:
    """Finds the name of the first run, its classes and its layers."""
    boot = re.search(rb'id="boot"[^>]*>(.*?)</script>', user.ask("page", "/", "identity"))
    assert boot is not None
    name = json.loads(boot[1])["runs"][0]["name"]
    found = json.loads(user.ask("run.json", f"/run/{quote(name)}/data/run.json", "identity"))
    return name, found["classes"]["id"], [each["layer"] for each in found["layers"]]


if __name__ == "__main__":
    main()
