"""The engine `ray` on a real cluster of two workers: the tables of the engine `local`, also when a worker dies."""

from __future__ import annotations

import importlib.util
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from precompute.aggregate.stage import PassInputs
from precompute.contract.errors import InputError
from precompute.engines.ray import _Worker, count_cores_each
from tests.support.clusters import SIGNING, start_on_cluster, with_ray
from tests.support.command_line import FIRST_STAGES, call
from tests.support.killing import read_tables
from tests.support.small import write_small
from tests.support.units import SPEED, SmallPass, make_units, prepare_small_pass


@with_ray
def test_tables_are_the_same_when_a_worker_is_killed(tmp_path: Path) -> None:
    arguments = [*write_small(tmp_path, n_images=60), *FIRST_STAGES, "--chunk-size", "4"]
    pids = tmp_path / "pids"
    pids.mkdir()
    (tmp_path / "model.py").write_text(SIGNING + (tmp_path / "model.py").read_text())
    local, ray = tmp_path / "local", tmp_path / "ray"
    assert call([*arguments, "--out", str(local)]) == 0
    process = start_on_cluster([*arguments, "--out", str(ray)], tmp_path / "messages")
    workers: list[int] = []
    while process.is_alive() and not workers:
        if any((ray / "parts" / "aggregate").glob("*.npz")):
            workers = [int(p.name) for p in pids.iterdir() if int(p.name) not in (os.getpid(), process.pid)]
            os.kill(workers[0], signal.SIGKILL)
        process.join(timeout=0.01)
    n_units_then = len(list((ray / "parts" / "aggregate").glob("*.npz")))
    process.join()
    assert process.exitcode == 0, (tmp_path / "messages").read_text()
    assert workers and n_units_then < 45
    assert len(list(pids.iterdir())) >= 5  # of the run here, the driver, two workers, and one in the dead one's place
    assert read_tables(ray) == read_tables(local)


@with_ray
def test_bad_input_in_a_worker_is_one_message(tmp_path: Path) -> None:
    arguments = write_small(tmp_path)
    model = tmp_path / "model.py"
    model.write_text(model.read_text() + "\nimport os\nif os.getpid() != DRIVER:\n    build = raising\n")
    text = model.read_text()
    process = start_on_cluster([*arguments, *FIRST_STAGES, "--out", str(tmp_path / "run")], tmp_path / "messages")
    model.write_text(text.replace("DRIVER", str(process.pid)))
    process.join()
    said = (tmp_path / "messages").read_text()
    assert process.exitcode == 2, said
    assert "no such file" in said and "Traceback" not in said


@pytest.mark.parametrize(
    ("cores", "n_workers", "each"),
    [([2], 2, 1), ([16], None, 4), ([6, 6], None, 4), ([6, 6], 4, 3), ([2, 8], None, 2), ([8], 9, 1)],
)
def test_workers_share_the_cores_of_each_machine(cores: list[int], n_workers: int | None, each: int) -> None:
    assert count_cores_each(cores, n_workers) == each


def test_without_ray_the_message_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "ray" else find(name, *rest))
    assert call([*write_small(tmp_path), "--out", str(tmp_path / "run"), "--engine", "ray"]) == 2
    assert "summit-dash[precompute,ray]" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> SmallPass:
    """The pass over three classes of three images."""
    return prepare_small_pass(tmp_path_factory.mktemp("small"))


@pytest.fixture
def worker(small: SmallPass, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Worker]:
    """A worker in this process, whose inputs have the fingerprint `mine`."""
    monkeypatch.chdir(Path.cwd())
    made = _Worker(lambda: (small.inputs, "mine"), small.config, SPEED, 1, str(tmp_path))
    yield made
    made._opened.close()


def test_a_worker_makes_the_units_of_the_local_engine(worker: _Worker, small: SmallPass) -> None:
    local = make_units(small, "mine", lambda n=1: None)

    made = [worker.make(key, images, "mine") for key, images in small.units.items()]

    assert [(unit.key, unit.packed) for unit in made] == [(unit.key, unit.packed) for unit in local]


def test_a_worker_prepares_once_and_in_the_folder_of_the_one_who_asks(
    small: SmallPass, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path.cwd())
    folders = list[Path]()

    def prepare() -> tuple[PassInputs, str]:
        folders.append(Path.cwd())
        return small.inputs, "mine"

    worker = _Worker(prepare, small.config, SPEED, 1, str(tmp_path))
    for key in list(small.units)[:2]:
        worker.make(key, small.units[key], "mine")
    worker._opened.close()

    assert folders == [tmp_path]


def test_a_worker_with_another_model_or_other_images_refuses(worker: _Worker, small: SmallPass) -> None:
    key = next(iter(small.units))

    with pytest.raises(InputError, match=r"Every worker finds the same model.*install the same version on each"):
        worker.make(key, small.units[key], "another")
