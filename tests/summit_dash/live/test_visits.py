"""Visits: images by key, limits of number, size and time, and forgetting."""

from __future__ import annotations

import pytest

from precompute.contract.errors import InputError
from summit_dash.live.limits import Limits
from summit_dash.live.visits import Visits


class Clock:
    time = 0.0

    def __call__(self) -> float:
        return self.time


def test_images_belong_to_one_visit_and_get_keys_that_are_used_once() -> None:
    visits = Visits(Limits())
    mine, other = visits.open(), visits.open()
    assert mine.token != other.token
    assert [visits.add(mine, name, b"x") for name in ("a.png", "b.png")] == ["upload-1", "upload-2"]
    assert visits.find(mine.token) is mine and not other.uploads
    visits.clear(mine)
    assert not mine.uploads and visits.add(mine, "c.png", b"x") == "upload-3"
    assert visits.find(None) is None and visits.find("unknown") is None


def test_too_many_images_and_too_large_ones_are_refused_by_name() -> None:
    visits = Visits(Limits(n_images=2, image_bytes=1_000_000))
    visit = visits.open()
    with pytest.raises(InputError, match=r"at most 1 MB.*big\.png has 1\.5 MB"):
        visits.add(visit, "big.png", b"x" * 1_500_000)
    for n in range(2):
        visits.add(visit, f"{n}.png", b"")
    with pytest.raises(InputError, match=r"At most 2 images.*third\.png"):
        visits.add(visit, "third.png", b"x")
    assert list(visit.uploads) == ["upload-1", "upload-2"]


def test_a_quiet_visit_is_forgotten_and_one_that_asks_is_not() -> None:
    clock = Clock()
    visits = Visits(Limits(visit_seconds=100), now=clock)
    quiet, busy = visits.open(), visits.open()
    for _ in range(3):
        clock.time += 60
        assert visits.find(busy.token) is busy
    assert visits.find(quiet.token) is None


def test_of_too_many_visits_the_one_away_longest_is_forgotten() -> None:
    visits = Visits(Limits(n_visits=2))
    first, second = visits.open(), visits.open()
    visits.find(first.token)
    visits.open()
    assert visits.find(second.token) is None and visits.find(first.token) is first
    visits.forget(first.token)
    assert visits.find(first.token) is None
