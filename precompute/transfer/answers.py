"""The training of a head as a job: for a process that a dashboard started, which watches it and may end it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from precompute.contract.progress import SilentProgress
from precompute.contract.transfer_tables import read_transfer_manifest
from precompute.devices.choice import choose_device
from precompute.transfer.again import MoreHeads, add_heads
from precompute.transfer.config import HeadConfig
from precompute.transfer.learning import Epoch

__all__ = ["Report", "train_head"]


class Report(Protocol):
    """Takes steps done, all steps, and a part of the result; it raises where the training is to end."""

    def __call__(self, n_done: int, n_total: int, part: Any = None, /) -> None: ...


def train_head(folder: str, cut: str, options: Mapping[str, Any], report: Report) -> str:
    """Trains a head on a cut of a result, tests it on the folds and saves it; ended early, the best one so far.

    Args:
        folder: of the result.
        cut: `MODEL@LAYER`.
        options: fields of `HeadConfig`.
        report: hears of every epoch as `{fold, epoch, loss, accuracy}`; `fold` is None for the head that is saved.

    Returns:
        The cut.

    Raises:
        InputError: as `add_heads`.
    """
    head = HeadConfig(**options)
    n_total = (read_transfer_manifest(Path(folder))["config"]["n_folds"] + 1) * head.n_epochs
    ending: list[BaseException] = []
    done = 0

    def watch(epoch: Epoch | None) -> None:
        nonlocal done
        part = None
        if epoch is not None:
            done += 1
            part = {"fold": epoch.fold, "epoch": epoch.number, "loss": epoch.loss, "accuracy": epoch.accuracy}
        try:
            report(done, n_total, part)
        except BaseException as reason:  # the training keeps its best weights, then ends as it was told to
            ending.append(reason)
            raise KeyboardInterrupt from reason

    report(0, n_total, None)
    try:
        add_heads(MoreHeads(Path(folder), (cut,), head, choose_device("auto"), workers=1), SilentProgress(), watch)
    except KeyboardInterrupt:
        if ending:
            raise ending[0] from None
        raise
    return cut
