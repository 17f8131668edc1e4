from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from precompute.contract.errors import InputError
from precompute.contract.schema import MANIFEST, read_manifest, write_manifest
from summit_dash.run.places import Place, find_inside, is_whole
from summit_dash.run.store import RunStore
from tests.support.synthetic_run import SyntheticRun, write_synthetic_run
from tests.support.transfer_result import write_transfer_result


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_synthetic_run(tmp_path_factory.mktemp("runs") / "small", SyntheticRun(n_classes=4, n_images=4))


@pytest.fixture
def run(small: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small, tmp_path / "small"))


def change(run: Path, **fields: object) -> None:
    write_manifest(run, {**read_manifest(run), **fields})


def test_a_run_is_opened_when_it_is_asked_for_and_again_after_it_was_closed(run: Path) -> None:
    place = Place(run, "mine")
    assert (place.name, place.kind, place.is_open) == ("mine", "run", False)
    before = place.version
    opened = place.open()
    assert isinstance(opened, RunStore) and opened.name == "mine"
    assert place.open() is opened
    assert (opened.version, place.version) == (before, before)
    place.close()
    assert not place.is_open
    assert place.open() is not opened


def test_a_run_that_was_handed_over_open_stays_open(run: Path) -> None:
    store = RunStore(run, only=[1, 2])
    place = Place(run, opened=store)
    place.close()
    assert place.open() is store
    change(run, created="later")
    assert list(place.open().classes) == [1, 2], "the same classes are open"


def test_a_run_that_was_made_again_is_opened_again_and_one_that_gets_a_stage_too(run: Path) -> None:
    place = Place(run)
    first = place.open()
    change(run, more=1)
    second = place.open()
    assert second is not first and second.version[:5] == first.version[:5]
    change(run, created="2031-01-01T00:00:00+00:00")
    assert place.open().version[:5] != first.version[:5]


def test_a_run_that_is_made_at_this_moment_is_one_message(run: Path) -> None:
    place = Place(run)
    place.open()
    change(run, stages={"aggregate": {"state": "running", "seconds": None}})
    with pytest.raises(InputError, match="being made") as refused:
        place.open()
    assert str(run) not in str(refused.value)
    change(run, stages={"aggregate": {"state": "done", "seconds": 1}})
    assert place.open().classes


def test_a_run_whose_folder_is_gone_stays_as_it_was(run: Path) -> None:
    place = Place(run)
    opened = place.open()
    shutil.rmtree(run)
    assert place.open() is opened


@pytest.mark.parametrize("missing", [MANIFEST, "classes.parquet", "layers.parquet"])
def test_a_folder_without_what_every_page_needs_is_refused(run: Path, missing: str) -> None:
    (run / missing).unlink()
    with pytest.raises(InputError, match="has no"):
        Place(run)
    assert not is_whole(run)


def test_half_of_a_copy_is_not_whole(run: Path) -> None:
    assert is_whole(run)
    content = (run / "influences.parquet").read_bytes()
    (run / "influences.parquet").write_bytes(content[: len(content) // 2])
    assert not is_whole(run)
    (run / "influences.parquet").write_bytes(content)
    assert is_whole(run)
    change(run, stages={"aggregate": {"state": "done"}, "graphs": {"state": "running"}})
    assert not is_whole(run)
    change(run, stages={"aggregate": {"state": "done"}, "graphs": {"state": "done"}, "visualize": {"state": "running"}})
    assert is_whole(run)
    (run / MANIFEST).write_text("{")
    assert not is_whole(run)


def test_runs_and_results_are_found_two_folders_deep(run: Path, tmp_path: Path) -> None:
    shutil.copytree(run, tmp_path / "a" / "b" / "too deep")
    shutil.copytree(run, tmp_path / "a" / "deep")
    shutil.copytree(run, tmp_path / ".hidden")
    write_transfer_result(tmp_path / "cuts")
    found = find_inside(tmp_path)
    assert [each.name for each in found] == ["deep", "cuts", "small"]
    assert find_inside(tmp_path / "nothing") == []
