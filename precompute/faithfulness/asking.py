"""`precompute.ablate`: the answers of a run's model with chosen channels removed, or kept alone, in Python."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from precompute.contract.errors import InputError
from precompute.contract.labelled import LabelledImage
from precompute.contract.output_meanings import find_recorded_outputs
from precompute.contract.schema import MANIFEST, read_manifest, read_table
from precompute.datasets.images import ImageSource
from precompute.datasets.reopening import open_again
from precompute.devices.cores import Parallel
from precompute.devices.precision import keep_whole_float32
from precompute.faithfulness.ablation import AblatedModel
from precompute.faithfulness.intervals import compute_wilson_interval
from precompute.faithfulness.measuring import Images
from precompute.faithfulness.outcomes import Prover
from precompute.faithfulness.trials import ClassPlan, Masks, Trial
from precompute.models.graph.exported import ExportedModel
from precompute.models.graph.probabilities import rank_outputs
from precompute.models.layers.selection import RecordedLayer
from precompute.models.sources.preprocess import Preprocess
from precompute.models.sources.recorded_model import open_recorded_model

__all__ = ["Ablated", "Ablation", "ablate", "open_ablated", "require_mode"]

Mode = Literal["remove", "keep"]
Report = Callable[[int, int, Any], None]
"""Takes the number of steps done, of all steps, and a part of an answer or None."""
_GIVEN = "given"


def do_nothing(n_done: int, n_total: int, part: Any = None) -> None:
    """Ignores a report."""


@dataclass(frozen=True)
class Ablation:
    """The answers of a model to images of a class, untouched and with channels replaced.

    Attributes:
        image_ids: of the images.
        before: the most probable output of each image of the untouched model, `(image,)`.
        after: the same with the channels replaced.
        is_right_before: whether that output means the class, `(image,)`.
        is_right_after: the same with the channels replaced.
    """

    image_ids: tuple[int, ...]
    before: NDArray[np.int64]
    after: NDArray[np.int64]
    is_right_before: NDArray[np.bool_]
    is_right_after: NDArray[np.bool_]

    @property
    def accuracy(self) -> tuple[float, float]:
        """The accuracies before and after."""
        return float(self.is_right_before.mean()), float(self.is_right_after.mean())

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the accuracy after (Wilson 1927)."""
        low, high = compute_wilson_interval(self.accuracy[1], len(self.image_ids))
        return float(low), float(high)


def ablate(
    run: str | Path,
    class_: int | str,
    channels: Sequence[str],
    mode: Mode = "remove",
    *,
    image_ids: Sequence[int] | None = None,
    images_per_class: int = 20,
    replacement: Literal["mean", "zero"] = "mean",
) -> Ablation:
    """Runs images of a class with channels replaced: the given ones (`remove`), or all others of their layers (`keep`).

    Args:
        run: the run's folder.
        class_: id or name of the class.
        channels: names such as `mixed4d-346`.
        mode: `remove` or `keep`. Layers of which no channel is given are left as they are.
        image_ids: images of the class; None: its first `images_per_class`.
        images_per_class: images of every class over which means are taken.
        replacement: `mean` over these images, or `zero`.

    Raises:
        InputError: the class, a channel or an image is not of the run; its model or images are gone or have changed.
    """
    require_mode(mode, replacement)
    path = Path(run)
    opened = open_ablated(path)
    class_id = opened.find_class(class_)
    chosen = opened.choose_images(class_id, image_ids, images_per_class)
    sizes, masks = opened.build_masks(class_id, channels)
    trial = Trial(None, _GIVEN, mode, sizes)
    with opened.open_prover(replacement, opened.choose_for_means(images_per_class)) as prover:
        batches = opened.read(class_id, chosen)
        logits = torch.cat([prover.compute_logits(batch, [trial], masks) for batch in batches])
    opened.require_same(class_id, chosen, logits[:, 0])
    best = torch.stack([rank_outputs(logits[:, column])[:, 0] for column in (0, 1)], 1).numpy()
    is_right = np.isin(best, list(opened.outputs[class_id]))
    ids = tuple(image.image_id for image in chosen)
    return Ablation(ids, best[:, 0], best[:, 1], is_right[:, 0], is_right[:, 1])


def require_mode(mode: str, replacement: str = "mean") -> None:
    """Checks that channels are to be removed or kept alone, by a known replacement.

    Raises:
        InputError: they are not.
    """
    if mode not in ("remove", "keep") or replacement not in ("mean", "zero"):
        raise InputError(
            "Channels are removed or kept alone, and replaced by mean or zero.",
            f"Found {mode} and {replacement}.",
            "Correct it.",
        )


@dataclass(frozen=True)
class Ablated:
    """A run's model and images, ready for ablations."""

    path: Path
    model: AblatedModel
    exported: ExportedModel
    layers: Sequence[RecordedLayer]
    source: ImageSource
    preprocess: Preprocess
    names: Mapping[int, str]
    outputs: Mapping[int, Sequence[int]]
    images: Mapping[int, Sequence[LabelledImage]]
    probabilities: Mapping[int, float]

    def find_class(self, class_: int | str) -> int:
        """Finds a class by its id or name, of which outputs of the model exist."""
        found = class_ if class_ in self.names else next((c for c, name in self.names.items() if name == class_), None)
        if found is None or found not in self.outputs or not self.images.get(int(found)):
            raise InputError(
                "Channels are removed for a class of the run that outputs of the model mean, and that has images.",
                f"Found {class_}.",
                "Name another class.",
            )
        return int(found)

    def choose_images(
        self, class_id: int, image_ids: Sequence[int] | None, images_per_class: int
    ) -> list[LabelledImage]:
        """Chooses images of a class."""
        known = {image.image_id: image for image in self.images[class_id]}
        if image_ids is None:
            return list(known.values())[:images_per_class]
        missing = [image_id for image_id in image_ids if image_id not in known]
        if missing or not len(image_ids):
            found = f"{missing[0]} is none." if missing else "Found none."
            raise InputError(f"Images are of the class {self.names[class_id]}.", found, "Name images of the class.")
        return [known[image_id] for image_id in image_ids]

    def build_masks(self, class_id: int, channels: Sequence[str]) -> tuple[tuple[int, ...], Masks]:
        """Builds the choice of channels: how many of each layer, and which."""
        given: list[list[int]] = [[] for _ in self.layers]
        names = [layer.name for layer in self.layers]
        for name in channels:
            layer, _, number = name.rpartition("-")
            index = names.index(layer) if layer in names else -1
            if index < 0 or not number.isdecimal() or int(number) >= self.layers[index].n_channels:
                raise InputError(
                    f"A channel is a recorded layer and a number, such as {names[-1]}-0.",
                    f"Found {name}.",
                    f"Layers are {', '.join(names)}.",
                )
            if int(number) not in given[index]:
                given[index].append(int(number))
        if not channels:
            raise InputError("At least one channel is removed.", "Found none.", f"Name one, such as {names[-1]}-0.")
        n_channels = [layer.n_channels for layer in self.layers]
        orders = [
            np.array([*first, *(c for c in range(n) if c not in set(first))], np.int64)
            for first, n in zip(given, n_channels, strict=True)
        ]
        return tuple(map(len, given)), Masks(ClassPlan(class_id, {_GIVEN: orders}), n_channels, 0)

    def read(self, class_id: int, chosen: Sequence[LabelledImage]) -> list[Tensor]:
        """Reads images of a class."""
        return self._list(class_id, chosen).read(class_id)

    def require_same(self, class_id: int, chosen: Sequence[LabelledImage], logits: Tensor) -> None:
        """Checks that the untouched model says of images what the run recorded; logits are `(image, output)`."""
        wanted = torch.zeros(1, logits.shape[1], dtype=torch.bool)
        wanted[:, list(self.outputs[class_id])] = True
        logarithms = self.exported.outputs.probabilities.compute_log_for_classes(logits, wanted.expand_as(logits))
        self._list(class_id, chosen).require_same(class_id, logarithms.exp().float().numpy())

    def _list(self, class_id: int, chosen: Sequence[LabelledImage]) -> Images:
        recorded = [self.probabilities[image.image_id] for image in chosen]
        device = self.model.device
        return Images(self.source, {class_id: list(chosen)}, {class_id: recorded}, self.preprocess, device, 2)

    def choose_for_means(self, images_per_class: int, most: int | None = None) -> dict[int, list[LabelledImage]]:
        """Chooses the first images of every class, over which means are taken.

        Args:
            images_per_class: of each class.
            most: images in all, about; classes at even distances where one of each is more. None: no limit.
        """
        known = [class_id for class_id in self.outputs if self.images.get(class_id)]
        if most is None:
            return {class_id: list(self.images[class_id][:images_per_class]) for class_id in known}
        each = max(1, min(images_per_class, most // max(1, len(known))))
        distance = -(-len(known) * each // most)
        return {class_id: list(self.images[class_id][:each]) for class_id in known[::distance]}

    @contextmanager
    def open_prover(
        self, replacement: str, of_means: Mapping[int, Sequence[LabelledImage]], report: Report = do_nothing
    ) -> Iterator[Prover]:
        """Opens what runs images, with the means over some images that take the place of channels."""
        with Parallel(self.model.device) as parallel, keep_whole_float32():
            prover = Prover(self.model, self.exported.outputs.probabilities, parallel)
            means = self.find_means(prover, of_means, report)
            prover.set_replacements([torch.zeros_like(mean) for mean in means] if replacement == "zero" else means)
            yield prover

    def find_means(
        self, prover: Prover, of_means: Mapping[int, Sequence[LabelledImage]], report: Report = do_nothing
    ) -> list[Tensor]:
        """Finds the means of channels over images by class; computed once for the same ones.

        Raises:
            InputError: the model says of an image another thing than when the run was made.
        """
        key = (self.path, tuple(image.image_id for chosen in of_means.values() for image in chosen))
        if key not in _means:
            totals: list[Tensor] = []
            n_images = 0
            for class_id, chosen in of_means.items():
                logits: list[Tensor] = []
                for batch in self.read(class_id, chosen):
                    sums, of_batch = prover.sum_summaries(batch)
                    totals = [a + b for a, b in zip(totals, sums, strict=True)] if totals else sums
                    n_images += len(batch)
                    logits.append(of_batch)
                self.require_same(class_id, chosen, torch.cat(logits))
                report(n_images, len(key[1]), None)
            _means.clear()
            _means[key] = [total / n_images for total in totals]
        return _means[key]


_means: dict[tuple[Path, tuple[int, ...]], list[Tensor]] = {}


def open_ablated(path: Path) -> Ablated:
    """Opens a run for ablations, or returns it where it is open and has not changed.

    Raises:
        InputError: the folder is no run, or its model or images are gone or others.
    """
    return _open(path, (path / MANIFEST).stat().st_mtime_ns if (path / MANIFEST).is_file() else 0)


@functools.lru_cache(maxsize=1)
def _open(path: Path, changed_at: int) -> Ablated:
    manifest: Mapping[str, Any] = read_manifest(path)
    recorded_model = open_recorded_model(manifest)
    exported, layers = recorded_model.exported, recorded_model.layers
    classes = read_table(path, "classes", ["class_id", "class_name"]).to_pydict()
    names = dict(zip(classes["class_id"], classes["class_name"], strict=True))
    rows = read_table(path, "images", ["image_id", "class_id", "path", "true_probability"]).to_pydict()
    nan = float("nan")
    recorded = [nan if each is None else each for each in rows["true_probability"]]
    images: dict[int, list[LabelledImage]] = {}
    for image_id, class_id, file in zip(rows["image_id"], rows["class_id"], rows["path"], strict=True):
        images.setdefault(class_id, []).append(LabelledImage(image_id, class_id, file))
    _means.clear()
    return Ablated(
        path,
        AblatedModel(exported, layers, torch.device("cpu")),
        exported,
        layers,
        open_again(path, manifest),
        recorded_model.loaded.preprocess,
        names,
        find_recorded_outputs(manifest["dataset"], names),
        images,
        dict(zip(rows["image_id"], recorded, strict=True)),
    )
