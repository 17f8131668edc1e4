"""More heads on a result that is there: its manifest says which images and models it is of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from precompute.contract.errors import InputError
from precompute.contract.lock import hold_run
from precompute.contract.progress import Progress
from precompute.contract.transfer_tables import read_transfer_manifest, read_transfer_table
from precompute.datasets.images import ImageSource
from precompute.datasets.sources.open import open_images
from precompute.transfer.chosen import list_cuts, require_cuts, save_heads
from precompute.transfer.compare import TransferReport
from precompute.transfer.config import ADVISED, HeadConfig, TransferConfig
from precompute.transfer.heads import CutStore
from precompute.transfer.learning import Watch, train_chosen
from precompute.transfer.pictures import write_pictures
from precompute.transfer.prepared import identify_heads, open_features, prepare_task
from precompute.transfer.report import write_report

__all__ = ["MoreHeads", "add_heads"]

_RULE = "Heads are added to a whole result, of the images that it was made of."


@dataclass(frozen=True)
class MoreHeads:
    """Heads to train on cuts of a result, and to save.

    Attributes:
        out: the folder of the result.
        save: cuts: `advised`, or `MODEL@CUT`.
        head: the head that is trained on them.
        device: of its training.
        workers: threads that decode images.
    """

    out: Path
    save: tuple[str, ...] = (ADVISED,)
    head: HeadConfig = field(default_factory=HeadConfig)
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    workers: int = 2


@dataclass(frozen=True)
class _Choice(MoreHeads):
    """The same with what the manifest says of images and folds."""

    images: str = ""
    limit_per_class: int | None = None
    allow_outside: bool = False
    config: TransferConfig = field(default_factory=TransferConfig)


def add_heads(asked: MoreHeads, progress: Progress, watch: Watch | None = None) -> TransferReport:
    """Trains heads on cuts of a result and saves them. After an interruption a second call goes on.

    Args:
        asked: cuts and head.
        progress: reports epochs.
        watch: is told of every epoch of a head that is trained by gradient descent.

    Raises:
        InputError: the folder is no whole result, its images or models have changed, or a cut does not exist.
    """
    manifest = read_transfer_manifest(asked.out)
    if "advice" not in manifest:
        raise InputError(_RULE, f"{asked.out} is not whole yet.", "Run its `summit-dash transfer` to the end first.")
    with hold_run(asked.out):
        manifest = read_transfer_manifest(asked.out)
        choice = _read_choice(asked, manifest)
        require_cuts(choice.save, list_cuts(manifest, ()))
        source = _open_source(choice, manifest)
        stores = {name: open_features(asked.out, name, entry, source) for name, entry in manifest["models"].items()}
        if any(store.list_missing() for store in stores.values()):
            raise InputError(_RULE, "Its stored features are gone.", "Run its `summit-dash transfer` again.")
        task, _ = prepare_task(stores, source, choice.config)
        write_pictures(asked.out, source, asked.workers, progress)
        if choice.head.is_learned:
            linear = {
                name: CutStore(asked.out, identify_heads(entry["fingerprint"], choice.config, task))
                for name, entry in manifest["models"].items()
            }
            train_chosen(choice, manifest, (stores, linear), task, source, progress, watch)
        else:
            save_heads(choice, manifest, stores, task, source)
        write_report(asked.out)
    return TransferReport(manifest, tuple(read_transfer_table(asked.out, "cuts").to_pylist()), tuple(source.notes))


def _read_choice(asked: MoreHeads, manifest: Mapping[str, Any]) -> _Choice:
    config, dataset = manifest["config"], manifest["dataset"]
    return _Choice(
        **vars(asked),
        images=dataset["source"],
        limit_per_class=dataset["limit_per_class"],
        allow_outside=dataset["allow_outside"],
        config=TransferConfig(**{**config, "penalties": tuple(config["penalties"])}),
    )


def _open_source(choice: _Choice, manifest: Mapping[str, Any]) -> ImageSource:
    source = open_images(choice.images, choice.limit_per_class, choice.allow_outside)
    if source.fingerprint() != manifest["dataset"]["fingerprint"]:
        raise InputError(
            _RULE,
            f"{choice.images} has other images, or their labels, names, sizes or times have changed.",
            "Bring the images back, or make a new result.",
        )
    return source
