"""The stage `visualize` of a run: from its model and its config to its pictures."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from precompute.aggregate.stage import PassInputs
from precompute.contract.manifest import build_note
from precompute.contract.progress import Progress
from precompute.devices.batches import choose_most
from precompute.devices.cores import Parallel
from precompute.feature_visualization.ascent.config import VisualizationConfig, choose_side
from precompute.feature_visualization.ascent.forwards import Forwards, export_for_shape
from precompute.feature_visualization.channels.config import VisualizeConfig
from precompute.feature_visualization.channels.draw_pictures import build_visualizations
from precompute.feature_visualization.channels.drawing import Drawing, set_step_precision
from precompute.feature_visualization.channels.time_limit import TimeLimit, count_operations
from precompute.models.graph.exported import ExportedModel

__all__ = ["SIDE", "is_asked_for", "visualize_run"]

SIDE = "side"
"""The key, in the manifest's `visualizations`, of the height and width that the first call chose."""

_FEWEST = 16
"""The number of pictures below which smaller pictures are better than fewer."""

_PER_PIXEL = 6000.0
"""The number of operations per pixel that take as long as a step without the model: spectra, movements, Adam."""

_SMALLEST_SIDE = 64
"""The smallest side in pixels; a person sees little on smaller pictures."""


def visualize_run(
    run: Path, inputs: PassInputs, manifest: dict[str, Any], device: torch.device, progress: Progress
) -> dict[str, Any]:
    """Draws the channels of most graphs with the settings of the manifest's config.

    Returns:
        The facts of the stage: `n_drawn` and `n_chosen` if there was no time for all pictures; otherwise none.
    """
    facts, note = manifest.get("visualizations", {}), build_note(run, manifest, "visualizations")
    settings = VisualizeConfig(**manifest["config"]["visualize"])
    drawing = _choose_drawing(settings, inputs, device, facts)
    if drawing.limit is not None and not settings.size:
        note(facts := {**facts, SIDE: min(drawing.config.shape)})
    report = build_visualizations(run, replace(drawing, facts=facts, note=note), settings.n_channels, progress)
    n_done = report.n_drawn + report.n_there + len(report.dead)
    return {"n_drawn": n_done, "n_chosen": n_done + report.n_left} if report.n_left else {}


def is_asked_for(settings: Mapping[str, Any], manifest: Mapping[str, Any]) -> bool:
    """Returns true for other settings than the run's, or another time limit if the last one left pictures out.

    Args:
        settings: the fields of the new `VisualizeConfig`.
        manifest: the run's manifest, whose stage `visualize` is done.
    """
    before, left = manifest["config"].get("visualize", {}), "n_chosen" in manifest["stages"]["visualize"]
    same = {**before, "seconds": settings["seconds"]} == settings
    return not same or (left and before.get("seconds") != settings["seconds"])


def _choose_drawing(
    settings: VisualizeConfig, inputs: PassInputs, device: torch.device, facts: Mapping[str, Any]
) -> Drawing:
    """Chooses the size of the pictures: the one asked for, the one of the first call, or one that the time allows."""
    side = settings.size or facts.get(SIDE) or choose_side(*inputs.model.input_size[1:])
    drawing = _build_drawing(side, settings, inputs, device)
    if settings.size or SIDE in facts or drawing.limit is None:
        return drawing
    n_colours = inputs.model.input_size[0]
    fewest = min(_FEWEST, settings.n_channels)
    while side // 2 >= _SMALLEST_SIDE and _count_pictures_in_time(drawing, n_colours) < fewest:
        side //= 2
        smaller = _build_drawing(side, settings, inputs, device)
        if smaller.config.shape == drawing.config.shape:  # the model takes no others
            break
        drawing = smaller
    return drawing


def _build_drawing(side: int, settings: VisualizeConfig, inputs: PassInputs, device: torch.device) -> Drawing:
    model = export_for_shape(inputs.model, (side, side))
    names = tuple(layer.name for layer in inputs.layers)
    forwards = Forwards(model, names, device)
    drawing = Drawing(
        forwards,
        inputs.preprocess.normalize,
        names,
        _build_config(settings, model, device),
        {},
        _ignore_facts,
        limit=None if settings.seconds is None else _build_limit(settings, model, names, device),
    )
    return set_step_precision(drawing, forwards)


def _ignore_facts(facts: Mapping[str, Any]) -> None:
    pass


def _count_pictures_in_time(drawing: Drawing, n_colours: int) -> float:
    """Estimates the number of pictures in the time limit, from the time of a step of one picture of the last layer."""
    config, limit = drawing.config, drawing.limit
    if limit is None:
        return math.inf
    operations = [*limit.operations.values()] or [1.0]
    with Parallel(torch.device(config.device), config.threads) as parallel:
        seconds = _time_step(drawing, limit.clock, n_colours)
        share = sum(operations) / len(operations) / max(*operations, 1.0)
        return limit.seconds * parallel.n_threads / (seconds * config.n_steps * share + 1e-9)


def _time_step(drawing: Drawing, clock: Callable[[], float], n_colours: int) -> float:
    """Times the second step of two, because the first one builds the forward pass; in seconds."""
    layer, config = drawing.layers[-1], drawing.config
    start = 0.0
    for _ in range(2):
        start = clock()
        forward = (drawing.step_forward or drawing.forward)(layer, "channel")
        picture = torch.zeros((1, n_colours, *config.shape), device=config.device, requires_grad=True)
        torch.autograd.grad(forward(picture).sum(), [picture])[0].cpu()
    return clock() - start


def _build_config(settings: VisualizeConfig, model: ExportedModel, device: torch.device) -> VisualizationConfig:
    return VisualizationConfig(
        size=(model.input_size[1], model.input_size[2]),
        n_steps=settings.n_steps,
        batch_size=choose_most(device, None, settings.batch_size),
        seed=settings.seed,
        device=str(device),
    )


def _build_limit(
    settings: VisualizeConfig, model: ExportedModel, names: tuple[str, ...], device: torch.device
) -> TimeLimit:
    """Builds the time limit. Costly layers get smaller batches on a CPU alone: they would leave other devices idle."""
    counts = count_operations(model, names) if device.type == "cpu" else {}
    pixels = model.input_size[1] * model.input_size[2]
    return TimeLimit(settings.seconds or 0.0, {name: n + _PER_PIXEL * pixels for name, n in counts.items()})
