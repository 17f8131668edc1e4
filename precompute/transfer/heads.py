"""The heads of one cut: trained and tested on every fold, and kept on disk."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from precompute.contract.atomic import replace_file
from precompute.transfer.config import TransferConfig
from precompute.transfer.linear import fit_head

__all__ = ["CutStore", "HeldOut", "evaluate_fold"]


@dataclass(frozen=True)
class HeldOut:
    """The predictions of one cut for all images, each by the head that had not seen it.

    Attributes:
        probabilities: `(image, class)`.
        penalties: `(fold,)`: what the training images of each fold chose.
        logme: the quick estimate.
    """

    probabilities: NDArray[np.float32]
    penalties: NDArray[np.float64]
    logme: float


def evaluate_fold(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    folds: NDArray[np.int64],
    fold: int,
    config: TransferConfig,
) -> tuple[NDArray[np.float32], float]:
    """Trains a head on the images of all other folds, and predicts those of one.

    Returns:
        Probabilities, `(image of the fold, class)`, and the chosen penalty.
    """
    held = folds == fold
    head = fit_head(features[~held], labels[~held], config.penalties, config.n_inner_folds, config.seed)
    return head.predict(features[held]).astype(np.float32), head.penalty


class CutStore:
    """The findings for each cut, a file each, whole or not there.

    Args:
        folder: of the result.
        fingerprint: of features, images, folds and config.
    """

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self._folder = folder / "parts" / fingerprint[:16]

    def has(self, cut: int) -> bool:
        """Checks that the file of a cut is there."""
        return self._locate(cut).is_file()

    def write(self, cut: int, found: HeldOut) -> None:
        """Writes the file of a cut."""
        self._folder.mkdir(parents=True, exist_ok=True)
        packed = io.BytesIO()
        np.savez(packed, probabilities=found.probabilities, penalties=found.penalties, logme=np.float64(found.logme))
        with replace_file(self._locate(cut)) as temporary:
            temporary.write_bytes(packed.getvalue())

    def read(self, cut: int) -> HeldOut:
        """Reads the file of a cut."""
        with np.load(self._locate(cut), allow_pickle=False) as arrays:
            return HeldOut(arrays["probabilities"], arrays["penalties"], float(arrays["logme"]))

    def list_missing(self, n_cuts: int) -> Sequence[int]:
        """Lists the cuts whose file is not there."""
        return [cut for cut in range(n_cuts) if not self.has(cut)]

    def _locate(self, cut: int) -> Path:
        return self._folder / f"{cut:04d}.npz"
