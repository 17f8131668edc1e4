"""Explaining images by a run's model: targets, maps of all methods, channels, and the quality of the maps."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from precompute.contract.errors import InputError
from precompute.explanations.channels.attribution import Strongest, compute_channel_attribution
from precompute.explanations.channels.relevance import compute_channel_relevance, read_channels
from precompute.explanations.channels.semantic_map import SemanticMap, build_semantic_map
from precompute.explanations.explainer import Explainer
from precompute.explanations.method import Method
from precompute.explanations.methods.grad_cam import LAST, choose_layer
from precompute.explanations.opened import OpenedRun
from precompute.explanations.quality import Measurement, QualityConfig, measure_quality
from precompute.explanations.registry import find_method, find_methods
from precompute.explanations.target import AUTO, NONE, Target, choose_target
from precompute.models.graph.probabilities import rank_outputs

__all__ = [
    "ALL",
    "ComputedMap",
    "ExplainConfig",
    "ExplainedImage",
    "choose_methods",
    "explain_image",
    "hash_content",
]

ALL = "all"
"""Asks for every method; those that do not apply are listed with the reason."""
_N_CHANNELS = 10


@dataclass(frozen=True)
class ExplainConfig:
    """The questions about an image.

    Attributes:
        methods: names of the registry, or `ALL` alone.
        wanted: name or number of the class, or auto.
        against: name or number of the class that it is compared with, auto or none.
        layer: recorded, for methods and channels of one; `LAST`: the last one with positions.
        channels: names such as `mixed4d-346`, whose part of the relevance has a map of its own.
        is_measured: True for the quality of every map.
        relevance: the method of `channels`.
        quality: the settings of the metrics.
    """

    methods: tuple[str, ...] = (ALL,)
    wanted: str = AUTO
    against: str = NONE
    layer: str = LAST
    channels: tuple[str, ...] = ()
    is_measured: bool = False
    relevance: str = "lrp"
    quality: QualityConfig = field(default_factory=QualityConfig)


@dataclass(frozen=True)
class ComputedMap:
    """A method's answer.

    Attributes:
        name: of the method, or `channel_relevance_` and the name of a channel.
        title: for a person.
        family: `signed` or `positive`.
        raw: `(channel, height, width)` of the input or `(height, width)` of a layer's grid; None where it was refused.
        flat: `(height, width)`, for display.
        facts: figures and texts, as plain data.
    """

    name: str
    title: str
    family: str
    raw: NDArray[np.float32] | None
    flat: NDArray[np.float32] | None
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class ExplainedImage:
    """All answers about one image.

    Attributes:
        seen: the model's view, `(height, width, 3)`.
        target: that was chosen.
        score: of the target.
        predictions: the most probable outputs, each with `output`, `name` and `probability`.
        maps: of the methods, then of the channels.
        layer: of the channels that follow.
        strongest: channels of the greatest attribution, by sign, as plain data.
        cells: of the layer.
        quality: figures of every map, if asked for.
    """

    seen: NDArray[np.uint8]
    target: Target
    score: float
    predictions: Sequence[Mapping[str, Any]]
    maps: Sequence[ComputedMap]
    layer: str
    strongest: Mapping[str, Any]
    cells: SemanticMap
    quality: Sequence[Measurement]


def choose_methods(config: ExplainConfig) -> list[Method]:
    """Chooses the methods of a config in the order of the registry.

    Raises:
        InputError: a name is unknown, or there is none.
    """
    if ALL in config.methods:
        return list(find_methods().values())
    names = {find_method(name).name for name in config.methods}
    if not names:
        raise InputError("At least one method explains an image.", "Found none.", "Leave --methods out for all.")
    return [method for name, method in find_methods().items() if name in names]


def explain_image(
    opened: OpenedRun, content: bytes | int, config: ExplainConfig, advance: Callable[[], object] = lambda: None
) -> ExplainedImage:
    """Explains one image.

    Args:
        opened: the run's model.
        content: of an image file, or the number of an image of the run.
        config: the questions.
        advance: is called after every map.

    Raises:
        InputError: the image cannot be read, or is of the run and has another content by now; a name is unknown; a
            method that is named does not apply.
    """
    explainer, methods = opened.explainer, choose_methods(config)
    layer = choose_layer(explainer, config.layer)
    channels = read_channels(config.channels, list(explainer.layers))
    seen, pixels = opened.prepare(content)
    logits = explainer.compute_logits(pixels)
    opened.require_same(content, logits)
    target = choose_target(logits[0], config.wanted, config.against, opened.names)
    maps = []
    for method in methods:
        maps.append(_compute_map(explainer, method, pixels, target, config))
        advance()
    for part in ((name, channel) for name, numbers in channels.items() for channel in numbers):
        maps.append(_compute_part(explainer, pixels, target, part, config))
        advance()
    found = compute_channel_attribution(explainer, layer, pixels, [target])
    drawn = {one.name for one in maps if one.raw is not None}
    applicable = [method for method in methods if method.name in drawn]
    quality = (
        measure_quality(explainer, pixels, [target], applicable, config.quality)
        if config.is_measured and applicable
        else []
    )
    return ExplainedImage(
        seen,
        target,
        float(found.scores[0]),
        _list_predictions(opened, logits),
        maps,
        layer,
        {name: _describe(found.find_strongest(_N_CHANNELS, sign)) for name, sign in (("for", 1), ("against", -1))},
        build_semantic_map(explainer, layer, pixels[0], target, "attribution"),
        quality,
    )


def hash_content(content: bytes) -> str:
    """Computes the SHA-256 of a file's content."""
    return hashlib.sha256(content).hexdigest()


def _compute_map(
    explainer: Explainer, method: Method, pixels: Tensor, target: Target, config: ExplainConfig
) -> ComputedMap:
    """Computes one method's map; a refusal is kept if all methods were asked for, else raised."""
    options = {"layer": config.layer} if "layer" in method.options and config.layer != LAST else None
    facts: dict[str, Any] = {"grid": method.grid, "citation": method.citation, "holds": method.holds}
    start = time.perf_counter()
    try:
        found = method.explain(explainer, pixels, [target], options)
    except InputError as problem:
        if ALL not in config.methods:
            raise
        facts["problem"] = f"{problem.found} {problem.fix}"
        return ComputedMap(method.name, method.title, method.family, None, None, facts)
    facts |= {
        "score": float(found.scores[0]),
        "reference_score": None if found.reference_scores is None else float(found.reference_scores[0]),
        "error": None if found.error is None else float(found.error[0]),
        "note": found.note,
        "seconds": round(time.perf_counter() - start, 3),
    }
    raw = found.map.detach().float()
    return ComputedMap(method.name, method.title, method.family, raw[0].numpy(), method.flatten(raw)[0].numpy(), facts)


def _compute_part(
    explainer: Explainer, pixels: Tensor, target: Target, channel: tuple[str, int], config: ExplainConfig
) -> ComputedMap:
    layer, number = channel
    method = find_method(config.relevance)
    found = compute_channel_relevance(explainer, pixels, [target], layer, [number], method.name)
    raw = found.map.detach().float()
    facts = {"grid": "input", "score": float(found.scores[0]), "sum": float(raw.double().sum())}
    name = f"{layer}-{number}"
    return ComputedMap(
        f"channel_relevance_{name}",
        f"Relevance through {name} ({method.title})",
        method.family,
        raw[0].numpy(),
        method.flatten(raw)[0].numpy(),
        facts,
    )


def _list_predictions(opened: OpenedRun, logits: Tensor, n: int = 5) -> list[dict[str, Any]]:
    probabilities = opened.compute_probabilities(logits)[0]
    order = rank_outputs(logits)[0, :n].tolist()
    return [
        {"output": one, "name": opened.names[one], "logit": float(logits[0, one]), "probability": float(probability)}
        for one, probability in zip(order, probabilities[torch.tensor(order)], strict=True)
    ]


def _describe(strongest: Strongest) -> dict[str, Any]:
    return {
        "share": strongest.share,
        "channels": [{"channel": one.channel, "attribution": one.attribution} for one in strongest.channels],
    }
