"""The state of a job: parts add up, and an end stays."""

from __future__ import annotations

from precompute.contract.errors import InputError
from summit_dash.live.job import Job, Ticket


def test_every_change_raises_the_version_and_parts_keep_their_order() -> None:
    ticket = Ticket(Job("module:name"), 0.0)
    assert (ticket.view.state, ticket.view.version) == ("waiting", 0)
    ticket.start()
    ticket.add(1, 3, "first")
    ticket.add(2, 3, None)
    ticket.add(3, 3, "last")
    assert (ticket.view.parts, ticket.view.n_done, ticket.view.version) == (("first", "last"), 3, 4)


def test_an_end_stays_as_it_is() -> None:
    done, cancelled = Ticket(Job("a:b"), 0.0), Ticket(Job("a:b"), 0.0)
    done.finish(5)
    done.fail(InputError("A.", "B.", "C."))
    done.cancel()
    assert (done.view.state, done.view.result, done.view.problem) == ("done", 5, None)
    cancelled.cancel()
    cancelled.finish(5)
    assert cancelled.view.is_over and cancelled.view.result is None


def test_a_report_without_news_does_not_change_the_version() -> None:
    ticket = Ticket(Job("module:function"), 0.0)
    ticket.add(1, 3, "a part")
    version = ticket.view.version
    ticket.add(1, 3, None)
    assert ticket.view.version == version
    ticket.add(2, 3, None)
    assert ticket.view.version > version and ticket.view.parts == ("a part",)
