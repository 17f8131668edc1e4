"""Chosen cuts with a head trained by gradient descent: tested on the same folds as all cuts, then trained and saved."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from precompute.contract.atomic import replace_file
from precompute.contract.manifest import remove_if_empty
from precompute.contract.progress import Advance, Progress
from precompute.contract.transfer_tables import read_transfer_table, write_transfer_manifest, write_transfer_table
from precompute.datasets.images import ImageSource
from precompute.transfer.chosen import Choice, find_chosen
from precompute.transfer.config import HeadConfig
from precompute.transfer.descent import Notes, Trained
from precompute.transfer.features import FeatureStore
from precompute.transfer.head_modules import HeadPlan
from precompute.transfer.heads import CutStore
from precompute.transfer.learned import Learner, count_multiply_adds, find_unfrozen
from precompute.transfer.linear import compute_log_loss
from precompute.transfer.material import MAPS, PIXELS, Lesson, Pass, open_material
from precompute.transfer.saving import (
    CutModel,
    build_command,
    cut_model,
    name_folder,
    require_same_features,
    write_head,
)
from precompute.transfer.scores import compute_macro_f1, compute_score
from precompute.transfer.training import Task

__all__ = ["Epoch", "Watch", "train_chosen"]


class Epoch(NamedTuple):
    """An epoch of a training.

    Attributes:
        fold: held out; None where the head is trained on all images.
        number: from 1.
        loss: mean on the validation part, in nats.
        accuracy: on that part.
    """

    fold: int | None
    number: int
    loss: float
    accuracy: float


Watch = Callable[[Epoch | None], None]
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
    watch: Watch | None = None,
) -> None:
    """Tests, trains and saves the heads of the chosen cuts, those that are there already excepted.

    An interruption saves the best head so far: that of the fold that is trained, or that of all images. The same
    command goes on with the next fold, and trains that head again.

    Args:
        choice: what was asked for.
        manifest: of the result, which gets an entry for each head.
        stores: features and linear heads, by model.
        task: the images.
        source: of the images.
        progress: reports epochs.
        watch: hears of every epoch, and with None of every step; it may raise KeyboardInterrupt.

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
        outcome = _train_one(choice, chosen, task, source, progress, watch)
        if outcome.best_epoch or not outcome.is_interrupted:
            heads[folder] = {
                "model": model, "cut": cut, "kind": choice.head.kind, "config": asdict(choice.head),
                "fingerprint": None if outcome.is_interrupted else fingerprint,
                "command": build_command(choice.out / "heads" / folder, choice, chosen.cuts, choice.head.kind),
            }  # fmt: skip
            write_transfer_manifest(choice.out, manifest)
        if outcome.is_interrupted:
            raise KeyboardInterrupt


def _train_one(
    choice: LearnChoice, chosen: _Chosen, task: Task, source: ImageSource, progress: Progress, watch: Watch | None
) -> Trained:
    """Tests a head on every fold, trains it on all images and writes it; after an interruption the best one so far."""
    head, config = choice.head, choice.config
    n_channels = dict(chosen.features.layers)[chosen.cut]
    plan = HeadPlan(head.kind, n_channels, task.n_classes, config.pooling, head.n_hidden)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(head.seed)
        cut = cut_model(chosen.model, chosen.entry, chosen.cut, plan)
    require_same_features(cut, chosen.features, config.pooling, source)
    unfrozen = find_unfrozen(cut.module, chosen.cuts, head.n_unfrozen)
    values = chosen.features.read(chosen.cut, config.pooling)[task.kept]
    scratch = choice.out / "parts" / f"learned-{_identify(choice, chosen, task)[:16]}"
    lesson = Lesson(task, values, config, head, choice.device)
    images = Pass(source, scratch, progress, lambda: None if watch is None else watch(None))
    try:
        learner = Learner(cut, open_material(cut, lesson, images), lesson, unfrozen)
        title = f"Training {head.kind} on {chosen.model}@{chosen.cut}"
        with progress.open_stage(title, (config.n_folds + 1) * head.n_epochs, "epochs") as advance:
            course = _Course(learner, head, advance, watch)
            trained, probabilities, epochs = _evaluate(course, task, config.n_folds, scratch)
            if not trained.is_interrupted:
                _write_row(choice, chosen, cut, (probabilities, epochs, learner.n_trained), task)
                trained = course.fit(np.arange(len(task.labels)), None)
        cut.module.to("cpu")
        if trained.best_epoch or not trained.is_interrupted:
            write_head(choice.out, cut, source.classes, head.suffix)
    finally:
        for large in (PIXELS, MAPS):
            (scratch / large).unlink(missing_ok=True)
        remove_if_empty(scratch)
    if not trained.is_interrupted:
        shutil.rmtree(scratch)
    return trained


def _evaluate(
    course: _Course, task: Task, n_folds: int, scratch: Path
) -> tuple[Trained, NDArray[np.float32], list[int]]:
    """Trains on the other folds and predicts each; returns the last training, probabilities and the kept epochs.

    An interrupted training ends it: the module has the best weights of that fold, and the folds before stay in scratch.
    """
    probabilities, epochs = np.zeros((len(task.labels), task.n_classes), np.float32), []
    trained = Trained(0, (), False)
    scratch.mkdir(parents=True, exist_ok=True)
    for fold in range(n_folds):
        path, held = scratch / f"fold-{fold}.npz", np.flatnonzero(task.folds == fold)
        if not path.is_file():
            trained = course.fit(np.flatnonzero(task.folds != fold), fold)
            if trained.is_interrupted:
                break
            with replace_file(path) as temporary, temporary.open("wb") as file:
                np.savez(file, probabilities=course.learner.predict(held), epoch=np.int64(trained.best_epoch))
        else:
            course.skip()
        with np.load(path, allow_pickle=False) as found:
            probabilities[held] = found["probabilities"]
            epochs.append(int(found["epoch"]))
    return trained, probabilities, epochs


class _Course(Notes):
    """The trainings of one head, one after the other, and those who hear of their epochs.

    Args:
        learner: trains.
        head: its config.
        advance: reports epochs.
        watch: hears of them too.
    """

    def __init__(self, learner: Learner, head: HeadConfig, advance: Advance, watch: Watch | None) -> None:
        self.learner, self._head, self._advance, self._watch = learner, head, advance, watch
        self._fold: int | None = None
        self._n_done = 0

    def fit(self, places: NDArray[np.int64], fold: int | None) -> Trained:
        """Trains on some images; `fold` is the one that is held out, None where none is."""
        self._fold, self._n_done = fold, 0
        trained = self.learner.fit(places, self)
        if not trained.is_interrupted:  # an early end is an end: no more epochs come
            self._advance(self._head.n_epochs - self._n_done)
        return trained

    def skip(self) -> None:
        """Counts the epochs of a fold that was trained before."""
        self._advance(self._head.n_epochs)

    def finish_epoch(self, loss: float, accuracy: float) -> None:
        self._n_done += 1
        self._advance()
        if self._watch is not None:
            self._watch(Epoch(self._fold, self._n_done, loss, accuracy))

    def finish_step(self) -> None:
        if self._watch is not None:
            self._watch(None)


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
