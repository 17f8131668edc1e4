"""The questions of a page about the channels of an image, each a function of plain arguments with plain answers.

They are asked as those of `precompute.explanations.answers`, which names them too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from precompute.contract.errors import InputError
from precompute.contract.schema import locate_table, read_table
from precompute.explanations.channels.attribution import Strongest, compute_channel_attribution
from precompute.explanations.channels.image_graph import mark_channels
from precompute.explanations.channels.relevance import iterate_channel_relevance
from precompute.explanations.channels.semantic_map import build_semantic_map
from precompute.explanations.methods.grad_cam import LAST, choose_layer
from precompute.explanations.opened import OpenedRun, open_run_once
from precompute.explanations.registry import find_method
from precompute.explanations.target import Target

__all__ = ["attribute_channels", "build_image_graph", "map_cells", "require_target", "trace_channels"]

Report = Callable[[int, int, Any], None]

N_CHANNELS = 12
"""Channels of each sign that are named."""
_N_IN_CELL = 4
_RELEVANCE = "lrp"
"""The method whose part through a channel is drawn."""


def map_cells(
    run: str,
    image: bytes | int,
    target: int,
    against: int | None,
    layer: str | None,
    order: str,
    report: Report,
) -> dict[str, Any]:
    """Lists the strongest channels of every cell of a layer's grid, and what each cell says for the target.

    Args:
        run: the run's folder.
        image: the content of a file, or the number of an image of the run.
        target: an output.
        against: the output that it is compared with; None for none.
        layer: a recorded layer; None for the last one with positions.
        order: of channels in a cell, one of `ORDERS` of the semantic map.
        report: takes the steps done.

    Returns:
        `layer`; `channels` and `strengths`, `(row, column, rank)`, channel -1 for none; `heat` and `heat_against`,
        `(row, column)`, in the unit of the score, the latter None without a contrast.

    Raises:
        InputError: a name is unknown, or the image or the run's model cannot be read.
    """
    opened = open_run_once(run)
    chosen = choose_layer(opened.explainer, layer or LAST)
    _, pixels = opened.prepare(image)
    report(0, 1, None)
    scale = _read_scale(opened, chosen) if order == "relative" else None
    found = build_semantic_map(
        opened.explainer, chosen, pixels[0], require_target(opened, target, against), order, scale, _N_IN_CELL
    )
    return {
        "layer": chosen,
        "channels": found.channels.numpy(),
        "strengths": found.strengths.numpy(),
        "heat": found.heat.numpy(),
        "heat_against": None if found.heat_against is None else found.heat_against.numpy(),
    }


def attribute_channels(
    run: str,
    images: Sequence[bytes | int],
    target: int,
    against: int | None,
    layer: str | None,
    report: Report,
) -> dict[str, Any]:
    """Finds the channels of a layer that speak for a target, and those that speak against it, as means over images.

    Returns:
        `layer`, `n_images`, and `for` and `against`: each with `share`, of the sum of that sign that the channels
        hold (None where there is no such channel), and `channels`, pairs of number and attribution in the unit of the
        score, strongest first.

    Raises:
        InputError: as in `map_cells`.
    """
    opened = open_run_once(run)
    chosen = choose_layer(opened.explainer, layer or LAST)
    sums = []
    for n_done, image in enumerate(images):
        report(n_done, len(images), None)
        _, pixels = opened.prepare(image)
        sums.append(
            compute_channel_attribution(opened.explainer, chosen, pixels, [require_target(opened, target, against)])
        )
    mean = type(sums[0])(chosen, torch.cat([each.by_image for each in sums]), torch.cat([each.scores for each in sums]))
    signs = {name: _describe(mean.find_strongest(N_CHANNELS, sign)) for name, sign in (("for", 1), ("against", -1))}
    return {"layer": chosen, "n_images": len(images), **signs}


def trace_channels(
    run: str,
    image: bytes | int,
    target: int,
    against: int | None,
    layer: str,
    channels: Sequence[int],
    report: Report,
) -> None:
    """Draws the part of the relevance of a target that passes through each of some channels.

    Reports for each a dict: `channel`, `family`, and `map` `(height, width)` of the model's input with its `sum`.

    Raises:
        InputError: as in `map_cells`.
    """
    opened = open_run_once(run)
    chosen = require_target(opened, target, against)
    _, pixels = opened.prepare(image)
    method = find_method(_RELEVANCE)
    report(0, len(channels), None)
    relevance = iterate_channel_relevance(opened.explainer, pixels, [chosen], layer, channels, method.name)
    for n_done, (channel, found) in enumerate(zip(channels, relevance, strict=True), 1):
        values = method.flatten(found.map.detach())[0].float().numpy()
        part = {"channel": channel, "family": method.family, "map": values, "sum": float(found.map.double().sum())}
        report(n_done, len(channels), part)


def build_image_graph(run: str, image: bytes | int, target: int, against: int | None, report: Report) -> dict[str, Any]:
    """Builds the graph of one image: its strongest channels, their influences, and what each says for the target.

    Returns:
        `channels`: layer, number, activation and attribution of each; `influences`: layer and number of the source and
        of the target, and the influence.

    Raises:
        InputError: as in `map_cells`; or the run's pass cannot be repeated.
    """
    opened = open_run_once(run)
    chosen = require_target(opened, target, against)
    _, pixels = opened.prepare(image)
    report(0, 2, None)
    graph = opened.graph_builder.build(pixels[0])
    report(1, 2, None)
    attributions = mark_channels(opened.explainer, graph, pixels[0], chosen)
    return {
        "channels": [(*channel, value, attributions[channel]) for channel, value in graph.activations.items()],
        "influences": [(*source, *end, value) for (source, end), value in graph.influences.items()],
    }


def require_target(opened: OpenedRun, target: int, against: int | None) -> Target:
    """Returns the target of two outputs.

    Raises:
        InputError: the model has no such output, or both are the same.
    """
    for output in (target, against):
        if output is not None and not 0 <= output < len(opened.names):
            raise InputError(
                f"The model has outputs 0 to {len(opened.names) - 1}.", f"There is no {output}.", "Choose another."
            )
    if target == against:
        raise InputError("A class is compared with another one.", "Found the same twice.", "Choose another contrast.")
    return Target(target, against)


def _read_scale(opened: OpenedRun, layer: str) -> torch.Tensor | None:
    """Reads the greatest activation of each channel on the run's images; None where the run has no such table."""
    if not locate_table(opened.path, "channels").is_file():
        return None
    rows = read_table(opened.path, "channels", ["layer", "channel", "max_activation"])
    of_layer = {
        channel: value
        for name, channel, value in zip(*(rows[each].to_pylist() for each in rows.column_names), strict=True)
        if name == layer
    }
    n_channels = opened.explainer.exported.layouts[opened.explainer.find_layer(layer)].n_channels
    return torch.from_numpy(np.array([of_layer.get(channel) or 0.0 for channel in range(n_channels)], np.float32))


def _describe(strongest: Strongest) -> Mapping[str, Any]:
    return {"share": strongest.share, "channels": [(each.channel, each.attribution) for each in strongest.channels]}
