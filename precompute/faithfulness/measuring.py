"""The work on images: means of channels over all classes first, then effects and trials, class by class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import torch
from torch import Tensor

from precompute.aggregate.reading import read_images
from precompute.contract.errors import InputError
from precompute.contract.labelled import LabelledImage
from precompute.contract.nodes import Nodes
from precompute.contract.progress import Progress
from precompute.contract.schema import read_table
from precompute.datasets.images import ImageSource
from precompute.faithfulness.config import FaithfulnessConfig
from precompute.faithfulness.outcomes import Prover
from precompute.faithfulness.parts import Parts
from precompute.faithfulness.trials import ClassPlan, Masks, list_trials
from precompute.graphs.build import score_channels
from precompute.graphs.config import GraphConfig
from precompute.models.sources.preprocess import Preprocess

__all__ = ["Images", "Measuring", "Ranking"]

_MEANS, _CURVES = "means", "curves"
_AT_ONCE = 32
"""Images of a class that are in memory together."""
_SAME = 0.05
"""Greatest difference of probabilities that another precision or device is taken to explain."""
_INFLUENCE = ["target_layer", "target_channel", "source_layer", "source_channel", "influence_count"]


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
        before = np.asarray(self.probabilities[class_id], np.float64)
        off = np.abs(found - before) > _SAME
        if off.any():
            first = int(np.argmax(off))
            raise InputError(
                "A run's images are the same as when it was made.",
                f"{self.samples[class_id][first].path} has another content by now: the model gives its class a "
                f"probability of {found[first]:.3f}, and gave it {before[first]:.3f}.",
                "Name the images that the run was made of: --images IMAGES; or make the run again.",
            )


class Ranking:
    """The channels of a class's graph, and all channels of the class by PageRank.

    Args:
        run: the run's folder.
        nodes: the numbering of its channels.
        config: of the run's graphs.
        excluded: outlier channels that have no place in graphs.
    """

    def __init__(self, run: Path, nodes: Nodes, config: GraphConfig, excluded: Sequence[tuple[str, int]]) -> None:
        self._run, self._nodes, self._config = run, nodes, config
        self._is_included = np.ones(len(nodes), np.bool_)
        self._is_included[nodes.number_channels(excluded)] = False

    def count_kept(self, class_id: int) -> list[int]:
        """Counts the channels of a class's graph, per layer."""
        kept = self.list_kept(class_id)
        return np.bincount(self._nodes.layer_indices[kept], minlength=self.n_layers).tolist()

    def list_kept(self, class_id: int) -> npt.NDArray[np.int64]:
        """Lists the channels of a class's graph by their numbers, in order of the table."""
        return self._nodes.number_rows(
            self._read("attribution_graph_nodes", ["layer", "channel"], class_id), "layer", "channel"
        )

    def rank(self, class_id: int) -> list[npt.NDArray[np.int64]]:
        """Ranks the channels of each layer by PageRank in the class's graph, the greatest first, ties by number."""
        activations = self._read("activations", ["layer", "channel", "activation_count"], class_id)
        influences = self._read("influences", _INFLUENCE, class_id)
        scores = score_channels(self._nodes, activations, influences, self._is_included, self._config)
        return self.split(scores)

    def _read(self, table: str, columns: list[str], class_id: int) -> pa.Table:
        """Reads rows of one class; row groups of other classes are passed over."""
        return read_table(self._run, table, columns, pc.field("class_id") == class_id)

    def split(self, scores: npt.NDArray[np.float64]) -> list[npt.NDArray[np.int64]]:
        """Ranks the channels of each layer by any scores, `(n_nodes,)`."""
        return [np.argsort(-part, kind="stable") for part in self.split_by_layer(scores)]

    def split_by_layer(self, values: npt.NDArray[np.float64]) -> list[npt.NDArray[np.float64]]:
        """Splits numbers of all channels, `(n_nodes,)`, into those of each layer."""
        return np.split(values, self._nodes.starts[1:-1])

    @property
    def n_layers(self) -> int:
        """The number of layers."""
        return len(self._nodes.starts) - 1


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

    def measure(self, parts: Parts, class_ids: Sequence[int], progress: Progress) -> None:
        """Measures classes; those whose parts are there already are not run again.

        The means are over the images of all classes, however few are measured.
        """
        self._prover.set_replacements(self._find_means(parts, progress))
        n_images = sum(len(self._images.samples[class_id]) for class_id in class_ids)
        with progress.open_stage("Removing and keeping channels", total=n_images, unit="images") as advance:
            for class_id in class_ids:
                if not parts.has(_CURVES, class_id):
                    parts.write(_CURVES, class_id, self._measure_class(class_id))
                advance(len(self._images.samples[class_id]))

    def _plan(self, class_id: int, effects: npt.NDArray[np.float64]) -> ClassPlan:
        """Plans a class.

        Args:
            class_id: of the class.
            effects: of all channels, `(n_nodes,)`.
        """
        orders = {"pagerank": self._ranking.rank(class_id), "effect": self._ranking.split(effects)}
        return ClassPlan(class_id, orders)

    def _find_means(self, parts: Parts, progress: Progress) -> list[Tensor]:
        samples = self._images.samples
        totals: list[Tensor] = []
        with progress.open_stage("Means of channels", total=sum(map(len, samples.values())), unit="images") as advance:
            for class_id, sample in samples.items():
                if not parts.has(_MEANS, class_id):
                    pieces = [self._prover.sum_summaries(batch) for batch in self._images.read(class_id)]
                    sums = [torch.stack(of_layer).sum(0) for of_layer in zip(*pieces, strict=True)]
                    parts.write(_MEANS, class_id, {str(i): each.numpy() for i, each in enumerate(sums)})
                found = parts.read(_MEANS, class_id)
                of_class = [torch.from_numpy(found[str(i)]) for i in range(len(found))]
                totals = [a + b for a, b in zip(totals, of_class, strict=True)] if totals else of_class
                advance(len(sample))
        if self._config.replacement == "zero":
            return [torch.zeros_like(total) for total in totals]
        n_images = sum(map(len, samples.values()))
        return [total / n_images for total in totals]

    def _measure_class(self, class_id: int) -> dict[str, npt.NDArray[Any]]:
        """Measures one class.

        Returns:
            `effects` `(n_nodes,)`, and `is_right` and `log_probability` as in `Outcomes`.
        """
        batches, outputs = self._images.read(class_id), self._outputs[class_id]
        found = [torch.cat(self._prover.measure_effects(batch, outputs)).numpy() for batch in batches]
        effects = np.sum(found, axis=0) / sum(map(len, batches))
        plan = self._plan(class_id, effects)
        n_channels = [len(order) for order in plan.orders["effect"]]
        trials = list_trials(self._ranking.count_kept(class_id), n_channels, self._config)
        masks = Masks(plan, n_channels, self._config.seed)
        outcomes = [self._prover.run_trials(batch, outputs, trials, masks) for batch in batches]
        log_probability = np.concatenate([each.log_probability for each in outcomes])
        self._images.require_same(class_id, np.exp(log_probability[:, 0]))
        return {
            "effects": effects,
            "is_right": np.concatenate([each.is_right for each in outcomes]),
            "log_probability": log_probability,
        }
