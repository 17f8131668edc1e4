"""The request for a comparison of cuts, and who computes its features."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import torch

from precompute.transfer.config import ADVISED, COSTS, HeadConfig, TransferConfig
from precompute.transfer.features import MadeFeatures
from precompute.transfer.naming import NamedModel

__all__ = ["FeatureEngine", "Piece", "TransferRequest"]


@dataclass(frozen=True)
class Piece:
    """A range of images whose features are missing for a model.

    Attributes:
        model: its name in the request.
        fingerprint: of the features.
        images: their numbers in the source.
    """

    model: str
    fingerprint: str
    images: range


class FeatureEngine(Protocol):
    """A maker of features outside this process. They are the same as those that this process makes."""

    def make(
        self, request: TransferRequest, pieces: Sequence[Piece]
    ) -> Generator[tuple[Piece, MadeFeatures], None, None]:
        """Yields the features of pieces, in any order."""
        ...


@dataclass(frozen=True)
class TransferRequest:
    """Images, models and a folder, and the config.

    Attributes:
        images: as `open_images` takes them.
        models: at least one.
        out: the folder of the result.
        limit_per_class: images taken per class; None: all.
        cost: one of `config.COSTS`: by which the advised cut is the cheapest.
        save: cuts whose heads are saved: `advised`, or `MODEL@CUT`.
        head: the head that is trained on these cuts and saved.
        device: of the models.
        engine: computes the features elsewhere; None: in this process.
        workers: threads that decode images.
        batch_size: images of a forward pass.
        model_path: folders that model files import from.
        allow_outside: accept paths in a manifest that lead out of its folder.
        overwrite: replace another result in the folder.
    """

    images: str
    models: tuple[NamedModel, ...]
    out: Path
    config: TransferConfig = field(default_factory=TransferConfig)
    limit_per_class: int | None = None
    cost: str = COSTS[0]
    save: tuple[str, ...] = (ADVISED,)
    head: HeadConfig = field(default_factory=HeadConfig)
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    engine: FeatureEngine | None = None
    workers: int = 2
    batch_size: int = 16
    model_path: tuple[str, ...] = ()
    allow_outside: bool = False
    overwrite: bool = False
