"""A run's model and images, opened to be explained: checked against the manifest, and kept while the run stays."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cachetools import LRUCache
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from precompute.aggregate.config import AggregateConfig
from precompute.contract.errors import InputError
from precompute.contract.labelled import UnreadableImage
from precompute.contract.output_meanings import find_recorded_outputs
from precompute.contract.schema import MANIFEST, read_manifest, read_table
from precompute.datasets.decode import decode
from precompute.datasets.images import ImageSource
from precompute.datasets.recorded_probabilities import read_probability, require_recorded
from precompute.datasets.reopening import open_again
from precompute.explanations.channels.image_graph import ImageGraphBuilder
from precompute.explanations.explainer import Explainer
from precompute.explanations.input_range import InputRange
from precompute.models.layers.selection import RecordedLayer
from precompute.models.sources.preprocess import Preprocess
from precompute.models.sources.recorded_model import open_recorded_model
from precompute.models.sources.reloading import NOT_MOVED, Whereabouts

__all__ = ["OpenedRun", "open_run", "open_run_once"]

_N_PREPARED = 4
"""Images that stay prepared: the questions about one are many, and the photograph of a camera takes long to decode."""


@dataclass(frozen=True)
class OpenedRun:
    """A run's model, ready to be explained.

    Attributes:
        path: the run's folder.
        manifest: of the run.
        explainer: the model with the run's layers.
        preprocess: the steps from an image to the input.
        names: of the outputs, in order.
        layers: the recorded layers, in order from the input.
        images: where the run's images are now; None: where the manifest says.
    """

    path: Path
    manifest: Mapping[str, Any]
    explainer: Explainer
    preprocess: Preprocess
    names: tuple[str, ...]
    layers: tuple[RecordedLayer, ...]
    images: str | None = None
    _prepared: LRUCache[bytes | int, tuple[NDArray[Any], Tensor]] = field(
        default_factory=lambda: LRUCache(_N_PREPARED), compare=False, repr=False
    )

    @functools.cached_property
    def source(self) -> ImageSource:
        """The run's images; an `InputError` where they are gone or others."""
        return open_again(self.path, self.manifest, self.images)

    @functools.cached_property
    def graph_builder(self) -> ImageGraphBuilder:
        """The builder of graphs of single images, by the settings of the run's pass."""
        known = {field.name for field in dataclasses.fields(AggregateConfig)}
        stated = self.manifest.get("config", {}).get("aggregate", {})
        config = AggregateConfig(**{name: value for name, value in stated.items() if name in known})
        return ImageGraphBuilder(self.explainer.exported, self.layers, config)

    def load_image(self, image: bytes | int) -> Image.Image:
        """Decodes the content of a file, or an image of the run by its number, to RGB.

        Raises:
            InputError: it is no image, it is not safe to decode, or the run has none of this number.
        """
        background = self.preprocess.background
        try:
            if isinstance(image, bytes):
                return decode(image, background)
            if not 0 <= image < len(self.source.images):
                raise InputError("An image of the run has a number.", f"There is no image {image}.", "Choose another.")
            return self.source.load(self.source.images[image], background)
        except UnreadableImage as problem:
            raise InputError(
                "An image is a file that Pillow can decode safely.", f"This file {problem}.", "Choose another file."
            ) from problem

    def prepare(self, image: bytes | int) -> tuple[NDArray[Any], Tensor]:
        """Returns the model's view of an image, `(height, width, 3)` RGB, and its input, `(1, 3, height, width)`.

        Nothing may change them in place.

        Raises:
            InputError: the image cannot be read, or is not of the size that the model takes.
        """
        key = hashlib.blake2b(image).digest() if isinstance(image, bytes) else image
        if key not in self._prepared:
            self._prepared[key] = self._prepare(image)
        return self._prepared[key]

    def _prepare(self, image: bytes | int) -> tuple[NDArray[Any], Tensor]:
        try:
            seen = self.preprocess.prepare_image(self.load_image(image))
        except UnreadableImage as problem:
            raise InputError(
                "An image has safe proportions.", f"This one {problem}.", "Choose another file."
            ) from problem
        _, height, width = self.manifest["model"]["input_size"]
        if seen.shape[:2] != (height, width):
            raise InputError(
                f"The model takes images of {width} x {height} pixels, and this run's preprocessing changes no size.",
                f"This one has {seen.shape[1]} x {seen.shape[0]} pixels.",
                "Bring it to this size first.",
            )
        return seen, self.preprocess.build_tensor(seen[None])

    def require_same(self, image: bytes | int, logits: Tensor) -> None:
        """Checks that the model says of an image of the run what the run recorded; a brought image has no record.

        Args:
            image: as `prepare` takes it.
            logits: of the image, `(1, output)`.

        Raises:
            InputError: the image's class has another probability than when the run was made.
        """
        if isinstance(image, bytes):
            return
        class_id, path, recorded = read_probability(self.path, image)
        outputs = find_recorded_outputs(self.manifest["dataset"], [class_id]).get(class_id)
        if outputs:
            probabilities = self.explainer.exported.outputs.probabilities
            require_recorded([path], probabilities.compute_for_class(logits, outputs).numpy(), [recorded])

    def compute_probabilities(self, logits: Tensor) -> Tensor:
        """Computes the probability of every output, of the shape of the logits."""
        return self.explainer.exported.outputs.probabilities.compute_for_outputs(logits)


def open_run_once(run: str | Path) -> OpenedRun:
    """Opens a run's model, or returns it where it is open and the run has not changed.

    Raises:
        InputError: the run was imported, a file of the model is gone, or the model is another one than the run's.
    """
    path = Path(run)
    return _open(path, (path / MANIFEST).stat().st_mtime_ns if (path / MANIFEST).is_file() else 0)


def open_run(run: Path, where: Whereabouts = NOT_MOVED, images: str | None = None) -> OpenedRun:
    """Opens a run's model, also where its files or the images have moved.

    Args:
        run: the run's folder.
        where: the model's files.
        images: where the images are, as `precompute` takes them; None: where the manifest says.

    Raises:
        InputError: as `open_run_once`.
    """
    return open_run_once(run) if where == NOT_MOVED and images is None else _build(run, where, images)


@functools.lru_cache(maxsize=2)
def _open(path: Path, changed_at: int) -> OpenedRun:
    return _build(path, NOT_MOVED, None)


def _build(path: Path, where: Whereabouts, images: str | None) -> OpenedRun:
    manifest = read_manifest(path)
    recorded = open_recorded_model(manifest, where)
    loaded, exported, layers = recorded.loaded, recorded.exported, recorded.layers
    by_name = {layer.name: layer.node for layer in layers}
    explainer = Explainer(exported, InputRange.from_preprocess(loaded.preprocess), by_name)
    names = _name_outputs(path, manifest, exported.n_outputs)
    return OpenedRun(path, manifest, explainer, loaded.preprocess, names, layers, images)


def _name_outputs(path: Path, manifest: Mapping[str, Any], n_outputs: int) -> tuple[str, ...]:
    """Names every output: as the manifest states it, by the class that it means, or else by its number."""
    stated = manifest["model"].get("output_names") or [None] * n_outputs
    classes = read_table(path, "classes", ["class_id", "class_name"]).to_pydict()
    names = dict(zip(classes["class_id"], classes["class_name"], strict=True))
    means = {o: names[c] for c, outputs in find_recorded_outputs(manifest["dataset"], names).items() for o in outputs}
    return tuple(means.get(n) or stated[n] or f"output {n}" for n in range(n_outputs))
