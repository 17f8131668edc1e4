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

__all__ = [
    "RayEngine",
    "RayOptions",
    "count_cores_each",
    "divide",
    "open_cluster",
    "require_ray",
    "require_same",
    "start_workers",
]

Key = TypeVar("Key")

_CORES = 4
"""The cores of a worker without a GPU if the number of workers is not given."""
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

        def start(worker: Any, key: UnitKey) -> Any:
            return worker.make.remote(key, list(units[key]), fingerprint)

        with open_cluster(), start_workers(_Worker, self._build_arguments, self._options) as idle:
            for key, made in divide(idle, units, start):
                yield made
                advance(len(units[key]))

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

    def make(self, key: UnitKey, images: Sequence[LabelledImage], fingerprint: str) -> MadeUnit:
        """Makes one unit.

        Raises:
            InputError: bad input, or the worker finds another model or other images than the starting process.
        """
        inputs, own, maker = self._prepare_once()
        require_same(own, fingerprint)
        start = time.perf_counter()
        reading = Awaited(read_images(inputs.source, images, inputs.preprocess, self._speed.workers))
        unit = maker.make(key.class_id, reading, _ignore)
        return MadeUnit(key, pack(unit, fingerprint), time.perf_counter() - start, reading.seconds)

    def _prepare_once(self) -> tuple[PassInputs, str, UnitMaker]:
        """Returns inputs, fingerprint and maker, prepared at the first call."""
        if self._ready is None:
            inputs, fingerprint = self._prepare()
            # Open until the process ends.
            maker = self._opened.enter_context(open_maker(inputs, self._config, self._speed, self._n_cores))
            self._ready = inputs, fingerprint, maker
        return self._ready


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
            if isinstance(problem.cause, InputError):
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
    n_gpus = sum(int(node.get("GPU", 0)) for node in nodes)
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
            f"The cluster has room for {room}, asked for {n_workers}.",
            "Lower --actors, or leave it out.",
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
