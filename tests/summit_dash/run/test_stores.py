from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from precompute.contract.errors import InputError
from summit_dash.run.store import RunStore
from summit_dash.run.stores import Stores, open_runs
from tests.support.synthetic_run import SyntheticRun, write_synthetic_run
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


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_synthetic_run(tmp_path_factory.mktemp("runs") / "small", SyntheticRun(n_classes=4, n_images=4))


def test_runs_of_a_watched_folder_come_change_and_go(small: Path, tmp_path: Path) -> None:
    clock = Clock()
    stores = Stores([], [tmp_path], now=clock)
    assert not stores.entries and stores.find("first") is None

    def list_names() -> list[str]:
        clock.time += 2
        return [place.name for place in stores.entries]

    shutil.copytree(small, tmp_path / "first")
    assert stores.find("first") is None, "it is looked for once a second"
    assert list_names() == ["first"]
    half = Path(shutil.copytree(small, tmp_path / "also"))
    content = (half / "layers.parquet").read_bytes()
    (half / "layers.parquet").write_bytes(content[:-9])
    write_transfer_result(tmp_path / "cuts")
    assert list_names() == ["first", "cuts"]
    (half / "layers.parquet").write_bytes(content)
    assert list_names() == ["also", "first", "cuts"]
    opened = stores["also"]
    shutil.rmtree(half)
    assert list_names() == ["first", "cuts"]
    assert stores.find("also") is None
    write_synthetic_run(half, SyntheticRun(n_classes=5, n_images=4))
    assert list_names() == ["also", "first", "cuts"]
    assert (len(opened.classes), len(stores["also"].classes)) == (4, 5)


def test_a_name_is_kept_when_a_run_of_the_same_name_comes(small: Path, tmp_path: Path) -> None:
    clock = Clock()
    shutil.copytree(small, tmp_path / "b" / "photos")
    stores = Stores([], [tmp_path], now=clock)
    assert list(stores) == ["photos"]
    shutil.copytree(small, tmp_path / "a" / "photos")
    clock.time += 2
    assert [place.path.parent.name for place in stores.entries] == ["a", "b"]
    assert stores["photos"].path.parent.name == "b"


def test_the_runs_used_last_are_open(small: Path, tmp_path: Path) -> None:
    for name in "abcd":
        shutil.copytree(small, tmp_path / name)
    stores = Stores(open_runs([str(tmp_path)]), most_open=2)
    for name in "abcda":
        assert stores[name].name == name
    assert [place.name for place in stores.entries if place.is_open] == ["a", "d"]
    kept = RunStore(small)
    stores = Stores([kept, *open_runs([str(tmp_path)])], most_open=1)
    for name in "abcd":
        stores[name]
    assert [place.name for place in stores.entries if place.is_open] == ["small", "d"]
    assert stores["small"] is kept


def test_many_that_ask_for_a_run_open_it_once(small: Path) -> None:
    stores = Stores(open_runs([str(small)]))
    with ThreadPoolExecutor(6) as pool:
        assert len({id(each) for each in pool.map(lambda _: stores["small"], range(12))}) == 1


def test_the_first_run_is_read_ahead_and_others_when_they_are_opened(small: Path, tmp_path: Path) -> None:
    shutil.copytree(small, tmp_path / "other")
    stores = Stores(open_runs([str(small), str(tmp_path / "other")]))
    stores.warm()
    assert [place.is_open for place in stores.entries] == [True, False]
    assert stores["other"].classes
