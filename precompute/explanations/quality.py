"""The quality of methods on a model: every metric of every method, image by image, beside maps that know no model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from precompute.contract.errors import InputError
from precompute.contract.map_quality import EDGES, RANDOM
from precompute.explanations.explainer import Explainer
from precompute.explanations.method import Method
from precompute.explanations.metrics.baselines import draw_random_maps, find_edges
from precompute.explanations.metrics.continuity import N_SHIFTS, measure_continuity
from precompute.explanations.metrics.randomisation import measure_randomisation
from precompute.explanations.metrics.selectivity import Removal, order_patches, remove_in_order, remove_recomputed
from precompute.explanations.metrics.subject import Explain, Score, apply_method, apply_score
from precompute.explanations.target import Target

__all__ = ["METRICS", "Measurement", "QualityConfig", "measure_quality"]

METRICS = ("error", "continuity", "selectivity", "selectivity_recomputed", "randomisation")
"""Metrics that can be asked for; `selectivity` brings that of the probability, and differences from the baselines."""


@dataclass(frozen=True)
class QualityConfig:
    """The settings of the metrics.

    Args:
        metrics: some of `METRICS`.
        removal: the way in which `selectivity` removes patches.
        n_random: random orders that are averaged.
        n_shifts: pixels that `continuity` moves the image by.
        seed: of random orders and of re-initialised weights.
        batch_size: images that a method explains at a time.

    Raises:
        InputError: a metric is unknown, or a number too small.
    """

    metrics: tuple[str, ...] = ("error", "continuity", "selectivity", "randomisation")
    removal: Removal = field(default_factory=Removal)
    n_random: int = 5
    n_shifts: int = N_SHIFTS
    seed: int = 0
    batch_size: int = 16

    def __post_init__(self) -> None:
        unknown = [name for name in self.metrics if name not in METRICS]
        if unknown or self.n_random < 1 or self.n_shifts < 1:
            found = f"Found {', '.join(unknown)}." if unknown else "Found a number below 1."
            raise InputError(f"A metric is one of {', '.join(METRICS)}.", found, "Correct the options of the metrics.")


@dataclass(frozen=True)
class Measurement:
    """One metric of one method or baseline.

    Attributes:
        method: its name.
        metric: a name of the contract's `QUALITY_METRICS`.
        values: one for each image; NaN where it is not defined.
    """

    method: str
    metric: str
    values: tuple[float, ...]


def measure_quality(
    explainer: Explainer,
    images: Tensor,
    targets: Sequence[Target],
    methods: Sequence[Method],
    config: QualityConfig | None = None,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    report: Callable[[str, str], None] = lambda method, metric: None,
) -> list[Measurement]:
    """Measures methods and both baselines on a set of images.

    Figures of an image do not depend on the others of the set, but for their random orders, which follow its place.

    Args:
        explainer: the model; `randomisation` changes its weights meanwhile, and restores them.
        images: `(image, channel, height, width)`, after preprocessing.
        targets: one for each image.
        methods: those that apply to the model.
        config: the settings.
        options: of methods, by their names.
        report: is called with a method and a metric before each is measured.

    Raises:
        InputError: a method does not apply to any of the images. An image that is refused alone, such as one whose
            score is below 0, has no figures of the method.
    """
    run = _Run(explainer, images, targets, config or QualityConfig(), options or {}, report)
    measured = run.measure_baselines()
    for method in methods:
        measured += run.measure_method(method)
    return measured


class _Run:
    """The measurement of one set of images."""

    def __init__(
        self,
        explainer: Explainer,
        images: Tensor,
        targets: Sequence[Target],
        config: QualityConfig,
        options: Mapping[str, Mapping[str, Any]],
        report: Callable[[str, str], None],
    ) -> None:
        self._explainer, self._images, self._targets = explainer, images, targets
        self._config, self._options, self._report = config, options, report
        self._size = (images.shape[2], images.shape[3])
        self._owners = torch.arange(len(images))
        self._score: Score = apply_score(explainer, targets)
        self._areas: dict[str, Tensor] = {}

    def measure_baselines(self) -> list[Measurement]:
        """Measures what knows nothing of the model; randomisation would say nothing of it, nor would an error."""
        measured: list[Measurement] = []
        drawn = draw_random_maps(len(self._images), self._size, self._config.seed)
        for name, explain in ((RANDOM, lambda _, owners: drawn[owners]), (EDGES, lambda images, _: find_edges(images))):
            if "continuity" in self._config.metrics:
                self._report(name, "continuity")
                measured.append(self._measure_continuity(name, explain))
            if "selectivity" in self._config.metrics:
                self._report(name, "selectivity")
                n_orders = self._config.n_random if name == RANDOM else 1
                maps = [
                    draw_random_maps(len(self._images), self._size, self._config.seed + number)
                    if name == RANDOM
                    else find_edges(self._images)
                    for number in range(n_orders)
                ]
                measured += self._measure_selectivity(name, maps)
            if "selectivity_recomputed" in self._config.metrics:
                self._report(name, "selectivity_recomputed")
                measured.append(self._measure_recomputed(name, explain))
        return measured

    def measure_method(self, method: Method) -> list[Measurement]:
        """Measures all metrics of a method."""
        name, metrics = method.name, self._config.metrics
        maps, error = self._explain(method)
        explain = self._apply(method)
        measured: list[Measurement] = []
        if "error" in metrics and error is not None:
            measured.append(_record(name, "error", error))
        if "continuity" in metrics:
            self._report(name, "continuity")
            measured.append(self._measure_continuity(name, explain))
        if "selectivity" in metrics:
            self._report(name, "selectivity")
            measured += self._measure_selectivity(name, [maps])
            for baseline in (EDGES, RANDOM):
                difference = self._areas[name] - self._areas[baseline]
                measured.append(_record(name, f"selectivity_over_{baseline}", difference))
        if "selectivity_recomputed" in metrics:
            self._report(name, "selectivity_recomputed")
            measured.append(self._measure_recomputed(name, explain))
        if "randomisation" in metrics:
            self._report(name, "randomisation")
            exported = self._explainer.exported
            found = measure_randomisation(
                lambda: self._apply(method, is_fresh=True), exported, self._images, 1, self._config.seed
            )
            measured.append(_record(name, "randomisation", found[-1]))
        return measured

    def _apply(self, method: Method, is_fresh: bool = False) -> Explain:
        """Binds a method; a fresh explainer remembers nothing of the weights as they were before."""
        explainer = self._explainer
        if is_fresh:
            explainer = Explainer(explainer.exported, explainer.input_range, explainer.layers)
        options = self._options.get(method.name)
        return apply_method(explainer, method, self._targets, options, self._config.batch_size)

    def _explain(self, method: Method) -> tuple[Tensor, Tensor | None]:
        """Computes the maps of all images, NaN for those that are refused, and the errors of their sums."""
        self._report(method.name, "maps")
        maps: list[Tensor | None] = []
        errors: list[Tensor] = []
        refusal: InputError | None = None
        for number, target in enumerate(self._targets):
            image = self._images[number : number + 1]
            try:
                found = method.explain(self._explainer, image, [target], self._options.get(method.name))
            except InputError as problem:
                refusal = problem
                maps.append(None)
                errors.append(torch.full((1,), torch.nan))
                continue
            maps.append(method.flatten(found.map)[0])
            if found.error is not None:
                errors.append(found.error)
        known = next((each for each in maps if each is not None), None)
        if known is None:
            assert refusal is not None
            raise refusal
        filled = [torch.full_like(known, torch.nan) if each is None else each for each in maps]
        return torch.stack(filled), torch.cat(errors) if len(errors) == len(maps) else None

    def _measure_continuity(self, name: str, explain: Explain) -> Measurement:
        found = measure_continuity(explain, self._images, self._explainer.input_range, self._config.n_shifts)
        return _record(name, "continuity", found)

    def _measure_selectivity(self, name: str, all_maps: Sequence[Tensor]) -> list[Measurement]:
        """Measures both areas, as means over several maps of each image."""
        removal, input_range = self._config.removal, self._explainer.input_range
        areas: dict[str, list[Tensor]] = {"scores": [], "probabilities": []}
        for maps in all_maps:
            orders = order_patches(maps, removal, self._size)
            curves = remove_in_order(self._score, self._images, orders, input_range, removal)
            for of, found in areas.items():
                found.append(curves.compute_area(of))
        means = {of: torch.stack(found).mean(0) for of, found in areas.items()}
        # A map without any relevance orders nothing, nor does one that was refused.
        greatest = torch.stack([maps.flatten(1).abs().amax(1) for maps in all_maps]).amax(0)
        means = {of: mean.masked_fill(~(greatest > 0), torch.nan) for of, mean in means.items()}
        self._areas[name] = means["scores"]
        return [
            _record(name, "selectivity", means["scores"]),
            _record(name, "selectivity_probability", means["probabilities"]),
        ]

    def _measure_recomputed(self, name: str, explain: Explain) -> Measurement:
        curves = remove_recomputed(
            self._score, explain, self._images, self._explainer.input_range, self._config.removal
        )
        return _record(name, "selectivity_recomputed", curves.compute_area())


def _record(method: str, metric: str, values: Tensor) -> Measurement:
    return Measurement(method, metric, tuple(values.tolist()))
