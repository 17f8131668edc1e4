"""Visits: images by key, limits of number, size and time, and forgetting."""

from __future__ import annotations

import pytest

from precompute.contract.errors import InputError
from summit_dash.live.job import Job, Ticket
from summit_dash.live.limits import Limits
from summit_dash.live.visits import Visit, Visits


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


def finish_with(visit: Visit, key: str, n_bytes: int) -> Ticket:
    """Adds an answer of a size to a visit."""
    ticket = visit.tickets[key] = Ticket(Job("a:b"), 0)
    ticket.finish(b"x" * n_bytes)
    return ticket


def test_the_images_of_a_visit_have_a_size_together() -> None:
    visits = Visits(Limits(visit_bytes=3_000_000))
    visit = visits.open()
    visits.add(visit, "a.png", b"x" * 2_000_000)
    with pytest.raises(InputError, match=r"at most 3 MB together.*b\.png has 1\.5 MB, the others 2\.0 MB"):
        visits.add(visit, "b.png", b"x" * 1_500_000)
    visits.clear(visit)
    assert visits.add(visit, "b.png", b"x" * 1_500_000) == "upload-2" and visit.n_bytes == 1_500_000


def test_all_visits_together_stay_below_their_size_and_quiet_ones_lose_answers_first() -> None:
    visits = Visits(Limits(all_bytes=1_000_000))
    quiet, busy, mine = (visits.open() for _ in range(3))
    for visit in (quiet, busy, mine):
        visits.add(visit, "a.png", b"x" * 100_000)
        finish_with(visit, "old", 100_000)
        visit.shelf.put(b"y" * 50_000)
    running = quiet.tickets["running"] = Ticket(Job("a:b"), 0)
    assert visits.find(busy.token) is busy
    assert 750_000 < visits.n_bytes < 751_000
    visits.add(mine, "b.png", b"x" * 390_000)
    assert visits.n_bytes <= 1_000_000
    assert (
        list(quiet.tickets.values()) == [running] and quiet.shelf.n_bytes == 0 and list(quiet.uploads) == ["upload-1"]
    )
    assert list(busy.tickets) == ["old"] and list(mine.tickets) == ["old"]
    finish_with(mine, "new", 250_000)
    visits.make_room(mine)
    assert visits.n_bytes <= 1_000_000 and not busy.tickets
    assert visits.find(quiet.token) is None and visits.find(busy.token) is busy
    assert list(mine.tickets) == ["old", "new"]


def test_looking_for_a_picture_does_not_make_a_visit_younger() -> None:
    visits = Visits(Limits(n_visits=2))
    first, second = visits.open(), visits.open()
    assert visits.find_by_shelf(first.shelf.name) is first
    visits.open()
    assert visits.find(first.token) is None and visits.find(second.token) is second


def test_whatever_people_bring_and_ask_the_memory_of_visits_has_a_bound() -> None:
    limits = Limits(n_visits=5, n_images=3, visit_bytes=300_000, all_bytes=1_000_000)
    visits = Visits(limits)
    opened = [visits.open() for _ in range(5)]
    for n in range(200):
        visit = visits.find(opened[n % 5].token) or visits.open()
        opened[n % 5] = visit
        if len(visit.uploads) == 3:
            visits.clear(visit)
        visits.add(visit, f"{n}.png", b"x" * 90_000)
        finish_with(visit, f"answer {n}", 60_000)
        visit.shelf.put(n.to_bytes(4, "big") * 5_000)
        visits.make_room(visit)
        assert visits.n_bytes <= limits.all_bytes
