"""The models of a comparison, loaded and read as graphs, with their cuts and costs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch

from precompute.contract.errors import InputError
from precompute.contract.labelled import UnreadableImage
from precompute.datasets.images import ImageSource
from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.selection import RecordedLayer, select_layers
from precompute.models.sources.loaded import LoadedModel, ModelConfig
from precompute.models.sources.loading import load_model
from precompute.models.sources.reloading import record_places
from precompute.models.weights.loading import hash_parameters
from precompute.transfer.costs import measure_costs
from precompute.transfer.naming import NamedModel

__all__ = ["OpenedModel", "open_model"]

_FEATURES = 1
"""Version of what stored features mean: those of another one are made again."""


@dataclass(frozen=True)
class OpenedModel:
    """One model of a comparison, ready for the pass.

    Attributes:
        name: in the result.
        config: what it was loaded from.
        loaded: as loaded.
        model: its graph.
        layers: its cuts, in order from the input.
    """

    name: str
    config: ModelConfig
    loaded: LoadedModel
    model: ExportedModel
    layers: tuple[RecordedLayer, ...]

    def compute_fingerprint(self, source: ImageSource) -> str:
        """Computes the SHA-256 of all that the features depend on."""
        loaded = self.loaded
        identity = [
            _FEATURES,
            hash_parameters(loaded.module),
            loaded.source if loaded.code_sha256 is None else loaded.code_sha256,
            list(self.model.input_size),
            loaded.preprocess.to_dict(),
            [layer.name for layer in self.layers],
            source.fingerprint(),
        ]
        return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()

    def describe(self, fingerprint: str, device: torch.device, known: Mapping[str, Any] | None) -> dict[str, Any]:
        """Returns the manifest's entry, with the costs of the cuts, which are measured unless they are known.

        Args:
            fingerprint: of the features.
            device: on which time is measured.
            known: the entry of an earlier call.
        """
        if known is not None and known["fingerprint"] == fingerprint:
            return dict(known)
        costs = measure_costs(self.model, self.layers, device)
        return {
            "source": self.loaded.source,
            **record_places(self.config),
            "fingerprint": fingerprint,
            "input_size": list(self.model.input_size),
            "preprocess": self.loaded.preprocess.to_dict(),
            "published_top1": self.loaded.published_top1,
            "n_parameters": sum(each.numel() for each in self.loaded.module.parameters()),
            "cuts": [
                {"name": layer.name, "n_channels": layer.n_channels, "height": layer.height, "width": layer.width}
                | asdict(cost)
                for layer, cost in zip(self.layers, costs, strict=True)
            ],
        }


def open_model(named: NamedModel, source: ImageSource, model_path: tuple[str, ...] = ()) -> OpenedModel:
    """Loads a model, reads it as a graph and finds its cuts.

    Raises:
        InputError: it cannot be loaded or read, its weights do not fit, a cut does not exist, or there is none.
    """
    config = ModelConfig(
        named.source, named.weights, named.preprocess, model_path=model_path if ".py" in named.source else ()
    )
    try:
        loaded = load_model(config)
        first = _find_first_size(source, loaded)
        size = loaded.input_size or (3, *first)
        loaded.preprocess.require_one_size(size[1:], first)
        model = ExportedModel(loaded.module, size)
        layers = select_layers(model, named.cuts or loaded.layers)
    except InputError as problem:
        found, fix = (text.replace("--layers", "--cuts") for text in (problem.found, problem.fix))
        raise InputError(problem.rule, f"Model {named.name}: {found}", fix) from problem
    return OpenedModel(named.name, config, loaded, model, layers)


def _find_first_size(source: ImageSource, loaded: LoadedModel) -> tuple[int, int]:
    """Returns height and width of the first readable image as the model would see it."""
    for image in source.images:
        try:
            return loaded.preprocess.compute_input_size(source.load(image))
        except UnreadableImage:
            continue
    found = f"None of {len(source.images)} images could be read."
    raise InputError("A comparison of cuts needs readable images.", found, "Check the files.")
