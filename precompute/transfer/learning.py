"""Chosen cuts with a head trained by gradient descent: tested on the same folds as all cuts, then trained and saved."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from precompute.contract.atomic import replace_file
from precompute.contract.progress import Advance, Progress
from precompute.contract.transfer_tables import read_transfer_table, write_transfer_manifest, write_transfer_table
from precompute.datasets.images import ImageSource
from precompute.transfer.chosen import Choice, find_chosen
from precompute.transfer.config import HeadConfig
from precompute.transfer.descent import Trained
from precompute.transfer.features import FeatureStore
from precompute.transfer.head_modules import HeadPlan
from precompute.transfer.heads import CutStore
from precompute.transfer.learned import Learner, count_multiply_adds, find_unfrozen, open_material
from precompute.transfer.linear import compute_log_loss
from precompute.transfer.saving import CutModel, build_command, cut_model, name_folder, write_head
from precompute.transfer.scores import compute_macro_f1, compute_score
from precompute.transfer.training import Task

__all__ = ["train_chosen"]

_LEARNED = 1
"""Version of what a learned head is."""


class LearnChoice(Choice, Protocol):
    """The part of a request that chooses cuts, the head on them, and the device."""

    @property
    def head(self) -> HeadConfig: ...

    @property
    def device(self) -> torch.device: ...


@dataclass(frozen=True)
class _Chosen:
    """One cut on which a head is trained."""

    model: str
    cut: str
    entry: Mapping[str, Any]
    features: FeatureStore
    linear: CutStore

    @property
    def cuts(self) -> list[str]:
        """The layers up to the cut."""
        names = [each["name"] for each in self.entry["cuts"]]
        return names[: names.index(self.cut) + 1]


def train_chosen(
    choice: LearnChoice,
    manifest: dict[str, Any],
    stores: tuple[Mapping[str, FeatureStore], Mapping[str, CutStore]],
    task: Task,
    source: ImageSource,
    progress: Progress,
) -> None:
    """Tests, trains and saves the heads of the chosen cuts, those that are there already excepted.

    An interruption while a head is trained on all images saves the best one so far. The same command trains it again.

    Args:
        choice: what was asked for.
        manifest: of the result, which gets an entry for each head.
        stores: features and linear heads, by model.
        task: the images.
        source: of the images.
        progress: reports epochs.

    Raises:
        InputError: a model is gone or has changed, or there are fewer layers than are to be trained.
    """
    heads = manifest.setdefault("heads", {})
    for model, cut in find_chosen(choice.save, manifest["advice"]):
        chosen = _Chosen(model, cut, manifest["models"][model], stores[0][model], stores[1][model])
        folder, fingerprint = name_folder(model, cut) + choice.head.suffix, _identify(choice, chosen, task)
        known = heads.get(folder, {})
        if known.get("fingerprint") == fingerprint and (choice.out / "heads" / folder).is_dir():
            continue
        is_interrupted = _train_one(choice, chosen, task, source, progress)
        heads[folder] = {
            "model": model, "cut": cut, "kind": choice.head.kind, "config": asdict(choice.head),
            "fingerprint": None if is_interrupted else fingerprint,
            "command": build_command(choice.out / "heads" / folder, choice.images, chosen.cuts),
        }  # fmt: skip
        write_transfer_manifest(choice.out, manifest)
        if is_interrupted:
            raise KeyboardInterrupt


def _train_one(choice: LearnChoice, chosen: _Chosen, task: Task, source: ImageSource, progress: Progress) -> bool:
    """Tests a head on every fold, trains it on all images and writes it; returns whether it was interrupted."""
    head, config = choice.head, choice.config
    n_channels = dict(chosen.features.layers)[chosen.cut]
    plan = HeadPlan(head.kind, n_channels, task.n_classes, config.pooling, head.n_hidden)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(head.seed)
        cut = cut_model(chosen.model, chosen.entry, chosen.cut, plan)
    unfrozen = find_unfrozen(cut.module, chosen.cuts, head.n_unfrozen)
    values = chosen.features.read(chosen.cut, config.pooling)[task.kept]
    scratch = choice.out / "parts" / f"learned-{_identify(choice, chosen, task)[:16]}"
    material = open_material(cut, head, values, source, task, scratch)
    learner = Learner(cut, material, task, (config, head), values, unfrozen, choice.device)
    title = f"Training {head.kind} on {chosen.model}@{chosen.cut}"
    with progress.open_stage(title, (config.n_folds + 1) * head.n_epochs, "epochs") as advance:
        probabilities, epochs = _evaluate(learner, task, choice, scratch, advance)
        _write_row(choice, chosen, cut, (probabilities, epochs, learner.n_trained), task)
        trained = _fit(learner, np.arange(len(task.labels)), head, advance)
    cut.module.to("cpu")
    write_head(choice.out, cut, source.classes, head.suffix)
    shutil.rmtree(scratch, ignore_errors=True)
    return trained.is_interrupted


def _evaluate(
    learner: Learner, task: Task, choice: LearnChoice, scratch: Path, advance: Advance
) -> tuple[NDArray[np.float32], list[int]]:
    """Trains on the other folds and predicts each; returns probabilities and the kept epochs."""
    probabilities, epochs = np.zeros((len(task.labels), task.n_classes), np.float32), []
    scratch.mkdir(parents=True, exist_ok=True)
    for fold in range(choice.config.n_folds):
        path, held = scratch / f"fold-{fold}.npz", np.flatnonzero(task.folds == fold)
        if not path.is_file():
            trained = _fit(learner, np.flatnonzero(task.folds != fold), choice.head, advance)
            if trained.is_interrupted:
                raise KeyboardInterrupt
            with replace_file(path) as temporary, temporary.open("wb") as file:
                np.savez(file, probabilities=learner.predict(held), epoch=np.int64(trained.best_epoch))
        else:
            advance(choice.head.n_epochs)
        with np.load(path, allow_pickle=False) as found:
            probabilities[held] = found["probabilities"]
            epochs.append(int(found["epoch"]))
    return probabilities, epochs


def _fit(learner: Learner, places: NDArray[np.int64], head: HeadConfig, advance: Advance) -> Trained:
    done = 0

    def note(loss: float) -> None:
        nonlocal done
        done += 1
        advance()

    trained = learner.fit(places, note)
    advance(head.n_epochs - done)
    return trained


def _write_row(
    choice: LearnChoice,
    chosen: _Chosen,
    cut: CutModel,
    found: tuple[NDArray[np.float32], list[int], int],
    task: Task,
) -> None:
    """Writes the row of a head into the table `learned`, in place of an earlier one."""
    (probabilities, epochs, n_trained), index = found, len(chosen.cuts) - 1
    predicted = probabilities.argmax(1)
    is_right = predicted == task.labels
    was_right = chosen.linear.read(index).probabilities.argmax(1) == task.labels
    score = compute_score(task.labels, predicted)
    row = {
        "model": chosen.model, "cut_index": index, "head": choice.head.kind, "n_unfrozen": choice.head.n_unfrozen,
        "cut": chosen.cut, "n_images": score.n, "accuracy": score.accuracy, "ci_low": score.low, "ci_high": score.high,
        "macro_f1": compute_macro_f1(task.labels, predicted, task.n_classes),
        "log_loss": compute_log_loss(probabilities.astype(np.float64), task.labels),
        "n_gained": int((is_right & ~was_right).sum()), "n_lost": int((~is_right & was_right).sum()),
        "parameters": _count_parameters(chosen, cut), "n_trained": n_trained,
        "multiply_adds": count_multiply_adds(cut.module, cut.recipe.input_size),
        "mean_epochs": float(np.mean(epochs)),
    }  # fmt: skip
    key = ("model", "cut_index", "head", "n_unfrozen")
    others = read_transfer_table(choice.out, "learned").to_pylist()
    rows = [each for each in others if [each[name] for name in key] != [row[name] for name in key]]
    write_transfer_table(choice.out, "learned", [*rows, row])


def _count_parameters(chosen: _Chosen, cut: CutModel) -> int:
    own = sum(value.numel() for name, value in cut.module.transfer_head.named_parameters() if "maps.tail" not in name)
    return int(chosen.entry["cuts"][len(chosen.cuts) - 1]["parameters"]) + own


def _identify(choice: LearnChoice, chosen: _Chosen, task: Task) -> str:
    """Computes the SHA-256 of what a head depends on."""
    settings = [asdict(choice.config), asdict(choice.head), chosen.cut]
    digest = hashlib.sha256(json.dumps([_LEARNED, chosen.entry["fingerprint"], settings], sort_keys=True).encode())
    for array in (task.kept, task.labels, task.folds):
        digest.update(array.tobytes())
    return digest.hexdigest()
