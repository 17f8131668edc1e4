"""Trainings of heads that people start from the page: one for each transfer result, in a process of their own."""

from __future__ import annotations

import importlib.util
import math
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from precompute.contract.errors import InputError
from summit_dash.live.job import Job, Ticket
from summit_dash.live.limits import Limits
from summit_dash.live.workers import Workers

__all__ = ["HEADS", "Trainings", "read_wish"]

HEADS = ("linear", "mlp", "conv1x1", "conv3x3")
"""The kinds of heads, as `summit-dash transfer --head` names them."""
_JOB = "precompute.transfer.answers:train_head"
_LONGEST = 24 * 3600.0
_GRACE = 60.0
"""Seconds in which a cancelled training saves its best head so far."""
_BOUNDS: Mapping[str, tuple[float, float, str]] = {
    "n_epochs": (1, 1000, "Epochs"),
    "n_unfrozen": (0, 1000, "Layers trained"),
    "learning_rate": (1e-9, 10, "The learning rate"),
}


class Trainings:
    """The trainings of one server.

    A training goes on when its page is closed. It waits for no question about images, and none waits for it.

    Args:
        limits: of the server; without workers there is no training.
    """

    def __init__(self, limits: Limits) -> None:
        own = replace(limits, n_workers=min(1, limits.n_workers), seconds=_LONGEST, patience=math.inf)
        self.workers = Workers(own, grace=_GRACE)
        self._tickets: dict[Path, Ticket] = {}
        self._lock = threading.Lock()

    def find_obstacle(self) -> InputError | None:
        """Finds the reason why this server cannot train, as far as it shows without torch."""
        if importlib.util.find_spec("torch") is None:
            return InputError(
                "Training needs torch.",
                "It is not installed beside this dashboard.",
                "Install it: pip install 'summit-dash[precompute]', and start the dashboard again.",
            )
        if not self.workers.limits.n_workers:
            return InputError(
                "Training needs a worker process.",
                "This server was started without one.",
                "Set SUMMIT_DASH_LIVE_WORKERS to 1 or more, and start it again.",
            )
        return None

    def start(self, folder: Path, cut: str, options: Mapping[str, Any]) -> Ticket:
        """Starts the training of a head on a cut of a result.

        Args:
            folder: of the result.
            cut: `MODEL@LAYER`.
            options: of the head, as `read_wish` returns them.

        Raises:
            InputError: this server cannot train, one is under way, or the queue is full.
        """
        obstacle = self.find_obstacle()
        if obstacle is not None:
            raise obstacle
        with self._lock:
            known = self._tickets.get(folder)
            if known is not None and not known.view.is_over:
                raise InputError(
                    "One head of a result is trained at a time.", "One is being trained.", "Wait for it, or cancel it."
                )
            ticket = self._tickets[folder] = self.workers.submit(Job(_JOB, (str(folder), cut, dict(options))))
            return ticket

    def find(self, folder: Path) -> Ticket | None:
        """Returns the last training of a result; None where there was none."""
        return self._tickets.get(folder)

    def cancel(self, folder: Path) -> None:
        """Ends a training, which saves its best head so far."""
        ticket = self._tickets.get(folder)
        if ticket is not None:
            self.workers.cancel(ticket)


def read_wish(body: Any, cuts: set[str]) -> tuple[str, dict[str, Any]]:
    """Reads what a page asks to train.

    Args:
        body: `cut`, `kind`, `n_epochs`, `n_unfrozen` and `learning_rate`, as JSON.
        cuts: those of the result.

    Returns:
        The cut, and the options of the head.

    Raises:
        InputError: it is none of the page's, or a number is outside its bounds.
    """
    cut = body.get("cut") if isinstance(body, dict) else None
    if not isinstance(cut, str) or cut not in cuts:
        raise InputError("A head is trained on a cut of the result.", "This is none.", "Choose one in the form.")
    if str(body.get("kind")) not in HEADS:
        raise InputError(f"The heads are {', '.join(HEADS)}.", f"Found {body.get('kind')}.", "Choose one of them.")
    options: dict[str, Any] = {"kind": body["kind"]}
    for name, (low, high, words) in _BOUNDS.items():
        value: Any = body.get(name)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        whole = name != "learning_rate"
        if not is_number or not low <= value <= high or (whole and value != int(value)):
            kind = "a whole number" if whole else "a number"
            raise InputError(f"{words} is {kind} from {low:g} to {high:g}.", f"Found {value}.", "Correct it.")
        options[name] = int(value) if whole else float(value)
    return cut, options
