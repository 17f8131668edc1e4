"""The stage `visualize` of a run: makes of its model and its config what the pictures are drawn with."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from precompute.aggregate.stage import PassInputs
from precompute.contract.manifest import noting
from precompute.contract.progress import Progress
from precompute.devices.cores import Parallel
from precompute.feature_visualization.ascent.config import VisualizationConfig
from precompute.feature_visualization.ascent.forwards import Forwards, export_at
from precompute.feature_visualization.channels.config import VisualizeConfig
from precompute.feature_visualization.channels.draw_pictures import build_visualizations
from precompute.feature_visualization.channels.drawing import Drawing, with_step_precision
from precompute.feature_visualization.channels.time_limit import TimeLimit, count_operations
from precompute.models.graph.exported import ExportedModel

__all__ = ["SIDE", "is_asked_for", "visualize_run"]

SIDE = "side"
"""Names, among the manifest's `visualizations`, the height and width that was decided on when the first were drawn."""

_FEWEST = 16
"""Pictures below which smaller ones are better than fewer."""

_PER_PIXEL = 6000.0
"""Operations of the model that take as long as all else in a step does: spectra, movements, Adam."""

_SMALLEST_SIDE = 64
"""In pixels; on smaller ones a person sees little."""


def visualize_run(
    run: Path, inputs: PassInputs, manifest: dict[str, Any], device: torch.device, progress: Progress
) -> dict[str, Any]:
    """Draws the channels of most graphs as the manifest's config says, and returns the facts of the stage.

    Returns:
        `n_drawn` of `n_chosen` pictures, where there was no time for all; otherwise nothing.
    """
    facts, note = manifest.get("visualizations", {}), noting(run, manifest, "visualizations")
    settings = VisualizeConfig(**manifest["config"]["visualize"])
    drawing = _drawing(settings, inputs, device, facts)
    if drawing.limit is not None and not settings.size:
        note(facts := {**facts, SIDE: min(drawing.config.shape)})
    report = build_visualizations(run, replace(drawing, facts=facts, note=note), progress)
    n_done = report.n_drawn + report.n_there + len(report.dead)
    return {"n_drawn": n_done, "n_chosen": n_done + report.n_left} if report.n_left else {}


def is_asked_for(settings: Mapping[str, Any], manifest: Mapping[str, Any]) -> bool:
    """Whether other pictures are asked for than the run has, or more time for those that there was none for."""
    before, left = manifest["config"].get("visualize", {}), "n_chosen" in manifest["stages"]["visualize"]
    same = {**before, "seconds": settings["seconds"]} == settings
    return not same or (left and before.get("seconds") != settings["seconds"])


def _drawing(settings: VisualizeConfig, inputs: PassInputs, device: torch.device, facts: Mapping[str, Any]) -> Drawing:
    """With pictures as large as asked for, or as decided before, or as there is time for."""
    side = settings.size or facts.get(SIDE) or min(128, *inputs.model.input_size[1:])
    drawing = _drawing_at(side, settings, inputs, device)
    if settings.size or SIDE in facts or drawing.limit is None:
        return drawing
    n_colours = inputs.model.input_size[0]
    fewest = min(_FEWEST, settings.n_channels)
    while side // 2 >= _SMALLEST_SIDE and _n_pictures_in_time(drawing, n_colours) < fewest:
        side //= 2
        smaller = _drawing_at(side, settings, inputs, device)
        if smaller.config.shape == drawing.config.shape:  # the model takes no others
            break
        drawing = smaller
    return drawing


def _drawing_at(side: int, settings: VisualizeConfig, inputs: PassInputs, device: torch.device) -> Drawing:
    model = export_at(inputs.model, (side, side))
    names = tuple(layer.name for layer in inputs.layers)
    forwards = Forwards(model, names, device)
    drawing = Drawing(
        forwards,
        inputs.preprocess.normalize,
        names,
        _config(settings, model, device),
        {},
        _ignore,
        limit=None if settings.seconds is None else _limit(settings, model, names, device),
    )
    return with_step_precision(drawing, forwards)


def _ignore(facts: Mapping[str, Any]) -> None:
    pass


def _n_pictures_in_time(drawing: Drawing, n_colours: int) -> float:
    """How many pictures there is time for, about, by what a step of one picture of the last layer takes."""
    config, limit = drawing.config, drawing.limit
    if limit is None:
        return math.inf
    operations = [*limit.operations.values()] or [1.0]
    with Parallel(torch.device(config.device), config.threads) as parallel:
        seconds = _seconds_of_step(drawing, limit.clock, n_colours)
        share = sum(operations) / len(operations) / max(*operations, 1.0)
        return limit.seconds * parallel.n_threads / (seconds * config.n_steps * share + 1e-9)


def _seconds_of_step(drawing: Drawing, clock: Callable[[], float], n_colours: int) -> float:
    """Of the second one, because the first one makes the forward."""
    layer, config = drawing.layers[-1], drawing.config
    start = 0.0
    for _ in range(2):
        start = clock()
        forward = (drawing.step_forward or drawing.forward)(layer, "channel")
        picture = torch.zeros((1, n_colours, *config.shape), device=config.device, requires_grad=True)
        torch.autograd.grad(forward(picture).sum(), [picture])[0].cpu()
    return clock() - start


def _config(settings: VisualizeConfig, model: ExportedModel, device: torch.device) -> VisualizationConfig:
    return VisualizationConfig(
        n_channels=settings.n_channels,
        size=(model.input_size[1], model.input_size[2]),
        n_steps=settings.n_steps,
        batch_size=settings.batch_size,
        seed=settings.seed,
        device=str(device),
    )


def _limit(settings: VisualizeConfig, model: ExportedModel, names: tuple[str, ...], device: torch.device) -> TimeLimit:
    """On another device than the CPU batches stay as large as they are: small ones leave it idle."""
    counts = count_operations(model, names) if device.type == "cpu" else {}
    pixels = model.input_size[1] * model.input_size[2]
    return TimeLimit(settings.seconds or 0.0, {name: n + _PER_PIXEL * pixels for name, n in counts.items()})
