from __future__ import annotations

from pathlib import Path

import pytest

from summit_dash.run.store import RunStore
from summit_dash.run.stores import Stores


def test_runs_of_one_name_are_told_apart(run_path: Path) -> None:
    assert list(Stores([RunStore(run_path), RunStore(run_path)])) == ["synthetic", "synthetic-2"]


def test_runs_keep_the_order_in_which_they_were_given(run_path: Path) -> None:
    stores = Stores([RunStore(run_path, name="zebra"), RunStore(run_path, name="ape")])
    assert (list(stores), len(stores), stores["ape"].name) == (["zebra", "ape"], 2, "ape")


def test_a_third_run_of_one_name_has_a_name_of_its_own(run_path: Path) -> None:
    assert list(Stores(RunStore(run_path, name="r") for _ in range(3))) == ["r", "r-2", "r-2-2"]


def test_a_dashboard_without_a_run_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one run"):
        Stores([])


def test_an_unknown_run_is_a_missing_key(store: RunStore) -> None:
    with pytest.raises(KeyError):
        Stores([store])["nothing"]
