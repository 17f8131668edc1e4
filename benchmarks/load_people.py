"""The people of a load: those who look at a run, those who bring images, and those with a real browser."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import random
import re
import threading
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any
from urllib.parse import quote

__all__ = ["Choices", "Record", "User", "bring_images", "look_at_run", "use_browsers"]

IMAGES_BEFORE_FORGETTING = 10
"""Images after which a person lets the server forget them: a visit holds 24."""


@dataclass
class Record:
    """Times, errors and memory of a load; several threads write to it."""

    milliseconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)
    memory: list[tuple[float, float]] = field(default_factory=list)


@dataclass(frozen=True)
class Choices:
    """The parts of a run that can be clicked. `channels` are those of some graphs, as layer and number."""

    run: str
    classes: Sequence[int]
    layers: Sequence[str]
    channels: Sequence[tuple[str, int]]


@dataclass
class User:
    """A person with a connection of their own, and a browser that keeps what it was told to keep."""

    port: int
    token: str
    record: Record

    def __post_init__(self) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        self._kept: set[str] = set()

    def ask(self, kind: str, path: str, encoding: str = "gzip", body: bytes | None = None) -> bytes:
        """Sends a request, unless the browser has its answer, and notes how long the whole answer took."""
        if path in self._kept:
            return b""
        begin = time.perf_counter()
        headers = {"Authorization": f"Bearer {self.token}", "Accept-Encoding": encoding}
        try:
            if body is None:
                self._connection.request("GET", path, headers=headers)
            else:
                self._connection.request("POST", path, body, {**headers, "Content-Type": "application/json"})
            answer = self._connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as problem:
            self._connection.close()
            self.record.errors.append(f"{problem!r} {path}")
            return b""
        if answer.status >= 400:
            self.record.errors.append(f"{answer.status} {path} {content[:100]!r}")
        if "immutable" in answer.headers.get("Cache-Control", ""):
            self._kept.add(path)
        self.record.milliseconds[kind].append((time.perf_counter() - begin) * 1000)
        return content


# --- people who look ------------------------------------------------------------------------------------------------


def look_at_run(user: User, choices: Choices, until: float, seed: int) -> None:
    """Opens the page and clicks until the time is over: classes, comparisons, channels, panels, pages."""
    draw = random.Random(seed)
    if not _wait(draw.uniform(0, 10), until):
        return
    base = f"/run/{quote(choices.run)}"
    for path in ("/", "/assets/summit_dash.css", "/assets/summit_dash.js", "/_dash-layout", "/_dash-dependencies"):
        user.ask("page", path)
    for key in ("run", "labels", "embedding"):
        user.ask("payload", f"{base}/data/{key}.json")
    doing = (_click_class, _compare, _open_channel, _open_panel, _open_page)
    while _wait(draw.uniform(2, 8), until):
        draw.choices(doing, (50, 12, 20, 10, 8))[0](user, base, choices, draw)


def _wait(seconds: float, until: float) -> bool:
    """Waits as long as a person thinks. Returns False when the time is over."""
    time.sleep(max(0.0, min(seconds, until - time.monotonic())))
    return time.monotonic() < until


def _click_class(user: User, base: str, choices: Choices, draw: random.Random) -> int:
    chosen = draw.choice(choices.classes)
    user.ask("payload", f"{base}/data/class/{chosen}.json")
    user.ask("pictures", f"{base}/thumbnails/{chosen}.bin")
    user.ask("payload", f"{base}/data/class/{chosen}/ends.json")
    return chosen


def _compare(user: User, base: str, choices: Choices, draw: random.Random) -> None:
    for _ in range(2):
        _click_class(user, base, choices, draw)


def _open_channel(user: User, base: str, choices: Choices, draw: random.Random) -> None:
    layer, number = draw.choice(choices.channels)
    chosen = _click_class(user, base, choices, draw)
    place = f"{quote(layer)}/{number}"
    user.ask("payload", f"{base}/data/channel/{place}.json")
    user.ask("payload", f"{base}/data/class/{chosen}/channel/{place}.json")
    for rank in range(10):
        user.ask("picture", f"{base}/example/{place}/all/{rank}.webp")


def _open_panel(user: User, base: str, choices: Choices, draw: random.Random) -> None:
    chosen = _click_class(user, base, choices, draw)
    content = json.loads(user.ask("payload", f"{base}/data/class/{chosen}/panel.json", "identity") or b"{}")
    found = content.get("examples") or {}
    for layer, number, rank in zip(*(found.get(name, ()) for name in ("layer", "channel", "rank")), strict=True):
        user.ask("picture", f"{base}/example/{quote(layer)}/{number}/{chosen}/{rank}.webp")


def _open_page(user: User, base: str, choices: Choices, draw: random.Random) -> None:
    layer, number = draw.choice(choices.channels)
    for key in draw.choice((("about",), ("confusions",), (f"channels/{quote(layer)}", "channel_use"))):
        user.ask("payload", f"{base}/data/{key}.json")
    user.ask("picture", f"{base}/picture/{quote(layer)}/{number}.webp")


# --- people who bring images ----------------------------------------------------------------------------------------


class _Callbacks:
    """The values of the page of images, and its callbacks as a browser calls them."""

    def __init__(self, user: User) -> None:
        self._user = user
        listed = json.loads(user.ask("page", "/_dash-dependencies", "identity"))
        self._known = {each["inputs"][0]["id"] + "." + each["inputs"][0]["property"]: each for each in listed}
        self.values: dict[str, Any] = {}

    def call(self, first: str, kind: str) -> None:
        """Calls the callback whose first input this is, and notes what it sets."""
        known = self._known[first]
        outputs = [_split(each) for each in known["output"].strip(".").split("...")]
        body = {
            "output": known["output"],
            "outputs": outputs if len(outputs) > 1 else outputs[0],
            "inputs": [{**each, "value": self._read(each)} for each in known["inputs"]],
            "state": [{**each, "value": self._read(each)} for each in known["state"]],
            "changedPropIds": [first],
        }
        content = self._user.ask(kind, "/_dash-update-component", "identity", json.dumps(body).encode())
        for name, properties in json.loads(content or b"{}").get("response", {}).items():
            for each, value in properties.items():
                self.values[f"{name}.{each}"] = value

    def _read(self, each: Mapping[str, Any]) -> Any:
        return self.values.get(f"{each['id']}.{each['property']}")


def _split(output: str) -> dict[str, str]:
    name, _, rest = output.rpartition(".")
    return {"id": name, "property": rest.partition("@")[0]}


def bring_images(user: User, choices: Choices, images: Sequence[Path], until: float, seed: int) -> None:
    """Brings an image, waits for its maps as the page does, looks at them, and brings the next one."""
    draw = random.Random(seed)
    if not _wait(draw.uniform(0, 20), until):
        return
    page = _Callbacks(user)
    wanted = {"run": choices.run, "theme": "light", "class_id": choices.classes[0], "image": None}
    page.values["images-wanted.data"] = wanted
    page.call("images-wanted.data", "ask")  # the open page warms the model while the person looks for a file
    if not _wait(draw.uniform(5, 15), until):
        return
    n = 0
    while True:
        image = draw.choice(images)
        content = base64.b64encode(image.read_bytes()).decode()
        page.values["images-upload.contents"] = [f"data:image/jpeg;base64,{content}"]
        page.values["images-upload.filename"] = [image.name]
        begin = time.perf_counter()
        page.call("images-upload.contents", "upload")
        brought = page.values.get("images-brought.data") or {}
        page.values["images-wanted.data"] = {**wanted, "image": brought.get("show")}
        _follow(page, user, begin, until)
        if not _wait(draw.uniform(15, 45), until):
            return
        n += 1
        if n % IMAGES_BEFORE_FORGETTING == 0:
            page.values["images-clear.n_clicks"] = n
            page.call("images-clear.n_clicks", "ask")


def _follow(page: _Callbacks, user: User, begin: float, until: float) -> None:
    """Asks for what is new until nothing more is computed; notes the time of the first map and of the last."""
    has_map = False
    while True:
        page.values["images-next.data"] = None
        page.call("images-wanted.data", "ask")
        passed = (time.perf_counter() - begin) * 1000
        body = json.dumps(page.values.get("images-body.children"))
        if not has_map and '"images-over"' in body:
            user.record.milliseconds["first map"].append(passed)
            has_map = True
        if not page.values.get("images-next.data"):
            user.record.milliseconds["all maps"].append(passed)
            if not has_map:
                user.record.errors.append(f"no map: {re.sub(r'<[^>]*>', '', body)[:200]}")
            return
        if not _wait(0.25, until):
            return
        page.values["images-ask.data"] = page.values["images-next.data"]


# --- real browsers --------------------------------------------------------------------------------------------------


def use_browsers(url: str, choices: Choices, number: int, seconds: float, told: Queue[Any]) -> None:
    """Clicks in several windows of Chromium, each with a profile of its own; runs in a process of its own.

    Puts the milliseconds of each payload, of each click until it is painted, and errors into a queue. The processes of
    Chromium have less priority than the server: those of other people run on other machines.
    """
    from playwright.sync_api import Error, sync_playwright

    from tests.browser.chromium import FLAGS, find_chromium

    executable, draw = find_chromium(), random.Random(number)
    with contextlib.suppress(OSError):
        os.nice(15)
    times: list[float] = []
    clicks: list[float] = []
    errors: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=[*FLAGS])
        pages = [browser.new_context(viewport={"width": 1440, "height": 900}).new_page() for _ in range(number)]
        for page in pages:
            page.on("requestfinished", lambda request: _note_time(request, times))
            page.on("response", lambda r: errors.append(f"{r.status} {r.url}") if r.status >= 400 else None)
            page.on("pageerror", lambda problem: errors.append(f"browser: {problem}"))
            page.goto(url)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for page in pages:
                page.wait_for_timeout(draw.uniform(600, 1800))
                try:
                    clicks.append(_click(page, choices, draw))
                except Error as problem:
                    errors.append(f"browser: {problem}")
        browser.close()
    told.put((times, clicks, errors))


_DISPATCH = "(action) => { const now = performance.now(); summitDash.dispatch(action); return now; }"


def _note_time(request: Any, times: list[float]) -> None:
    timing = request.timing
    if "/data/" in request.url and timing["responseEnd"] > 0 and timing["requestStart"] >= 0:
        times.append(timing["responseEnd"] - timing["requestStart"])


def _click(page: Any, choices: Choices, draw: random.Random) -> float:
    """Opens a class, sometimes beside another one, and returns the milliseconds until it is painted."""
    chosen, other = draw.sample(list(choices.classes), 2)
    action = {"class_id": chosen, **({"view": "compare", "vs": other} if draw.random() < 0.2 else {"view": "graph"})}
    begin = page.evaluate(
        "(action) => { const now = performance.now(); summitDash.dispatch(action); return now; }", action
    )
    drawn = page.wait_for_function(
        "(since) => { const stage = document.querySelector('#graph .graph-stage');"
        " const painted = stage ? Number(stage.dataset.painted) : 0; return painted > since && painted; }",
        arg=begin, timeout=30_000,
    )  # fmt: skip
    if draw.random() < 0.3:
        page.keyboard.press("/")
        page.keyboard.type(draw.choice(("dog", "bird", "car", "boat", "black")), delay=40)
        page.keyboard.press("Escape")
    return float(drawn.json_value()) - float(begin)


def start_threads(work: Sequence[threading.Thread]) -> None:
    """Starts threads and waits until all have ended."""
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()
