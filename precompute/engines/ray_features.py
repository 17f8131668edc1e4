"""The features of a comparison of cuts, made by the workers of a Ray cluster: each has one model at a time."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from precompute.datasets.sources.open import open_images
from precompute.devices.choice import choose_device
from precompute.engines.ray import RayOptions, divide, open_cluster, require_same, start_workers
from precompute.transfer.features import FeatureMaker, MadeFeatures, Reader, open_maker
from precompute.transfer.opened import open_model
from precompute.transfer.request import Piece, TransferRequest

__all__ = ["RayFeatures"]


class RayFeatures:
    """A `FeatureEngine` that computes in the workers of a Ray cluster.

    Args:
        options: the number and kind of workers.
    """

    def __init__(self, options: RayOptions) -> None:
        self._options = options

    def make(
        self, request: TransferRequest, pieces: Sequence[Piece]
    ) -> Generator[tuple[Piece, MadeFeatures], None, None]:
        """Computes pieces and yields each when it is finished, in any order.

        Raises:
            InputError: a worker finds bad input, the cluster cannot be reached or lacks room, or no worker is left.
        """
        alone = replace(request, engine=None)  # It is pickled.

        def build_arguments(with_gpu: bool, n_cores: int) -> tuple[Any, ...]:
            device = torch.device("cuda" if with_gpu else "cpu")
            return replace(alone, device=device), n_cores, str(Path.cwd())

        def start(worker: Any, piece: Piece) -> Any:
            return worker.make.remote(piece)

        with open_cluster(), start_workers(_Worker, build_arguments, self._options) as idle:
            yield from divide(idle, pieces, start, _Preference().choose)


class _Preference:
    """The model that each worker had last. Another one would have to be opened."""

    def __init__(self) -> None:
        self._models: dict[int, str] = {}

    def choose(self, worker: Any, waiting: Sequence[Piece]) -> Piece:
        """Returns the first piece of the worker's own model, else of one that no other worker has, else of any."""
        own, taken = self._models.get(id(worker)), set(self._models.values())
        piece = min(waiting, key=lambda each: (each.model != own, each.model in taken))
        self._models[id(worker)] = piece.model
        return piece


class _Worker:
    """A worker: one process of the cluster, with the model of its last piece."""

    def __init__(self, request: TransferRequest, n_cores: int, folder: str) -> None:
        os.chdir(folder)  # relative paths were given from this folder
        self._request, self._n_cores = request, n_cores
        self._opened = contextlib.ExitStack()
        self._ready: tuple[str, str, FeatureMaker] | None = None

    def make(self, piece: Piece) -> MadeFeatures:
        """Computes the features of one piece.

        Raises:
            InputError: bad input, or the worker finds another model or other images than the starting process.
        """
        _, own, maker = self._prepare(piece.model)
        require_same(own, piece.fingerprint)
        (made,) = maker.make([piece.images], _ignore)
        return made

    def _prepare(self, name: str) -> tuple[str, str, FeatureMaker]:
        """Returns name, fingerprint and maker of a model, opened unless it is the one of the last piece."""
        if self._ready is None or self._ready[0] != name:
            self._opened.close()
            self._ready, request = None, self._request
            choose_device(str(request.device))  # Ray may declare GPUs that torch does not see
            source = open_images(request.images, request.limit_per_class, request.allow_outside)
            (named,) = (each for each in request.models if each.name == name)
            opened = open_model(named, source, request.model_path)
            reader = Reader(source, opened.loaded.preprocess, request.workers, request.batch_size)
            making = open_maker(opened.model, opened.layers, reader, request.device, self._n_cores)
            self._ready = name, opened.compute_fingerprint(source), self._opened.enter_context(making)
        return self._ready


def _ignore(n: int = 1, /) -> None:
    pass
