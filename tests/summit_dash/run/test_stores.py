from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from precompute.contract.errors import InputError
from summit_dash.run.store import RunStore
from summit_dash.run.stores import Stores, open_runs
from tests.support.transfer_result import write_transfer_result


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


def test_of_a_folder_the_runs_and_results_inside_it_are_opened(run_path: Path, tmp_path: Path) -> None:
    shutil.copytree(run_path, tmp_path / "runs" / "photos")
    write_transfer_result(tmp_path / "results" / "cuts")
    write_transfer_result(tmp_path / "half").joinpath("transfer.json").write_text('{"schema_version": 1}')
    (tmp_path / "notes").mkdir()
    stores = Stores(open_runs([str(tmp_path)]))
    assert (list(stores), list(stores.results)) == (["photos"], ["cuts"])
    assert [entry.name for entry in stores.entries] == ["photos", "cuts"]
    assert stores.find("cuts") is stores.results["cuts"] and stores.find("nothing") is None


def test_results_open_without_a_run_and_have_names_of_their_own(tmp_path: Path) -> None:
    folder = write_transfer_result(tmp_path / "cuts")
    stores = Stores(open_runs([str(folder), f"mine={folder}", str(folder)]))
    assert not stores and len(stores.results) == 3 and "mine" in stores.results


def test_a_folder_of_nothing_and_one_of_unfinished_results_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has none"):
        open_runs([str(tmp_path)])
    write_transfer_result(tmp_path / "half").joinpath("transfer.json").write_text('{"schema_version": 1}')
    with pytest.raises(InputError, match="it goes on"):
        open_runs([str(tmp_path)])
