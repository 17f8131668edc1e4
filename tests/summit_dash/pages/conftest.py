"""A service of answers that need no model, and a visit with one image."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from summit_dash.figures.heat_maps import draw_part
from summit_dash.live import service
from summit_dash.live.limits import Limits
from summit_dash.live.service import Live
from summit_dash.live.visits import Visit
from tests.support import live_answers


@pytest.fixture(scope="session")
def live() -> Iterator[Live]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service, "_JOBS", live_answers.__name__)
        found = Live.start(Limits(), draw_part)
        yield found
        found.workers.close()


@pytest.fixture
def visit(live: Live) -> Visit:
    visit = live.visits.open()
    live.visits.add(visit, "a.png", b"image")
    return visit
