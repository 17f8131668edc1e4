"""The command `summit-dash visualize`: draws pictures of any channels of a run into the run, by its own model."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import torch

from precompute.contract.errors import InputError
from precompute.contract.lock import hold_run, require_no_writer
from precompute.contract.manifest import build_note, remove_if_empty, remove_leftovers
from precompute.contract.progress import Progress
from precompute.contract.schema import read_manifest, read_table
from precompute.feature_visualization.ascent.config import METHODS, VisualizationConfig, choose_side
from precompute.feature_visualization.ascent.forwards import Forwards, export_for_shape
from precompute.feature_visualization.channels.choice import Channel, rank_channels
from precompute.feature_visualization.channels.draw_pictures import VisualizationReport, draw_pictures, read_statistics
from precompute.feature_visualization.channels.drawing import Drawing, set_step_precision
from precompute.models.graph.exported import ExportedModel
from precompute.models.sources.loaded import LoadedModel
from precompute.models.sources.reloading import NOT_MOVED, Whereabouts, load_again

__all__ = ["KINDS", "VisualizeRequest", "visualize"]

KINDS = ("channel", "neuron", "negative", "diversity")
"""The kinds that a person may ask for; `diversity` makes four pictures of each channel."""


@dataclass(frozen=True)
class VisualizeRequest:
    """The pictures that a person asks for.

    Attributes:
        run: the run's directory.
        layers: names of layers of the run; None: all.
        channels: indices of channels in each of these layers; None: all.
        kinds: some of `KINDS`.
        limit: greatest number of channels, those of most attribution graphs first; None: all.
        where: where the model is now.
        size: side of the pictures in pixels; None: `choose_side` decides.
        config: method, steps, seed, device and speed; its size is not read.
    """

    run: Path
    layers: tuple[str, ...] | None = None
    channels: tuple[int, ...] | None = None
    kinds: tuple[str, ...] = ("channel",)
    limit: int | None = None
    where: Whereabouts = NOT_MOVED
    size: int | None = None
    config: VisualizationConfig = field(default_factory=VisualizationConfig)


class _Layer(NamedTuple):
    n_channels: int
    n_positions: int


def visualize(request: VisualizeRequest, progress: Progress) -> VisualizationReport:
    """Draws the pictures that are asked for and missing. After an interruption a second call draws the rest.

    Raises:
        InputError: a name, number or option that means nothing, or a run or model that cannot be read; the run is then
            as it was.
    """
    manifest = read_manifest(request.run)
    require_no_writer(request.run)
    layers = _read_layers(request.run)
    _require_known(request, layers)
    chosen = _choose(request, layers)
    loaded = load_again(manifest, request.where)
    model = _export(manifest, loaded, request.size)
    config = _build_config(request, model)
    read_statistics(request.run, tuple(layers), config)  # raises before the run is locked
    forwards = Forwards(model, tuple(layers), torch.device(config.device))
    with hold_run(request.run):
        remove_leftovers(request.run)
        manifest = read_manifest(request.run)  # another process may have written it before the lock was free
        note = build_note(request.run, manifest, "visualizations")
        facts = manifest.get("visualizations", {})
        drawing = Drawing(forwards, loaded.preprocess.normalize, tuple(layers), config, facts, note)
        report = draw_pictures(
            request.run, set_step_precision(drawing, forwards), chosen, request.kinds, progress=progress
        )
        remove_if_empty(request.run / "parts")
    return report


def _read_layers(run: Path) -> dict[str, _Layer]:
    """Reads the sizes of all layers, in order from the input."""
    rows = read_table(run, "layers", ["layer", "n_channels", "height", "width"]).to_pylist()
    return {row["layer"]: _Layer(row["n_channels"], (row["height"] or 1) * (row["width"] or 1)) for row in rows}


def _require_known(request: VisualizeRequest, layers: Mapping[str, _Layer]) -> None:
    _require_among("A kind of picture", request.kinds, KINDS, "--kinds")
    _require_among("A method", (request.config.method,), METHODS, "--method")
    for name in request.layers or ():
        if name not in layers:
            near = difflib.get_close_matches(name, layers, n=3)
            raise InputError(
                f"The layers of this run are {', '.join(layers)}.",
                f"There is no {name}.",
                f"Did you mean {' or '.join(near)}?" if near else "Correct --layers.",
            )
    for name in request.layers or layers:
        layer = layers[name]
        beyond = [channel for channel in request.channels or () if channel >= layer.n_channels]
        if beyond:
            raise InputError(
                f"The channels of {name} are 0 to {layer.n_channels - 1}.",
                f"Found {beyond[0]}.",
                "Correct --channels, or name the layer that has it with --layers.",
            )
        if layer.n_positions == 1 and "neuron" in request.kinds:
            raise InputError(
                "The picture of a neuron is that of a channel at the centre position.",
                f"{name} has no positions, as linear layers have none.",
                "Take --kinds channel, which is the same there, or leave the layer out of --layers.",
            )


def _require_among(what: str, found: Sequence[str], known: Sequence[str], option: str) -> None:
    for name in found:
        if name not in known:
            raise InputError(f"{what} is one of {', '.join(known)}.", f"Found {name}.", f"Correct {option}.")


def _choose(request: VisualizeRequest, layers: Mapping[str, _Layer]) -> list[Channel]:
    ranked = rank_channels(request.run, {name: layer.n_channels for name, layer in layers.items()})
    wanted = [
        candidate
        for candidate in ranked
        if (request.layers is None or candidate.layer in request.layers)
        and (request.channels is None or candidate.channel in request.channels)
    ]
    return wanted[: request.limit]


def _export(manifest: Mapping[str, Any], loaded: LoadedModel, size: int | None) -> ExportedModel:
    depth, height, width = manifest["model"]["input_size"]
    model = ExportedModel(loaded.module, (depth, height, width))
    side = size or choose_side(height, width)
    return export_for_shape(model, (side, side))


def _build_config(request: VisualizeRequest, model: ExportedModel) -> VisualizationConfig:
    size = (model.input_size[1], model.input_size[2])
    if request.size is not None and size != (request.size, request.size):
        raise InputError(
            "A picture is as large as the model's input.",
            f"The model takes {size[0]} x {size[1]} pixels and no others, asked for are {request.size}.",
            "Leave --size out.",
        )
    return replace(request.config, size=size)
