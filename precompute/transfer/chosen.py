"""The heads of chosen cuts, trained on all images and saved."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from precompute.aggregate.reading import read_images
from precompute.contract.errors import InputError
from precompute.contract.transfer_tables import write_transfer_manifest
from precompute.datasets.images import ImageSource
from precompute.transfer.config import ADVISED, TransferConfig
from precompute.transfer.features import FeatureStore
from precompute.transfer.head_modules import HeadPlan
from precompute.transfer.linear import fit_head
from precompute.transfer.opened import OpenedModel
from precompute.transfer.saving import (
    Images,
    build_command,
    cut_model,
    fill_linear,
    name_folder,
    require_equal,
    require_same_features,
    write_head,
)
from precompute.transfer.training import Task

__all__ = ["Choice", "find_chosen", "list_cuts", "require_cuts", "save_heads"]

_HEADS = 2
"""Version of what a saved head's files mean."""
_N_CHECKED = 8


class Choice(Images, Protocol):
    """The part of a request that chooses."""

    @property
    def out(self) -> Path: ...

    @property
    def save(self) -> tuple[str, ...]: ...

    @property
    def config(self) -> TransferConfig: ...


def list_cuts(manifest: Mapping[str, Any], opened: Iterable[OpenedModel]) -> list[str]:
    """Lists all cuts of a result and of models that are to be added, as `MODEL@CUT`."""
    known = {name: [cut["name"] for cut in entry["cuts"]] for name, entry in manifest["models"].items()}
    known |= {each.name: [layer.name for layer in each.layers] for each in opened}
    return [f"{model}@{cut}" for model, cuts in known.items() for cut in cuts]


def require_cuts(asked: Sequence[str], known: Sequence[str]) -> None:
    """Checks that the cuts whose heads are to be saved exist.

    Raises:
        InputError: one does not; the message names the nearest.
    """
    for name in asked:
        if name != ADVISED and name not in known:
            near = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
            raise InputError(
                "--save names cuts as MODEL@LAYER, or says advised or none.",
                f"There is no {name}." + (f" Near it: {', '.join(near)}." if near else ""),
                f"Take one of {', '.join(known[:12])}{', ...' if len(known) > 12 else ''}.",
            )


def find_chosen(asked: Sequence[str], advice: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Finds model and cut of each head that is asked for, each once."""
    names = [f"{advice['model']}@{advice['cut']}" if name == ADVISED else name for name in asked]
    return [(name.partition("@")[0], name.partition("@")[2]) for name in dict.fromkeys(names)]


def save_heads(
    choice: Choice, manifest: dict[str, Any], stores: Mapping[str, FeatureStore], task: Task, source: ImageSource
) -> None:
    """Saves the heads of the chosen cuts, those that are there already excepted, and notes them in the manifest.

    Raises:
        InputError: a model is gone, has changed, or cannot be cut there.
    """
    heads = manifest.setdefault("heads", {})
    for model, cut in find_chosen(choice.save, manifest["advice"]):
        folder, entry = name_folder(model, cut), manifest["models"][model]
        fingerprint = _identify(entry["fingerprint"], choice.config, task)
        if heads.get(folder, {}).get("fingerprint") == fingerprint and (choice.out / "heads" / folder).is_dir():
            continue
        penalty = _save(choice, (model, cut), entry, stores[model], task, source)
        names = [each["name"] for each in entry["cuts"]]
        command = build_command(choice.out / "heads" / folder, choice, names[: names.index(cut) + 1])
        heads[folder] = {
            "model": model, "cut": cut, "kind": "linear", "penalty": penalty, "fingerprint": fingerprint,
            "command": command,
        }  # fmt: skip
        write_transfer_manifest(choice.out, manifest)


def _save(
    choice: Choice,
    chosen: tuple[str, str],
    entry: Mapping[str, Any],
    store: FeatureStore,
    task: Task,
    source: ImageSource,
) -> float:
    """Trains one head on all images, writes it, and returns its penalty."""
    (model, cut), config = chosen, choice.config
    plan = HeadPlan("linear", dict(store.layers)[cut], task.n_classes, config.pooling)
    module = cut_model(model, entry, cut, plan)
    require_same_features(module, store, config.pooling, source)
    features = store.read(cut, config.pooling)[task.kept]
    head = fit_head(features, task.labels, config.penalties, config.n_inner_folds, config.seed)
    fill_linear(module, head)
    some = np.unique(np.linspace(0, len(task.kept) - 1, _N_CHECKED).astype(int))
    images = [source.images[task.kept[place]] for place in some]
    read = [one.pixels for one in read_images(source, images, module.preprocess, 0)]
    if all(pixels is not None for pixels in read):
        require_equal(module, np.stack([pixels for pixels in read if pixels is not None]), head.predict(features[some]))
    write_head(choice.out, module, source.classes)
    return head.penalty


def _identify(features: str, config: TransferConfig, task: Task) -> str:
    digest = hashlib.sha256(json.dumps([_HEADS, features, asdict(config)], sort_keys=True).encode())
    digest.update(task.kept.tobytes() + task.labels.tobytes())
    return digest.hexdigest()
