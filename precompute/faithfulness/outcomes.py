"""The answers of a model to a class's images in every trial: right or not, and the logarithm of the probability."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from precompute.contract.errors import InputError
from precompute.devices.batches import BatchSize
from precompute.devices.cores import Parallel
from precompute.faithfulness.ablation import AblatedModel
from precompute.faithfulness.edges import EDGE_ROWS, EdgeProver, Pair
from precompute.faithfulness.replacement import build_replacement, list_tokens, repeat_rows, summarize_tokens
from precompute.faithfulness.trials import Masks, Trial
from precompute.models.graph.probabilities import Probabilities, rank_outputs

__all__ = ["Outcomes", "Prover"]

_ROWS = 8
"""Trials of one image that run as one batch. Fixed, so that no number depends on how many images run together."""
_HELD_NUMBERS = 64_000_000
"""Greatest count of the numbers of all recorded layers that are held for some images, 256 MB."""
_MOST_IMAGES = 32
"""The greatest number of images that run together on another device than the CPU."""


@dataclass(frozen=True)
class Outcomes:
    """The answers of the model to images, untouched and in every trial.

    Attributes:
        is_right: `(image, 1 + trial)`: the most probable output means the class; untouched first.
        log_probability: `(image, 1 + trial)`, natural logarithm of the class's probability.
    """

    is_right: NDArray[np.bool_]
    log_probability: NDArray[np.float32]


@dataclass(frozen=True)
class _Group:
    """Trials that run as one batch: of one layer (None: of all), with what each keeps, per layer `(trial, channel)`."""

    layer: int | None
    kept: Sequence[Tensor]

    @property
    def n_trials(self) -> int:
        return len(self.kept[0])


class Prover:
    """A model that runs images of classes with channels replaced.

    Args:
        model: with its layers.
        probabilities: of the model's outputs.
        parallel: threads over images; used in its block.
    """

    def __init__(self, model: AblatedModel, probabilities: Probabilities, parallel: Parallel) -> None:
        self._model, self._probabilities, self._parallel = model, probabilities, parallel
        self._fills: list[Tensor] = []
        device = parallel.device
        # Each image runs in several trials at a time. Where one image is too many, fewer of its trials run together.
        self._sizes = BatchSize(_MOST_IMAGES, device, _ROWS * model.bytes_per_image)
        self._trials, self._sources = BatchSize(_ROWS, device), BatchSize(EDGE_ROWS, device)

    def sum_summaries(self, images: Tensor) -> tuple[list[Tensor], Tensor]:
        """Sums what replaces channels over images.

        Args:
            images: `(image, channel, height, width)`, preprocessed, on the model's device.

        Returns:
            Sums per layer, `(channel, 1 + other tokens)` of float64; and the logits of the images, `(image, output)`.
        """

        def run(piece: Tensor) -> list[Tensor]:
            with torch.inference_mode():
                logits, values = self._model.record(piece)
                pairs = zip(values, self._model.layouts, strict=True)
                return [logits, *(summarize_tokens(value.double(), layout) for value, layout in pairs)]

        logits, *summaries = (torch.cat(found) for found in zip(*self._map(run, images), strict=True))
        return [each.sum(0).cpu() for each in summaries], logits

    def run_untouched(self, images: Tensor) -> Tensor:
        """Computes the logits of images of which nothing is replaced, `(image, output)`."""

        def run(piece: Tensor) -> list[Tensor]:
            with torch.inference_mode():
                return [self._model.record(piece)[0]]

        return torch.cat([logits for (logits,) in self._map(run, images)])

    def set_replacements(self, means: Sequence[Tensor]) -> None:
        """Sets what replaces channels.

        Args:
            means: per layer `(channel, 1 + other tokens)`: sums of `sum_summaries` over the number of images; zeros to
                replace by 0.
        """
        pairs = zip(means, self._model.layouts, self._model.layers, strict=True)
        self._fills = [
            build_replacement(mean.float().to(self._model.device), layout, (1, *layer.node.meta["val"].shape[1:]))
            for mean, layout, layer in pairs
        ]

    def measure_effects(self, images: Tensor, outputs: Sequence[int]) -> list[Tensor]:
        """Sums the effects of all channels on a class over its images, per layer `(channel,)` of float64.

        The effect of a channel is the first-order fall of the logarithm of the class's probability when the channel
        is replaced: (value - replacement) x gradient, summed over positions.

        Args:
            images: of the class, as in `sum_summaries`.
            outputs: that mean the class.
        """

        def run(piece: Tensor) -> list[Tensor]:
            with torch.enable_grad():
                logits, values = self._model.record(piece.clone().requires_grad_())
                score = self._find_log_probability(logits, outputs).sum()
                gradients = torch.autograd.grad(score, values, materialize_grads=True)
            found = zip(values, self._fills, gradients, self._model.layouts, strict=True)
            return [list_tokens((v.detach() - fill) * g, layout).double().sum(2) for v, fill, g, layout in found]

        return [torch.cat(of_layer).sum(0).cpu() for of_layer in zip(*self._map(run, images), strict=True)]

    def run_trials(self, images: Tensor, outputs: Sequence[int], trials: Sequence[Trial], masks: Masks) -> Outcomes:
        """Runs images of a class in every trial.

        Args:
            images: of the class, as in `sum_summaries`.
            outputs: that mean the class.
            trials: those of a layer one after another.
            masks: what each keeps.

        Raises:
            InputError: the model yields no finite numbers.
        """
        return self.judge(self.compute_logits(images, trials, masks), outputs)

    def judge(self, logits: Tensor, outputs: Sequence[int]) -> Outcomes:
        """Judges logits, `(image, 1 + trial, output)`: is the class that outputs mean right, and how probable is it.

        Raises:
            InputError: the model yields no finite numbers.
        """
        flat = logits.flatten(0, 1)
        log_probability = self._find_log_probability(flat, outputs).view(logits.shape[:2])
        if not logits.isfinite().all():
            raise InputError(
                "A model yields finite numbers when channels are replaced.",
                f"Found NaN or infinity in {int((~logits.isfinite()).any(2).sum())} of {len(flat)} trials.",
                "Try --replace mean, or --replace zero.",
            )
        is_right = torch.isin(rank_outputs(flat)[:, 0], torch.tensor(list(outputs), device=flat.device))
        return Outcomes(is_right.view(logits.shape[:2]).cpu().numpy(), log_probability.float().cpu().numpy())

    def compute_logits(self, images: Tensor, trials: Sequence[Trial], masks: Masks) -> Tensor:
        """Computes the logits of images, `(image, 1 + trial, output)`, untouched first; arguments as above."""
        groups = list(self._group(trials, masks))
        held = images.split(self._count_held())
        return torch.cat(
            [found for some in held for found in self._sizes.run(lambda few: self._run_groups(few, groups), some)]
        )

    def _run_groups(self, images: Tensor, groups: Sequence[_Group]) -> Tensor:
        """Runs images in all groups. Each image and group is a job of its own, so that all cores work to the end."""
        pieces = self._split(images)

        def record(piece: Tensor) -> tuple[Tensor, list[Tensor]]:
            with torch.inference_mode():
                return self._model.record(piece)

        recorded = list(self._parallel.map(record, pieces))

        def run(job: tuple[int, int]) -> Tensor:
            place, number = job
            with torch.inference_mode():
                return self._run_group(pieces[place], recorded[place][1], groups[number])

        # The longest jobs come first: those of all layers, then from the input on.
        order = sorted(range(len(groups)), key=lambda number: -1 if (layer := groups[number].layer) is None else layer)
        jobs = [(place, number) for number in order for place in range(len(pieces))]
        answers = dict(zip(jobs, self._parallel.map(run, jobs), strict=True))
        return torch.cat(
            [
                torch.cat([logits[:, None], *(answers[place, number] for number in range(len(groups)))], 1)
                for place, (logits, _) in enumerate(recorded)
            ]
        )

    def _count_held(self) -> int:
        """Counts the images whose layers' values are held together."""
        n_numbers = sum(math.prod(layer.node.meta["val"].shape[1:]) for layer in self._model.layers)
        return max(1, _HELD_NUMBERS // n_numbers)

    def measure_pairs(self, images: Tensor, pairs: Sequence[Pair]) -> NDArray[np.float64]:
        """Measures what single sources give to single targets, `(image, pair)`, as `EdgeProver.measure`."""
        prover = EdgeProver(self._model, self._fills, self._sources)
        pieces = self._parallel.map(lambda piece: prover.measure(piece, pairs), images.split(1))
        return np.concatenate(list(pieces))

    def _find_log_probability(self, logits: Tensor, outputs: Sequence[int]) -> Tensor:
        chosen = torch.zeros(1, logits.shape[1], dtype=torch.bool, device=logits.device)
        chosen[:, list(outputs)] = True
        return self._probabilities.compute_log_for_classes(logits, chosen.expand_as(logits))

    def _map(self, function: Callable[[Tensor], list[Tensor]], images: Tensor) -> list[list[Tensor]]:
        """Maps a function over images, as many at a time as there is memory for."""

        def run(some: Tensor) -> list[list[Tensor]]:
            return list(self._parallel.map(function, self._split(some)))

        return [each for found in self._sizes.run(run, images) for each in found]

    def _split(self, images: Tensor) -> Sequence[Tensor]:
        pieces: Sequence[Tensor] = images.split(self._parallel.count_images_each(len(images)))
        return pieces

    def _group(self, trials: Sequence[Trial], masks: Masks) -> Iterator[_Group]:
        """Puts neighbouring trials of the same layer together, `_ROWS` at most."""
        n_layers = len(self._model.layers)
        for layer, found in groupby(trials, key=lambda trial: trial.layer):
            of_layer = list(found)
            for first in range(0, len(of_layer), _ROWS):
                some = of_layer[first : first + _ROWS]
                layers = range(n_layers) if layer is None else [layer]
                kept = [
                    torch.from_numpy(np.stack([masks.find_kept(trial, index) for trial in some])) for index in layers
                ]
                yield _Group(layer, [each.to(self._model.device) for each in kept])

    def _run_group(self, images: Tensor, values: Sequence[Tensor], group: _Group) -> Tensor:
        """Returns the logits of images in the trials of a group, `(image, trial, output)`."""
        if len(images) > 1:  # where there is no memory, fewer images run together
            return self._run_kept(images, values, group.layer, group.kept)

        def run(chosen: range) -> Tensor:
            some = slice(chosen.start, chosen.stop)
            return self._run_kept(images, values, group.layer, [each[some] for each in group.kept])

        return torch.cat(list(self._trials.run(run, range(group.n_trials))), 1)

    def _run_kept(self, images: Tensor, values: Sequence[Tensor], layer: int | None, kept: Sequence[Tensor]) -> Tensor:
        n = len(kept[0])
        rows = repeat_rows(images, n)
        repeated = [each.repeat(len(images), 1) for each in kept]
        start = repeat_rows(values[layer or 0], n)
        if layer is None:
            logits = self._model.replace_in_all(rows, start, repeated, self._fills)
        else:
            logits = self._model.replace_in_one(layer, rows, start, repeated[0], self._fills[layer])
        return logits.unflatten(0, (len(images), n))
