"""Small functions for a worker process; they import nothing heavy."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

from precompute.contract.errors import InputError

Report = Callable[[int, int, Any], None]


def add(a: int, b: int, report: Report) -> int:
    report(1, 2, a)
    report(2, 2, b)
    return a + b


_kept: list[bytes] = []


def keep_bytes(n: int, report: Report) -> None:
    """Keeps memory as a leak does."""
    _kept.append(b"x" * n)


def refuse(report: Report) -> None:
    raise InputError("A rule.", "What was found.", "Give --weights FILE.", on_page="What to do.")


def break_off(report: Report) -> None:
    raise ZeroDivisionError("nothing to divide")


def die(report: Report) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def hang(report: Report) -> None:
    """Answers nothing and looks at nothing."""
    report(0, 1, "begun")
    Event().wait()


def go_on(report: Report) -> None:
    """Works until it is cancelled."""
    pause = Event()
    n = 0
    while True:
        n += 1
        report(n, 0, None)
        pause.wait(0.01)


def go_on_from(report: Report) -> None:
    """Names its process as a part, then works until it is cancelled."""
    report(0, 1, os.getpid())
    go_on(report)


def name_process(report: Report) -> int:
    return os.getpid()


def has_torch(report: Report) -> bool:
    return "torch" in sys.modules


def go_on_with(folder: str, cut: str, options: dict[str, Any], report: Report) -> None:
    """Works until it is cancelled, as the training of a head."""
    go_on(report)


def train_two_folds(folder: str, cut: str, options: dict[str, Any], report: Report) -> None:
    """Reports the epochs of two folds as the training of a head does, then works until it is cancelled."""
    n = options["n_epochs"]
    for done in range(2 * n):
        loss = 1 / (1 + done % n)
        report(done + 1, 3 * n, {"fold": done // n, "epoch": done % n + 1, "loss": loss, "accuracy": 1 - loss / 2})
    while True:
        report(2 * n, 3 * n, None)
        Event().wait(0.05)


def train_and_save(folder: str, cut: str, options: dict[str, Any], report: Report) -> None:
    """Reports an epoch, then writes a row of trained heads as the training of a head does: also where it is cancelled.

    `conv3x3` goes on until it is cancelled, and saves a while after that.
    """
    from tests.support.transfer_result import add_learned

    pause = Event()
    try:
        report(1, 3, {"fold": 0, "epoch": 1, "loss": 0.5, "accuracy": 0.75})
        while options["kind"] == "conv3x3":
            report(1, 3, None)
            pause.wait(0.05)
    finally:
        pause.wait(1.0)  # the page has looked more than once by then
        add_learned(Path(folder), cut, options["kind"])
