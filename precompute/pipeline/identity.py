"""The identity of a run: what its tables depend on, by which it is resumed or refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from precompute.aggregate.influence.link_measure import LinkMeasure
from precompute.aggregate.stage import PassInputs
from precompute.datasets.reopening import record_place
from precompute.models.sources.loaded import LoadedModel
from precompute.models.sources.reloading import record_places
from precompute.models.weights.loading import hash_parameters
from precompute.pipeline.config import SPEED
from precompute.pipeline.registry import find_stages
from precompute.pipeline.request import RunRequest

__all__ = ["build_contents", "compute_fingerprint"]

_UNITS = 2
"""Version of what a unit's numbers mean: units of another one are made again, so that no run mixes both."""


def compute_fingerprint(identity: Mapping[str, Any]) -> str:
    """Computes the SHA-256 of an identity, as hexadecimal digits."""
    return hashlib.sha256(json.dumps([_UNITS, identity], sort_keys=True).encode()).hexdigest()


def build_contents(request: RunRequest, loaded: LoadedModel, inputs: PassInputs) -> dict[str, Any]:
    """Builds the manifest's entries on model, images, layers, links and config, and the run's identity."""
    config = request.config.to_dict()
    speed = {name: config.pop(name) for name in SPEED}
    config["layers"] = [layer.name for layer in inputs.layers]
    dataset, model = _describe_dataset(inputs), _describe_model(loaded, inputs)
    outputs = inputs.model.outputs.to_dict()
    meaning = inputs.meaning
    stages = {name: stage.identity(request.config) for name, stage in find_stages().items() if stage.identity}
    return {
        # Where files are decides nothing, but what is added to the run loads the model and the images again.
        "model": model | {**outputs, **record_places(request.model)},
        "dataset": {
            **dataset,
            "outputs_by": meaning.known_by,
            "notes": [*inputs.source.notes, *meaning.notes],
            **record_place(request.images, request.limit_per_class, request.labels.allow_outside),
        },
        "layers": config["layers"],
        "links": [_describe_link(measure) for measure in inputs.measures],
        **({"stories": list(inputs.source.stories)} if inputs.source.stories else {}),
        "config": config,
        "seeds": {"embedding": request.config.embedding.seed, "visualize": request.config.visualize.seed},
        "speed": speed,
        "identity": {
            "model": model | {key: value for key, value in outputs.items() if value is not None},
            "dataset": dataset,
            "config": {"layers": config["layers"], **stages},
        },
    }


def _describe_dataset(inputs: PassInputs) -> dict[str, Any]:
    dataset: dict[str, Any] = {
        "name": inputs.source.name,
        "n_images": len(inputs.source.images),
        "n_classes": len(inputs.source.classes),
        "fingerprint": inputs.source.fingerprint(),
        "labels_are_outputs": inputs.labels_are_outputs,
    }
    if not inputs.labels_are_outputs and (inputs.meaning.outputs or inputs.meaning.known_by == "file"):
        dataset["class_outputs"] = {str(c): list(outputs) for c, outputs in inputs.class_outputs.items()}
    return dataset


def _describe_model(loaded: LoadedModel, inputs: PassInputs) -> dict[str, Any]:
    return {
        "name": loaded.name,
        "source": loaded.source,
        "weights_sha256": loaded.weights_sha256,
        "parameters_sha256": hash_parameters(loaded.module),
        "code_sha256": loaded.code_sha256,
        "input_size": list(inputs.model.input_size),
        "preprocess": loaded.preprocess.to_dict(),
        "n_outputs": inputs.model.n_outputs,
    }


def _describe_link(measure: LinkMeasure) -> dict[str, Any]:
    """Describes which layers feed a layer, by which measure, and why it is not traced."""
    return {
        "target": measure.link.target.name,
        "sources": [source.name for source in measure.link.sources],
        "influence": measure.name,
        "reason": measure.reason,
    }
