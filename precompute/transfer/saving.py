"""A saved head: the cut model with its head as a model file, weights, preprocessing and classes."""

from __future__ import annotations

import csv
import io
import json
import pprint
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import nn

from precompute.aggregate.reading import read_images
from precompute.contract.atomic import replace_files
from precompute.contract.errors import InputError
from precompute.contract.labelled import LabelledClass
from precompute.datasets.images import ImageSource
from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.selection import select_layers
from precompute.models.sources.loaded import ModelConfig
from precompute.models.sources.loading import load_model
from precompute.models.sources.preprocess import Preprocess
from precompute.transfer.features import FeatureStore
from precompute.transfer.head_modules import HeadPlan, Pool
from precompute.transfer.linear import LinearHead
from precompute.transfer.truncation import CONVOLUTION, PREPROCESS, Recipe, build_recipe, cut_module

__all__ = [
    "CutModel",
    "Images",
    "build_command",
    "cut_model",
    "fill_linear",
    "name_folder",
    "require_same_features",
    "write_head",
]

MODEL, WEIGHTS, CLASSES = "model.py", "weights.safetensors", "classes.csv"
_TOLERANCE = 0.02
"""The greatest difference of probabilities from those of stored features, which are rounded to half precision; and of
features, as a share of the greatest."""
_N_CHECKED = 8
"""Images on which a cut model is compared with stored features."""


@dataclass(frozen=True)
class CutModel:
    """A model with a head, ready to be trained or saved.

    Attributes:
        name: of the model in the result.
        module: the cut model; `transfer_head` is its head.
        recipe: by which it is built again.
        preprocess: its input.
    """

    name: str
    module: nn.Module
    recipe: Recipe
    preprocess: Preprocess


def cut_model(name: str, entry: Mapping[str, Any], cut: str, plan: HeadPlan) -> CutModel:
    """Loads a model of a result once more, and cuts it.

    Args:
        name: of the model.
        entry: its entry in the manifest.
        cut: name of the layer.
        plan: of the head.

    Raises:
        InputError: the model is gone or has changed, or cannot be cut there.
    """
    preprocess = Preprocess.from_dict(entry["preprocess"])
    model_path = tuple(entry.get("model_path") or ())
    config = ModelConfig(entry["source"], entry.get("weights"), preprocess, model_path=model_path)
    loaded = load_model(config)
    model = ExportedModel(loaded.module, tuple(entry["input_size"]))
    (layer,) = select_layers(model, [cut])
    recipe = build_recipe(config, model, layer, plan)
    return CutModel(name, cut_module(loaded.module, recipe), recipe, preprocess)


def fill_linear(cut: CutModel, head: LinearHead) -> None:
    """Copies the weights of a linear head into the module."""
    linear: nn.Linear = cut.module.transfer_head.linear
    with torch.no_grad():
        linear.weight.copy_(torch.from_numpy(head.weight))
        linear.bias.copy_(torch.from_numpy(head.bias))


def require_same_features(cut: CutModel, features: FeatureStore, pooling: str, source: ImageSource) -> None:
    """Checks on some images that the cut model has the features that are stored, before a head is trained on either.

    Raises:
        InputError: the model has changed since they were stored.
    """
    skipped = features.read_skipped()
    known = [number for number in range(len(source.images)) if number not in skipped]
    some = [known[place] for place in np.unique(np.linspace(0, len(known) - 1, _N_CHECKED).astype(int))]
    read = [one.pixels for one in read_images(source, [source.images[n] for n in some], cut.preprocess, 0)]
    pixels = {number: each for number, each in zip(some, read, strict=True) if each is not None}
    if not pixels:
        return
    whole = cut.module.transfer_head
    cut.module.transfer_head = nn.Sequential(whole[0], Pool(pooling))
    try:
        with torch.inference_mode():
            found = cut.module(cut.preprocess.build_tensor(np.stack(list(pixels.values())))).numpy()
    finally:
        cut.module.transfer_head = whole
    expected = features.read(cut.recipe.layer, pooling)[list(pixels)]
    share = float(np.abs(found - expected).max() / max(np.abs(expected).max(), np.finfo(np.float32).tiny))
    if not share <= _TOLERANCE:
        raise InputError(
            "A head is trained on the model whose features are stored.",
            f"{cut.recipe.source} is another one by now: its {cut.recipe.layer} differs by {share:.0%} of its greatest "
            "value.",
            "Bring the model back as it was, or run `summit-dash transfer` again.",
        )


def require_equal(cut: CutModel, pixels: NDArray[np.uint8], expected: NDArray[np.float64]) -> None:
    """Checks that the cut model says of images what the head says of their features.

    Args:
        cut: with its weights.
        pixels: `(image, height, width, 3)`, as the preprocessing prepares them.
        expected: probabilities, `(image, class)`.

    Raises:
        InputError: it does not.
    """
    with torch.inference_mode():
        found = torch.softmax(cut.module(cut.preprocess.build_tensor(pixels)), 1).numpy()
    difference = float(np.abs(found - expected).max())
    if not difference <= _TOLERANCE:
        raise InputError(
            "A saved model says of an image what its head says of the layer's features.",
            f"{cut.name} cut after {cut.recipe.layer} differs by {difference:.3f} in a probability.",
            "Choose another cut with --save MODEL@CUT.",
        )


def write_head(folder: Path, cut: CutModel, classes: Sequence[LabelledClass], suffix: str = "") -> Path:
    """Writes the files of a head, all or none, and returns their folder.

    Args:
        folder: of the result.
        cut: the model with its weights.
        classes: in the order of its outputs.
        suffix: of the folder's name, for another head than the linear one.
    """
    where = folder / "heads" / (name_folder(cut.name, cut.recipe.layer) + suffix)
    where.mkdir(parents=True, exist_ok=True)
    state = {name: value.detach().cpu().clone().contiguous() for name, value in cut.module.state_dict().items()}
    with replace_files() as name_file:
        name_file(where / PREPROCESS).write_text(_write_toml(cut.preprocess), encoding="utf-8")
        name_file(where / CLASSES).write_text(_write_classes(classes), encoding="utf-8")
        save_file(state, name_file(where / WEIGHTS))
        name_file(where / MODEL).write_text(_write_model(cut, len(classes)), encoding="utf-8")
    return where


def name_folder(model: str, cut: str) -> str:
    """Returns the name of a head's folder, such as `resnet18@layer3.1`."""
    return re.sub(r"[^\w.@-]+", "-", f"{model}@{cut}")


class Images(Protocol):
    """Images as on the command line, with the options that choose among them."""

    @property
    def images(self) -> str: ...

    @property
    def limit_per_class(self) -> int | None: ...

    @property
    def allow_outside(self) -> bool: ...


def build_command(folder: Path, images: Images, layers: Sequence[str], kind: str = "linear") -> str:
    """Builds the command that makes a run of a saved head.

    Args:
        folder: of the head.
        images: those that the head was trained on.
        layers: up to the cut; a run of the whole model with these can be compared with it. A single one is left out.
        kind: of the head; the layer of maps that a convolution adds is recorded too.
    """
    layers = [*layers, CONVOLUTION] if kind.startswith("conv") else layers
    words = ["summit-dash", "precompute", f"{folder / MODEL}:build", images.images]
    words += ["--weights", str(folder / WEIGHTS), "--preprocess", str(folder / PREPROCESS)]
    words += ["--class-outputs", str(folder / CLASSES), "--output-names", str(folder / CLASSES)]
    words += ["--layers", ",".join(layers)] if len(layers) > 1 else []
    words += [] if images.limit_per_class is None else ["--limit-per-class", str(images.limit_per_class)]
    words += ["--allow-outside"] if images.allow_outside else []
    return shlex.join([*words, "--out", f"runs/{folder.name}"])


def _write_model(cut: CutModel, n_classes: int) -> str:
    recipe = pprint.pformat(asdict(cut.recipe), width=110, sort_dicts=False)
    return (
        f'"""{cut.name} cut after {cut.recipe.layer}, with a head for {n_classes} classes: written by `summit-dash '
        f"transfer`.\n\n{WEIGHTS} has its weights, {PREPROCESS} its input, {CLASSES} its classes.\n"
        f'"""\n\nfrom precompute.transfer.truncation import build_transferred\n\nRECIPE = {recipe}\n\n\n'
        'def build():\n    """Builds the model, whose weights are loaded afterwards."""\n'
        "    return build_transferred(RECIPE, __file__)\n"
    )


def _write_toml(preprocess: Preprocess) -> str:
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in preprocess.to_dict().items())


def _write_classes(classes: Sequence[LabelledClass]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["class_name", "output_index"])
    writer.writerows([each.class_name, output] for output, each in enumerate(classes))
    return text.getvalue()
