"""Units made by the workers of a Ray cluster: the one that RAY_ADDRESS names, or one on this machine.

Every worker loads the model and opens the images itself, so both must be at the same paths everywhere. Units come back
as bytes and are written here: workers never touch the run. A unit is a pure function of its images, the model and the
config, so one that was lost with its worker is simply made again.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import socket
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.reading import Awaited, read_images
from precompute.aggregate.stage import MadeUnit, PassInputs, PassSpeed, UnitMaker
from precompute.aggregate.units import UnitKey, pack
from precompute.contract.errors import InputError
from precompute.contract.labelled import LabelledImage
from precompute.contract.progress import Advance
from precompute.devices.cores import Parallel

__all__ = ["RayEngine", "RayOptions", "cores_each", "require_ray"]

_CORES = 4
"""Of a worker without a GPU, where nobody says how many workers there are."""
_RESTARTS = 4
"""Of one worker; whoever dies more often is left out."""


@dataclass(frozen=True)
class RayOptions:
    """How many workers, None for as many as there is room for; and whether each takes a GPU, None: if there are any."""

    n_workers: int | None = None
    with_gpu: bool | None = None


def require_ray() -> None:
    """Checks that the extra `ray` is installed.

    Raises:
        InputError: it is not.
    """
    if importlib.util.find_spec("ray") is None:
        raise InputError(
            "The engine ray needs the library of the extra `ray`.",
            "It is not installed here.",
            "pip install 'summit-dash[precompute,ray]', or leave --engine out.",
        )


class RayEngine:
    """Satisfies `Engine`.

    Args:
        prepare: makes the pass's inputs and their fingerprint, in a worker; it is pickled.
        config: of the pass.
        speed: of the pass; a worker has its own device.
        options: of the cluster.
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
        """Makes units in whatever order they are finished."""
        import ray

        with _cluster(), _workers(self) as idle:
            waiting, running = deque(units), dict[Any, tuple[Any, UnitKey]]()
            while waiting or running:
                while idle and waiting:
                    worker, key = idle.popleft(), waiting.popleft()
                    running[worker.make.remote(key, list(units[key]), fingerprint)] = worker, key
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
                yield made
                advance(len(units[key]))

    def worker_arguments(self, with_gpu: bool, n_cores: int) -> tuple[Any, ...]:
        """What a worker is begun with."""
        speed = replace(self._speed, device=torch.device("cuda" if with_gpu else "cpu"))
        return self._prepare, self._config, speed, n_cores, str(Path.cwd())

    @property
    def options(self) -> RayOptions:
        """Of the cluster."""
        return self._options


class _Worker:
    """One process of the cluster, with the model; what it prepares is lost and prepared anew when it dies."""

    def __init__(
        self,
        prepare: Callable[[], tuple[PassInputs, str]],
        config: AggregateConfig,
        speed: PassSpeed,
        n_cores: int,
        folder: str,
    ) -> None:
        os.chdir(folder)  # paths are as they were given
        self._prepare, self._config, self._speed = prepare, config, speed
        self._parallel = Parallel(speed.device, n_cores)
        self._ready: tuple[PassInputs, str, UnitMaker] | None = None

    def make(self, key: UnitKey, images: Sequence[LabelledImage], fingerprint: str) -> MadeUnit:
        """One unit.

        Raises:
            InputError: bad input, or the worker finds another model or other images than the one who asks.
        """
        inputs, own, maker = self._prepared()
        if own != fingerprint:
            raise InputError(
                "Every worker finds the same model and the same images, at the same paths.",
                f"Process {os.getpid()} on {socket.gethostname()} finds others.",
                "Put them on a file system that all machines share, and install the same version on each.",
            )
        start = time.perf_counter()
        reading = Awaited(read_images(inputs.source, images, inputs.preprocess, self._speed.workers))
        unit = maker.make(key.class_id, reading, _ignore)
        return MadeUnit(key, pack(unit, fingerprint), time.perf_counter() - start, reading.seconds)

    def _prepared(self) -> tuple[PassInputs, str, UnitMaker]:
        if self._ready is None:
            inputs, fingerprint = self._prepare()
            self._parallel.__enter__()  # until the process ends
            maker = UnitMaker(inputs, self._config, self._speed.batch_size, self._parallel)
            self._ready = inputs, fingerprint, maker
        return self._ready


def _ignore(n: int = 1, /) -> None:
    pass


@contextlib.contextmanager
def _cluster() -> Iterator[None]:
    """Connects to the cluster, or starts one that ends with the block."""
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
def _workers(engine: RayEngine) -> Iterator[deque[Any]]:
    """As many workers as asked for, or as there is room for; they end with the block."""
    import ray

    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    n_gpus = sum(int(node.get("GPU", 0)) for node in nodes)
    wanted = engine.options
    with_gpu = n_gpus > 0 if wanted.with_gpu is None else wanted.with_gpu
    cores = [int(node.get("CPU", 0)) for node in nodes]
    if with_gpu:
        n_cores, room = 1, n_gpus
    else:
        n_cores = cores_each(cores, wanted.n_workers)
        room = sum(n // n_cores for n in cores)
    n_workers = wanted.n_workers or room
    if not 0 < n_workers <= room:
        raise InputError(
            f"Every worker has a {'GPU' if with_gpu else 'core'} of its own.",
            f"The cluster has room for {room}, asked for {n_workers}.",
            "Lower --actors, or leave it out.",
        )
    actor = ray.remote(_Worker).options(
        num_cpus=n_cores, num_gpus=int(with_gpu), max_restarts=_RESTARTS, max_task_retries=_RESTARTS
    )
    workers = [actor.remote(*engine.worker_arguments(with_gpu, n_cores)) for _ in range(n_workers)]
    try:
        yield deque(workers)
    finally:
        for worker in workers:
            ray.kill(worker)


def cores_each(cores: Sequence[int], n_workers: int | None) -> int:
    """The most cores, on machines with so many each, with which there is room for all workers; at least 1."""
    if n_workers is None:
        return max(1, min([_CORES, *(n for n in cores if n)]))
    most = max([1, *cores])
    return next((n for n in range(most, 0, -1) if sum(c // n for c in cores) >= n_workers), 1)
