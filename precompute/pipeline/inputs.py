"""The inputs of a run: images opened, model loaded and exported, layers, links and labels read."""

from __future__ import annotations

from collections.abc import Sequence

from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.influence.registry import choose_measures
from precompute.aggregate.stage import PassInputs
from precompute.contract.errors import InputError
from precompute.contract.labelled import UnreadableImage
from precompute.datasets.images import ImageSource
from precompute.datasets.labels.label_outputs import read_meaning
from precompute.datasets.labels.output_match import ModelOutputs
from precompute.datasets.labels.outputs import read_output_names
from precompute.datasets.sources.open import open_images
from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.selection import select_layers
from precompute.models.provenance.links import derive_links
from precompute.models.sources.loaded import LoadedModel
from precompute.models.sources.loading import load_model
from precompute.pipeline.identity import build_contents, compute_fingerprint
from precompute.pipeline.request import LabelOptions, RunRequest

__all__ = ["load_inputs", "open_source", "prepare", "prepare_worker"]


def open_source(request: RunRequest) -> ImageSource:
    """Opens the images of a request.

    Raises:
        InputError: there are none, or they are not as they should be.
    """
    return open_images(request.images, request.limit_per_class, request.labels.allow_outside)


def load_inputs(request: RunRequest, source: ImageSource) -> tuple[LoadedModel, PassInputs]:
    """Loads the model of a request and prepares the pass over the images.

    Raises:
        InputError: the model cannot be loaded or exported, or the labels cannot be read.
    """
    loaded = load_model(request.model)
    return loaded, prepare(loaded, source, request.config.layers, request.config.aggregate, request.labels)


def prepare_worker(request: RunRequest) -> tuple[PassInputs, str]:
    """Makes the inputs in a worker elsewhere, with the fingerprint that shows that they are the same as here."""
    loaded, inputs = load_inputs(request, open_source(request))
    return inputs, compute_fingerprint(build_contents(request, loaded, inputs)["identity"])


def prepare(
    loaded: LoadedModel,
    source: ImageSource,
    layers: Sequence[str] | None,
    config: AggregateConfig,
    labels: LabelOptions | None = None,
) -> PassInputs:
    """Exports the model and derives layers, links and the meaning of the labels; reads one image at most.

    Raises:
        InputError: the model cannot be exported, a layer is unknown, or the labels cannot be read.
    """
    labels = labels or LabelOptions()
    model = ExportedModel(loaded.module, loaded.input_size or _find_input_size(source, loaded))
    recorded = select_layers(model, layers or loaded.layers)
    named = _name_outputs(loaded, model.n_outputs, labels)
    return PassInputs(
        model,
        recorded,
        choose_measures(model, derive_links(model, recorded), config),
        loaded.preprocess,
        source,
        named,
        read_meaning(source, named, labels.class_outputs),
    )


def _name_outputs(loaded: LoadedModel, n_outputs: int, labels: LabelOptions) -> ModelOutputs:
    """Returns the outputs with the names of a file, else the model's own where it names each of its outputs."""
    known, synsets = (
        list(names) if names is not None and len(names) == n_outputs else None
        for names in (loaded.output_names, loaded.output_synsets)
    )
    if labels.output_names is not None:
        known = list(read_output_names(labels.output_names, n_outputs))
    return ModelOutputs(n_outputs, known, synsets)


def _find_input_size(source: ImageSource, loaded: LoadedModel) -> tuple[int, int, int]:
    """Returns the size `(3, height, width)` of the first readable image after preprocessing."""
    for image in source.images:
        try:
            return (3, *loaded.preprocess.compute_input_size(source.load(image)))
        except UnreadableImage:
            continue
    raise InputError(
        "A run needs at least one readable image.",
        f"None of {len(source.images)} images could be read.",
        "Check the files; `file PATH` tells what one of them is.",
    )
