"""The engine of a Ray cluster: the cluster that RAY_ADDRESS names, or one that is started on this machine.

Every worker loads the model and opens the images itself, so both must be at the same paths on all machines. Units come
back as bytes, and only the starting process writes to the run. A unit is a pure function of its images, the model and
the config. A unit that was lost with its worker is made again.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import socket
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import torch

from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.making import open_maker
from precompute.aggregate.reading import Awaited, read_images
from precompute.aggregate.stage import MadeUnit, PassInputs, PassSpeed
from precompute.aggregate.unit_maker import UnitMaker
from precompute.aggregate.units import UnitKey, pack
from precompute.contract.errors import InputError
from precompute.contract.labelled import LabelledImage
from precompute.contract.progress import Advance
from precompute.devices.choice import choose_device

__all__ = [
    "RayEngine",
    "RayOptions",
    "choose_options",
    "count_cores_each",
    "divide",
    "open_cluster",
    "plan_tasks",
    "require_ray",
    "require_same",
    "start_workers",
]

Key = TypeVar("Key")

_CORES = 4
"""The cores of a worker without a GPU if the number of workers is not given."""
_IMAGES_OF_A_TASK = 64
"""Images that a worker gets at a time, unless one unit has more: what a message costs is little beside them."""
_TASKS_EACH = 4
"""The fewest tasks of a worker, so that all of them end at about the same time."""
_RESTARTS = 4
"""The most restarts of one worker. A worker that dies more often is left out."""


@dataclass(frozen=True)
class RayOptions:
    """The workers of a cluster.

    Args:
        n_workers: the number of workers; None for as many as the cluster has room for.
        with_gpu: True if each worker takes a GPU; None for True if the cluster has any.
    """

    n_workers: int | None = None
    with_gpu: bool | None = None


def choose_options(engine: str, actors: int | None, gpus: int | None, device: str) -> RayOptions:
    """Chooses the workers by the options of a command.

    Args:
        engine: its name.
        actors: workers; None: not given.
        gpus: workers that have a GPU each; None: not given.
        device: as a person named it.

    Raises:
        InputError: the options contradict each other, or Ray is not installed.
    """
    if gpus is not None and engine != "ray":
        raise InputError(
            "--gpus is the number of devices of the engine ray.", f"The engine is {engine}.", "Add --engine ray."
        )
    if engine != "ray":
        return RayOptions()
    if device.split(":")[0] not in ("auto", "cpu", "cuda"):
        raise InputError(
            "The workers of Ray compute on CUDA or on the CPU.",
            f"Found --device {device}.",
            "Leave --engine out.",
        )
    if gpus is not None and (actors not in (None, gpus) or device not in ("auto", "cuda")):
        found = f"--actors {actors}" if actors not in (None, gpus) else f"--device {device}"
        raise InputError(
            f"--gpus {gpus} starts a worker for each of so many GPUs.", f"Found {found} beside it.", "Leave one out."
        )
    require_ray()
    if gpus is not None:
        return RayOptions(gpus, with_gpu=True)
    return RayOptions(actors, None if device == "auto" else device.split(":")[0] == "cuda")


def require_ray() -> None:
    """Checks that the extra `ray` is installed.

    Raises:
        InputError: Ray is not installed.
    """
    if importlib.util.find_spec("ray") is None:
        raise InputError(
            "The engine ray needs the library of the extra `ray`.",
            "It is not installed here.",
            "pip install 'summit-dash[precompute,ray]', or leave --engine out.",
        )


class RayEngine:
    """An `Engine` that computes in the workers of a Ray cluster.

    Args:
        prepare: makes the pass's inputs and their fingerprint in a worker. It is pickled.
        config: settings of the pass on which its results depend.
        speed: settings of the pass on which its results do not depend. A worker has its own device.
        options: the number and kind of workers.
    """

    def __init__(
        self,
        prepare: Callable[[], tuple[PassInputs, str]],
        config: AggregateConfig,
        speed: PassSpeed,
        options: RayOptions,
    ) -> None:
        self._prepare, self._config, self._speed, self._options = prepare, config, speed, options

    def make(
        self, units: Mapping[UnitKey, Sequence[LabelledImage]], fingerprint: str, advance: Advance
    ) -> Generator[MadeUnit, None, None]:
        """Makes units and yields each when it is finished, in any order.

        Args:
            units: the images of each unit.
            fingerprint: of the inputs, which every worker must find too.
            advance: called with the number of images that are done.

        Raises:
            InputError: a worker finds bad input, the cluster cannot be reached or lacks room, or no worker is left.
        """

        def start(worker: Any, keys: tuple[UnitKey, ...]) -> Any:
            return worker.make_all.remote([(key, list(units[key])) for key in keys], fingerprint)

        with open_cluster(), start_workers(_Worker, self._build_arguments, self._options) as idle:
            for keys, made in divide(idle, plan_tasks(units, len(idle)), start):
                yield from made
                advance(sum(len(units[key]) for key in keys))

    def _build_arguments(self, with_gpu: bool, n_cores: int) -> tuple[Any, ...]:
        """Returns the arguments of `_Worker`."""
        speed = replace(self._speed, device=torch.device("cuda" if with_gpu else "cpu"))
        return self._prepare, self._config, speed, n_cores, str(Path.cwd())


class _Worker:
    """A worker: one process of the cluster, with the model. After a restart it prepares its inputs again."""

    def __init__(
        self,
        prepare: Callable[[], tuple[PassInputs, str]],
        config: AggregateConfig,
        speed: PassSpeed,
        n_cores: int,
        folder: str,
    ) -> None:
        os.chdir(folder)  # relative paths were given from this folder
        self._prepare, self._config, self._speed = prepare, config, speed
        self._n_cores, self._opened = n_cores, contextlib.ExitStack()
        self._ready: tuple[PassInputs, str, UnitMaker] | None = None

    def make_all(self, units: Sequence[tuple[UnitKey, Sequence[LabelledImage]]], fingerprint: str) -> list[MadeUnit]:
        """Makes units; a batch may hold images of several.

        Raises:
            InputError: bad input, or the worker finds another model or other images than the starting process.
        """
        inputs, own, maker = self._prepare_once()
        require_same(own, fingerprint)
        everything = [image for _, images in units for image in images]
        reading = Awaited(read_images(inputs.source, everything, inputs.preprocess, self._speed.workers))
        each = ((key, islice(reading, len(images))) for key, images in units)
        found, start, waited = list[MadeUnit](), time.perf_counter(), 0.0
        for key, unit in maker.make_all(each, _ignore):
            packed, now = pack(unit, fingerprint), time.perf_counter()
            found.append(MadeUnit(key, packed, now - start, reading.seconds - waited))
            start, waited = now, reading.seconds
        return found

    def _prepare_once(self) -> tuple[PassInputs, str, UnitMaker]:
        """Returns inputs, fingerprint and maker, prepared at the first call."""
        if self._ready is None:
            choose_device(str(self._speed.device))  # Ray may declare GPUs that torch does not see
            inputs, fingerprint = self._prepare()
            # Open until the process ends.
            maker = self._opened.enter_context(open_maker(inputs, self._config, self._speed, self._n_cores))
            self._ready = inputs, fingerprint, maker
        return self._ready


def plan_tasks(units: Mapping[UnitKey, Sequence[LabelledImage]], n_workers: int) -> list[tuple[UnitKey, ...]]:
    """Puts units together that are small, in their order, so that a task is worth its message.

    Args:
        units: the images of each.
        n_workers: workers, each of which gets several tasks.
    """
    n_images = sum(map(len, units.values()))
    most = max(1, min(_IMAGES_OF_A_TASK, n_images // (n_workers * _TASKS_EACH)))
    tasks: list[list[UnitKey]] = []
    room = 0
    for key, images in units.items():
        cost = max(1, len(images))
        if not tasks or cost > room:
            tasks.append([])
            room = most
        tasks[-1].append(key)
        room -= cost
    return [tuple(keys) for keys in tasks]


def _ignore(n: int = 1, /) -> None:
    pass


def require_same(own: str, fingerprint: str) -> None:
    """Checks that a worker finds what the starting process found.

    Raises:
        InputError: it finds another model or other images.
    """
    if own != fingerprint:
        raise InputError(
            "Every worker finds the same model and the same images, at the same paths.",
            f"Process {os.getpid()} on {socket.gethostname()} finds others.",
            "Put them on a file system that all machines share, and install the same version on each.",
        )


def divide(
    idle: deque[Any],
    keys: Iterable[Key],
    start: Callable[[Any, Key], Any],
    choose: Callable[[Any, Sequence[Key]], Key] | None = None,
) -> Generator[tuple[Key, Any], None, None]:
    """Gives every key to a worker that is idle, and yields key and result as they end.

    Args:
        idle: the workers, as `start_workers` has them.
        keys: pieces of work, in order.
        start: starts the work on a key by a worker, and returns Ray's reference of its result.
        choose: the key that suits a worker best, of those that wait; None: the first.

    Raises:
        InputError: a worker finds bad input, or no worker is left.
    """
    import ray

    waiting, running = deque(keys), dict[Any, tuple[Any, Key]]()
    while waiting or running:
        while idle and waiting:
            worker = idle.popleft()
            key = choose(worker, waiting) if choose else waiting[0]
            waiting.remove(key)
            running[start(worker, key)] = worker, key
        if not running:
            raise InputError(
                "A cluster has a worker left that lives.",
                f"Every worker died more than {_RESTARTS} times.",
                "Look at Ray's logs (often memory: lower --batch-size); the same command goes on.",
            )
        (ready, *_), _ = ray.wait(list(running), num_returns=1)
        worker, key = running.pop(ready)
        try:
            made = ray.get(ready)
        except ray.exceptions.RayTaskError as problem:
            if isinstance(problem.cause, InputError | torch.OutOfMemoryError):
                raise problem.cause from None
            raise
        except ray.exceptions.RayActorError:
            waiting.appendleft(key)
            continue
        idle.append(worker)
        yield key, made


@contextlib.contextmanager
def open_cluster() -> Iterator[None]:
    """Connects to the cluster, or starts one that ends with the block.

    Raises:
        InputError: it cannot be reached or started.
    """
    import ray

    if ray.is_initialized():
        yield
        return
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    address = os.environ.get("RAY_ADDRESS")
    try:
        if address:
            ray.init(address=address, log_to_driver=False, logging_level="error")
        else:
            ray.init(address="local", include_dashboard=False, log_to_driver=False, logging_level="error")
    except (ConnectionError, ValueError, RuntimeError) as problem:
        raise InputError(
            "--engine ray takes the cluster that RAY_ADDRESS names, or starts one on this machine.",
            f"{address or 'A local cluster'}: {str(problem).splitlines()[0]}",
            "Check RAY_ADDRESS with `ray status`, or leave --engine out.",
        ) from problem
    try:
        yield
    finally:
        ray.shutdown()


@contextlib.contextmanager
def start_workers(
    worker: type[Any], build_arguments: Callable[[bool, int], tuple[Any, ...]], wanted: RayOptions
) -> Iterator[deque[Any]]:
    """Starts as many workers as asked for, or as there is room for, and ends them with the block.

    Args:
        worker: the class of a worker.
        build_arguments: what it takes, by whether it has a GPU and by the number of its cores. They are pickled.
        wanted: number and kind of workers.

    Raises:
        InputError: the cluster has no room for them.
    """
    import ray

    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    # A worker has a core beside its GPU, on the same machine.
    n_gpus = sum(int(min(node.get("GPU", 0), node.get("CPU", 0))) for node in nodes)
    with_gpu = n_gpus > 0 if wanted.with_gpu is None else wanted.with_gpu
    cores = [int(node.get("CPU", 0)) for node in nodes]
    if with_gpu:
        n_cores, room = 1, n_gpus
    else:
        n_cores = count_cores_each(cores, wanted.n_workers)
        room = sum(n // n_cores for n in cores)
    n_workers = wanted.n_workers or room
    if not 0 < n_workers <= room:
        raise InputError(
            f"Every worker has a {'GPU' if with_gpu else 'core'} of its own.",
            f"The cluster has room for {room}, asked for {wanted.n_workers or 'as many as there are'}.",
            f"Lower {'--gpus or --actors' if with_gpu else '--actors'}, or leave it out.",
        )
    actor = ray.remote(worker).options(
        num_cpus=n_cores, num_gpus=int(with_gpu), max_restarts=_RESTARTS, max_task_retries=_RESTARTS
    )
    workers = [actor.remote(*build_arguments(with_gpu, n_cores)) for _ in range(n_workers)]
    try:
        yield deque(workers)
    finally:
        for each in workers:
            ray.kill(each)


def count_cores_each(cores: Sequence[int], n_workers: int | None) -> int:
    """Returns the greatest number of cores of one worker with which there is room for all workers; at least 1.

    Args:
        cores: the number of cores of each machine.
        n_workers: the number of workers; None if it is not given.
    """
    if n_workers is None:
        return max(1, min([_CORES, *(n for n in cores if n)]))
    most = max([1, *cores])
    return next((n for n in range(most, 0, -1) if sum(c // n for c in cores) >= n_workers), 1)
