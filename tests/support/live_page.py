"""Asking the page of images until nothing more is computed."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Event
from typing import Any

from summit_dash.live.service import Live
from summit_dash.live.visits import Visit
from summit_dash.pages.images_answers import Shown, show
from summit_dash.run.store import RunStore

__all__ = ["ask"]


def ask(live: Live, visit: Visit, store: RunStore, **wanted: Any) -> Shown:
    fields: Mapping[str, Any] = {"class_id": 0, "image": "upload-1", **wanted}
    pause = Event()
    for _ in range(600):
        shown = show(live, visit, store, fields)
        if shown.is_over:
            return shown
        pause.wait(0.05)
    raise AssertionError("the answer did not end")
