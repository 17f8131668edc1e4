from __future__ import annotations

from pathlib import Path

import pytest

from summit_dash.run.store import RunStore
from summit_dash.run.stores import Stores, open_runs


def test_the_same_run_twice_has_two_names(run_path: Path) -> None:
    first, second = Stores([RunStore(run_path), RunStore(run_path)])
    assert second == f"{first} 2"


def test_runs_are_opened_with_the_names_that_a_person_gives(run_path: Path) -> None:
    stores = Stores(open_runs([f"before={run_path}", str(run_path)]))
    assert list(stores) == ["before", "synthetic"]


def test_runs_keep_the_order_in_which_they_were_given(run_path: Path) -> None:
    stores = Stores([RunStore(run_path, name="zebra"), RunStore(run_path, name="ape")])
    assert (list(stores), len(stores), stores["ape"].name) == (["zebra", "ape"], 2, "ape")


def test_a_dashboard_without_a_run_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one run"):
        Stores([])


def test_an_unknown_run_is_a_missing_key(store: RunStore) -> None:
    with pytest.raises(KeyError):
        Stores([store])["nothing"]
