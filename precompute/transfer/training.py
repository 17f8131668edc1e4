"""The linear heads of all cuts of a model, on the cores of this machine."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from precompute.contract.progress import Advance
from precompute.devices.cores import count_cores
from precompute.transfer.config import TransferConfig
from precompute.transfer.features import FeatureStore
from precompute.transfer.heads import CutStore, HeldOut, evaluate_fold
from precompute.transfer.logme import compute_logme

__all__ = ["Task", "train_heads"]


@dataclass(frozen=True)
class Task:
    """The images, as all models see them.

    Attributes:
        kept: numbers of the images in the source, `(image,)`.
        labels: `(image,)`, from 0.
        folds: `(image,)`.
        n_classes: the number of labels.
    """

    kept: NDArray[np.int64]
    labels: NDArray[np.int64]
    folds: NDArray[np.int64]
    n_classes: int


def train_heads(features: FeatureStore, store: CutStore, task: Task, config: TransferConfig, advance: Advance) -> None:
    """Trains and tests the heads of those cuts that are missing in a store, and writes them.

    Args:
        features: of the model.
        store: what is there of it.
        task: images, labels and folds.
        config: of the heads.
        advance: called for each head.
    """
    from threadpoolctl import threadpool_limits

    names = [name for name, _ in features.layers]
    with threadpool_limits(1), ThreadPoolExecutor(count_cores(), thread_name_prefix="head") as pool:
        try:
            for cut in store.list_missing(len(names)):
                values = features.read(names[cut], config.pooling)[task.kept]
                estimate = pool.submit(compute_logme, values, task.labels)
                waiting = [
                    pool.submit(evaluate_fold, values, task.labels, task.folds, fold, config)
                    for fold in range(config.n_folds)
                ]
                found: list[tuple[NDArray[np.float32], float]] = []
                for future in waiting:
                    found.append(future.result())
                    advance()
                store.write(cut, _join(found, task, estimate.result()))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _join(found: Sequence[tuple[NDArray[np.float32], float]], task: Task, logme: float) -> HeldOut:
    probabilities = np.zeros((len(task.labels), task.n_classes), np.float32)
    for fold, (predicted, _) in enumerate(found):
        probabilities[task.folds == fold] = predicted
    return HeldOut(probabilities, np.array([penalty for _, penalty in found]), logme)
