from __future__ import annotations

import pytest

from summit_dash.server.attempts import FREE, LONGEST, Attempts, name_network
from tests.support.clocks import Clock


def test_after_the_free_ones_each_failure_makes_the_next_wait_longer() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    waits = []
    for _ in range(FREE + 9):
        assert attempts.begin("a") == 0
        waits.append(attempts.begin("a") if len(waits) >= FREE - 1 else 0)
        clock.now += waits[-1]
    assert waits == [0] * (FREE - 1) + [1, 2, 4, 8, 16, 32, *[LONGEST] * 4]


def test_a_thousand_at_once_are_a_handful_of_attempts() -> None:
    attempts = Attempts(Clock())
    assert sum(attempts.begin("a") == 0 for _ in range(1000)) == FREE


def test_one_key_that_waits_is_enough() -> None:
    attempts = Attempts(Clock())
    for _ in range(FREE):
        attempts.begin("address", "name")
    assert attempts.begin("other address", "name") > 0
    assert attempts.begin("other address", "other name") == 0


def test_a_right_password_and_time_make_failures_forgotten() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    for key in ("a", "b"):
        for _ in range(FREE):
            attempts.begin(key)
    attempts.forgive("a")
    assert attempts.begin("a") == 0
    assert attempts.begin("b") > 0
    clock.now += 3600
    assert attempts.begin("b") == 0


def test_a_look_begins_no_attempt() -> None:
    attempts = Attempts(Clock())
    assert [attempts.look("a") for _ in range(2 * FREE)] == [0] * 2 * FREE
    for _ in range(FREE):
        attempts.begin("a")
    assert attempts.look("a", "b") > 0
    assert attempts.look("b") == 0


@pytest.mark.parametrize(
    ("address", "other"), [("2001:db8::1", "2001:db8::ffff:1"), ("192.0.2.1", "192.0.2.1"), ("", "no address")]
)
def test_addresses_of_one_network_are_one(address: str, other: str) -> None:
    assert name_network(address) == name_network(other)


def test_other_addresses_are_others() -> None:
    named = {name_network(each) for each in ("192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8:0:1::1", "")}
    assert len(named) == 5
