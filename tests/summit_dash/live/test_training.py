"""Trainings that people start from the page: wishes, one at a time for each result, cancelled and refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from precompute.contract.errors import InputError
from summit_dash.live import training
from summit_dash.live.limits import Limits
from summit_dash.live.training import Trainings, read_wish
from tests.summit_dash.live.test_workers import finish, wait_for
from tests.support import live_jobs

WISH = {"cut": "a@b", "kind": "mlp", "n_epochs": 3, "n_unfrozen": 0, "learning_rate": 0.01}


def test_a_wish_is_a_cut_and_the_options_of_a_head() -> None:
    assert read_wish(WISH, {"a@b"}) == (
        "a@b",
        {"kind": "mlp", "n_epochs": 3, "n_unfrozen": 0, "learning_rate": 0.01},
    )


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"cut": "a@c"}, "This is none"),
        ({"kind": "tree"}, "Found tree"),
        ({"n_epochs": 0}, "Found 0"),
        ({"n_epochs": 2.5}, "Found 2.5"),
        ({"n_epochs": True}, "Found True"),
        ({"n_epochs": None}, "Found None"),
        ({"n_unfrozen": -1}, "Found -1"),
        ({"learning_rate": float("inf")}, "Found inf"),
        ({"learning_rate": "1"}, "Found 1"),
    ],
)
def test_another_wish_is_refused(changes: dict[str, Any], found: str) -> None:
    with pytest.raises(InputError, match=found):
        read_wish({**WISH, **changes}, {"a@b"})
    with pytest.raises(InputError, match="This is none"):
        read_wish([], {"a@b"})


def test_one_head_of_a_result_is_trained_at_a_time_until_it_is_cancelled(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(training, "_JOB", f"{live_jobs.__name__}:go_on_with")
    trainings = Trainings(Limits(n_workers=3))
    try:
        ticket = trainings.start(tmp_path, "a@b", {})
        assert trainings.find(tmp_path) is ticket and trainings.workers.limits.n_workers == 1
        wait_for(ticket, lambda view: view.n_done > 0)
        with pytest.raises(InputError, match="One is being trained"):
            trainings.start(tmp_path, "a@b", {})
        trainings.cancel(tmp_path)
        trainings.cancel(tmp_path / "other")
        assert finish(ticket).state == "cancelled"
    finally:
        trainings.workers.close()


def test_without_workers_it_says_which_setting_to_change(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="started without one"):
        Trainings(Limits(n_workers=0)).start(tmp_path, "a@b", {})
