"""The engine `ray` on a real cluster of two workers: the tables of the engine `local`, also when a worker dies."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from precompute.aggregate.stage import PassInputs
from precompute.aggregate.units import UnitKey
from precompute.contract.errors import InputError
from precompute.contract.labelled import LabelledImage
from precompute.engines.ray import (
    RayOptions,
    _Worker,
    choose_options,
    count_cores_each,
    open_cluster,
    plan_tasks,
    start_workers,
)
from tests.support.clusters import SIGNING, start_on_cluster, with_ray
from tests.support.command_line import FIRST_STAGES, call
from tests.support.killing import read_tables
from tests.support.small import write_small
from tests.support.units import SPEED, SmallPass, make_units, prepare_small_pass
from tests.support.warm import start_warm


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

    made = worker.make_all(list(small.units.items()), "mine")

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
        worker.make_all([(key, small.units[key])], "mine")
    worker._opened.close()

    assert folders == [tmp_path]


def test_a_worker_with_another_model_or_other_images_refuses(worker: _Worker, small: SmallPass) -> None:
    key = next(iter(small.units))

    with pytest.raises(InputError, match=r"Every worker finds the same model.*install the same version on each"):
        worker.make_all([(key, small.units[key])], "another")


@pytest.mark.parametrize(
    ("sizes", "n_workers", "tasks"),
    [
        ([1] * 8, 1, [2, 2, 2, 2]),  # at least four tasks a worker
        ([1] * 1024, 2, [64] * 16),  # and no more images than a message is worth
        ([100, 100, 1, 1], 1, [1, 1, 2]),  # large units are tasks of their own
        ([0] * 3 + [1], 4, [1, 1, 1, 1]),
        ([], 2, []),
    ],
)
def test_small_units_share_a_task_in_their_order(sizes: list[int], n_workers: int, tasks: list[int]) -> None:
    units = {UnitKey(n, 0): [LabelledImage(0, n, "a.png")] * size for n, size in enumerate(sizes)}
    planned = plan_tasks(units, n_workers)
    assert [key for task in planned for key in task] == list(units)
    assert [len(task) for task in planned] == tasks


@pytest.mark.parametrize(
    ("engine", "actors", "gpus", "device", "found"),
    [
        ("local", None, 2, "auto", "The engine is local"),
        ("ray", 3, 2, "auto", "--actors 3"),
        ("ray", None, 2, "cpu", "--device cpu"),
        ("ray", None, None, "xpu", "--device xpu"),
    ],
)
def test_options_that_contradict_each_other_are_one_message(
    engine: str, actors: int | None, gpus: int | None, device: str, found: str
) -> None:
    with pytest.raises(InputError, match=found):
        choose_options(engine, actors, gpus, device)


@with_ray
def test_options_choose_number_and_kind_of_workers() -> None:
    assert choose_options("ray", None, 2, "cuda") == RayOptions(2, with_gpu=True)
    assert choose_options("ray", 3, None, "auto") == RayOptions(3, with_gpu=None)
    assert choose_options("ray", None, None, "cpu") == RayOptions(None, with_gpu=False)


def test_gpus_without_ray_end_before_anything_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call([*write_small(tmp_path), "--out", str(tmp_path / "run"), "--gpus", "2"]) == 2
    assert "Add --engine ray" in capsys.readouterr().err and not (tmp_path / "run").exists()


class _Placed:
    """An actor that says which GPU Ray gave it."""

    def __init__(self, with_gpu: bool, n_cores: int) -> None:
        self._given = with_gpu, n_cores

    def describe(self) -> tuple[tuple[bool, int], str]:
        return self._given, os.environ["CUDA_VISIBLE_DEVICES"]


def place_workers(arguments: list[str]) -> None:
    """Starts an actor for each of two declared GPUs, and writes where they are; then asks for more than there are."""
    import ray

    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "PYTHONPATH": str(Path(__file__).parents[3])}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ray.init(
            address="local", num_cpus=3, num_gpus=2, include_dashboard=False, log_to_driver=False, logging_level="error"
        )
        try:
            with open_cluster(), start_workers(_Placed, lambda *given: given, RayOptions(2, with_gpu=True)) as idle:
                told = ray.get([actor.describe.remote() for actor in idle])
            try:
                with start_workers(_Placed, lambda *given: given, RayOptions(3, with_gpu=True)):
                    refusal = ""
            except InputError as problem:
                refusal = str(problem)
            command, out = arguments[:-1], Path(arguments[-1])
            code = call([*command, "--engine", "ray", "--gpus", "2"])
            out.write_text(json.dumps({"told": told, "refusal": refusal, "code": code}))
        finally:
            ray.shutdown()


@with_ray
def test_every_declared_gpu_has_an_actor_of_its_own_and_one_that_torch_does_not_see_is_one_message(
    tmp_path: Path,
) -> None:
    if torch.cuda.is_available():
        pytest.skip("torch sees GPUs here")
    arguments = [*write_small(tmp_path), *FIRST_STAGES, "--out", str(tmp_path / "run"), str(tmp_path / "told.json")]
    process = start_warm(place_workers, arguments, messages=tmp_path / "messages")
    process.join()
    said = (tmp_path / "messages").read_text()
    assert process.exitcode == 0, said
    found = json.loads((tmp_path / "told.json").read_text())
    assert sorted(found["told"]) == [[[True, 1], "0"], [[True, 1], "1"]]
    assert "room for 2, asked for 3" in found["refusal"] and "--gpus" in found["refusal"]
    assert found["code"] == 2 and "cuda is not available here" in said and "Traceback" not in said
