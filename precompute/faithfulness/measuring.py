"""The work on images: means of channels over all classes first, then effects and trials, class by class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from precompute.aggregate.reading import read_images
from precompute.contract.errors import InputError
from precompute.contract.labelled import LabelledImage
from precompute.contract.progress import Progress
from precompute.contract.tables import EFFECT, PAGERANK
from precompute.datasets.images import ImageSource
from precompute.datasets.recorded_probabilities import require_recorded
from precompute.faithfulness.config import FaithfulnessConfig
from precompute.faithfulness.edges import average_images, choose_others
from precompute.faithfulness.outcomes import Prover
from precompute.faithfulness.parts import SHARED, Parts
from precompute.faithfulness.ranking import Ranking
from precompute.faithfulness.singles import plan_singles
from precompute.faithfulness.smallest import find_smallest
from precompute.faithfulness.trials import ClassPlan, Masks, Trial, list_trials
from precompute.models.sources.preprocess import Preprocess

__all__ = ["Images", "Measuring"]

_CURVES, _SINGLES = "curves", "singles"
_AT_ONCE = 32
"""Images of a class that are in memory together."""


@dataclass(frozen=True)
class Images:
    """The images that are run: some of each class, decoded and preprocessed as the run did.

    Attributes:
        source: of the images.
        samples: by class.
        probabilities: of the own class of each image of the samples, as the run recorded them, NaN where it did not.
        preprocess: of the run's model.
        device: of the tensors.
        workers: threads that decode.
    """

    source: ImageSource
    samples: Mapping[int, Sequence[LabelledImage]]
    probabilities: Mapping[int, Sequence[float]]
    preprocess: Preprocess
    device: torch.device
    workers: int

    def read(self, class_id: int) -> list[Tensor]:
        """Reads the images of a class, some `(image, channel, height, width)` at a time.

        Raises:
            InputError: a file cannot be read any more.
        """
        found = list(read_images(self.source, self.samples[class_id], self.preprocess, self.workers))
        for read in found:
            if read.pixels is None:
                raise InputError(
                    "The images of a class are read again, as the run read them.",
                    f"{read.image.path}: {read.problem}.",
                    "Put the file back, or make the run again without it.",
                )
        arrays = [read.pixels for read in found if read.pixels is not None]
        starts = range(0, len(arrays), _AT_ONCE)
        return [self.preprocess.build_tensor(np.stack(arrays[i : i + _AT_ONCE]), self.device) for i in starts]

    def require_same(self, class_id: int, found: npt.NDArray[np.float32]) -> None:
        """Checks that the untouched model says of a class's images what the run recorded.

        Args:
            class_id: of the images.
            found: the probability of the class for each, `(image,)`.

        Raises:
            InputError: an image has another probability, beyond what precision explains.
        """
        require_recorded([each.path for each in self.samples[class_id]], found, self.probabilities[class_id])


class Measuring:
    """The measurement of all classes.

    Args:
        prover: runs images.
        images: of the classes.
        ranking: of the channels.
        outputs: the outputs that mean each class.
        config: of the curves.
    """

    def __init__(
        self,
        prover: Prover,
        images: Images,
        ranking: Ranking,
        outputs: Mapping[int, Sequence[int]],
        config: FaithfulnessConfig,
    ) -> None:
        self._prover, self._images, self._ranking = prover, images, ranking
        self._outputs, self._config = outputs, config
        self._is_prepared = False
        self._same: set[int] = set()  # classes on whose images the model says what it said when the run was made

    def measure(self, parts: Parts, class_ids: Sequence[int], progress: Progress) -> None:
        """Measures classes; those whose parts are there already are not run again.

        The means are over the images of all classes, however few are measured.
        """
        self._prepare(parts, progress)
        n_images = sum(len(self._images.samples[class_id]) for class_id in class_ids)
        with progress.open_stage("Removing and keeping channels", total=n_images, unit="images") as advance:
            for class_id in class_ids:
                if not parts.has(_CURVES, class_id):
                    parts.write(_CURVES, class_id, self._measure_class(class_id))
                advance(len(self._images.samples[class_id]))

    def measure_singles(self, parts: Parts, numbers: Mapping[int, Sequence[int]], progress: Progress) -> None:
        """Measures channels one at a time; classes whose parts are there already are not run again.

        Args:
            parts: of the run.
            numbers: of channels by class, ascending.
            progress: counts the channels of all classes.
        """
        self._prepare(parts, progress)
        n_channels = sum(map(len, numbers.values()))
        with progress.open_stage("Removing single channels", total=n_channels, unit="channels") as advance:
            for class_id, chosen in numbers.items():
                if not parts.has(_SINGLES, class_id):
                    parts.write(_SINGLES, class_id, self._measure_singles(class_id, chosen))
                advance(len(chosen))

    def _measure_singles(self, class_id: int, numbers: Sequence[int]) -> dict[str, npt.NDArray[Any]]:
        trials, masks = plan_singles(class_id, numbers, self._ranking.nodes)
        outputs, batches = self._outputs[class_id], self._images.read(class_id)
        self._require_same(class_id, batches)
        outcomes = [self._prover.run_trials(batch, outputs, trials, masks) for batch in batches]
        log_probability = np.concatenate([each.log_probability for each in outcomes])
        is_right = np.concatenate([each.is_right for each in outcomes])
        return {"numbers": np.asarray(numbers, np.int64), "is_right": is_right, "log_probability": log_probability}

    def _prepare(self, parts: Parts, progress: Progress) -> None:
        """Finds what takes the place of channels, once."""
        if not self._is_prepared:
            self._prover.set_replacements(self._find_means(parts, progress))
            self._is_prepared = True

    def _plan(self, class_id: int, effects: npt.NDArray[np.float64]) -> ClassPlan:
        """Plans a class.

        Args:
            class_id: of the class.
            effects: of all channels, `(n_nodes,)`.
        """
        orders = {PAGERANK: self._ranking.rank(class_id), EFFECT: self._ranking.rank_by_effect(effects)}
        return ClassPlan(class_id, orders)

    def _find_means(self, parts: Parts, progress: Progress) -> list[Tensor]:
        samples = self._images.samples
        totals: list[Tensor] = []
        with progress.open_stage("Means of channels", total=sum(map(len, samples.values())), unit="images") as advance:
            for class_id, sample in samples.items():
                if not parts.has(SHARED, class_id):
                    found = [self._prover.sum_summaries(batch) for batch in self._images.read(class_id)]
                    self._require_same(class_id, logits=[logits for _, logits in found])
                    sums = [torch.stack(of_layer).sum(0) for of_layer in zip(*(each for each, _ in found), strict=True)]
                    parts.write(SHARED, class_id, {str(i): each.numpy() for i, each in enumerate(sums)})
                arrays = parts.read(SHARED, class_id)
                of_class = [torch.from_numpy(arrays[str(i)]) for i in range(len(arrays))]
                totals = [a + b for a, b in zip(totals, of_class, strict=True)] if totals else of_class
                advance(len(sample))
        if self._config.replacement == "zero":
            return [torch.zeros_like(total) for total in totals]
        n_images = sum(map(len, samples.values()))
        return [total / n_images for total in totals]

    def _require_same(self, class_id: int, batches: Sequence[Tensor] = (), logits: Sequence[Tensor] = ()) -> None:
        """Checks before any trial that the untouched model says of a class's images what the run recorded, once.

        Args:
            class_id: of the images.
            batches: all its images, where their logits are not known yet.
            logits: of all its images.
        """
        if class_id in self._same:
            return
        found = torch.cat([*logits] or [self._prover.run_untouched(batch) for batch in batches])
        outcomes = self._prover.judge(found[:, None], self._outputs[class_id])
        self._images.require_same(class_id, np.exp(outcomes.log_probability[:, 0]))
        self._same.add(class_id)

    def _measure_class(self, class_id: int) -> dict[str, npt.NDArray[Any]]:
        """Measures one class.

        Returns:
            `effects` `(n_nodes,)`; `is_right` and `log_probability` as in `Outcomes`; `kept_by_effect`, the numbers of
            the channels of the graph by effect; and what `_find_smallest` and `_measure_edges` return.
        """
        batches, outputs = self._images.read(class_id), self._outputs[class_id]
        self._require_same(class_id, batches)
        effects = self._measure_effects(batches, outputs)
        plan = self._plan(class_id, effects)
        n_channels = [len(order) for order in plan.orders[EFFECT]]
        n_kept = self._ranking.count_kept(class_id)
        trials = list_trials(n_kept, n_channels, self._config)
        masks = Masks(plan, n_channels, self._config.seed)
        outcomes = [self._prover.run_trials(batch, outputs, trials, masks) for batch in batches]
        log_probability = np.concatenate([each.log_probability for each in outcomes])
        is_right = np.concatenate([each.is_right for each in outcomes])
        smallest = self._find_smallest(class_id, batches, masks, (n_kept, n_channels), float(is_right[:, 0].mean()))
        kept = self._ranking.choose(plan.orders[EFFECT], n_kept)
        return {
            "effects": effects,
            "is_right": is_right,
            "log_probability": log_probability,
            "kept_by_effect": kept,
            **smallest,
            **self._measure_edges(class_id, batches, kept, n_channels),
        }

    def _measure_effects(self, batches: Sequence[Tensor], outputs: Sequence[int]) -> npt.NDArray[np.float64]:
        """Measures the mean effects of all channels on a class over its first images, `(n_nodes,)`."""
        left = n = self._config.count_effect_images(sum(map(len, batches)))
        total = np.zeros(len(self._ranking.nodes))
        for batch in batches:
            some = batch[:left]
            left -= len(some)
            if len(some):
                total += torch.cat(self._prover.measure_effects(some, outputs)).numpy()
        return total / n

    def _find_smallest(
        self,
        class_id: int,
        batches: Sequence[Tensor],
        masks: Masks,
        sizes: tuple[Sequence[int], Sequence[int]],
        accuracy: float,
    ) -> dict[str, npt.NDArray[Any]]:
        """Finds the smallest graphs that keep the accuracy asked for; nothing without one to keep.

        Returns:
            By `smallest_` and the selection `(1, n_layers)`, channels of each layer, and by `right_` and the selection
            `(image,)`, whether an image is right with them alone.
        """
        share = self._config.keep_accuracy
        if share is None or not accuracy:
            return {}
        found: dict[str, npt.NDArray[Any]] = {}
        for selection in self._config.selections:

            def run(chosen: tuple[int, ...], selection: str = selection) -> npt.NDArray[np.bool_]:
                trial = Trial(None, selection, "keep", chosen)
                each = [self._prover.run_trials(b, self._outputs[class_id], [trial], masks) for b in batches]
                return np.concatenate([outcome.is_right[:, 1] for outcome in each])

            chosen, right = find_smallest(*sizes, share * accuracy, run)
            found[f"smallest_{selection}"], found[f"right_{selection}"] = np.array([chosen]), right
        return found

    def _measure_edges(
        self,
        class_id: int,
        batches: Sequence[Tensor],
        kept: npt.NDArray[np.int64],
        n_channels: Sequence[int],
    ) -> dict[str, npt.NDArray[Any]]:
        """Measures the edges of both graphs of a class, and other pairs beside them.

        Returns:
            `edges` and `others` `(pair, 2)`, numbers of target and source, and the effect of each, `edge_effects` and
            `other_effects`.
        """
        if not self._config.edge_images:
            return {}
        ranking = self._ranking
        known = ranking.number_pairs(ranking.read_channels(class_id).influences)
        in_effect = set(kept.tolist())
        edges = sorted({*ranking.list_edges(class_id), *(pair for pair in known if in_effect.issuperset(pair))})
        located = {pair: (*ranking.locate(pair[0]), *ranking.locate(pair[1])) for pair in (*edges, *known)}
        seed = [self._config.seed, class_id]
        others = choose_others([located[pair] for pair in edges], [located[pair] for pair in known], n_channels, seed)
        images = torch.cat(list(batches))[: self._config.edge_images]
        pairs = [*(located[pair] for pair in edges), *others]
        effects = average_images(self._prover.measure_pairs(images, pairs))
        starts = ranking.nodes.starts
        numbered = [(starts[t] + target, starts[s] + source) for t, target, s, source in others]
        return {
            "edges": np.array(edges, np.int64).reshape(-1, 2),
            "edge_effects": effects[: len(edges)],
            "others": np.array(numbered, np.int64).reshape(-1, 2),
            "other_effects": effects[len(edges) :],
        }
