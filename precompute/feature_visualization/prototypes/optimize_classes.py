"""Prototypes of classes: pictures of high probability for a class, in a generator's code space or in pictures alone.

In code space, ascent from the best of some codes maximises log p(class | g(z)) - lambda |z - mean z|^2 (Nguyen et al.
2016, "Synthesizing the preferred inputs for neurons in neural networks via deep generator networks", section 2). In
picture space it maximises the same of the picture itself (Simonyan et al. 2014, section 2). There the square is a mean
over values, so that lambda does not depend on the picture's size.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor

from precompute.devices.batches import BatchSize
from precompute.feature_visualization.ascent.image_statistics import ImageStatistics
from precompute.feature_visualization.ascent.objective import LogProbabilityObjective
from precompute.feature_visualization.ascent.optimize import (
    LayerForward,
    Normalize,
    PictureRequest,
    VisualizationRequest,
    optimize_pictures,
)
from precompute.feature_visualization.ascent.parametrization import Parametrization, Penalty, seed_generator
from precompute.feature_visualization.prototypes.config import CODE_SPACE, PrototypeConfig
from precompute.feature_visualization.prototypes.generators import CodeParametrization, LoadedGenerator
from precompute.feature_visualization.storage.stored import decode_batch, encode_picture
from precompute.models.graph.probabilities import Probabilities

__all__ = [
    "PrototypeBatch",
    "PrototypeModel",
    "Prototyper",
    "compute_log_probabilities",
    "find_starts",
]


@dataclass(frozen=True)
class PrototypeModel:
    """The model whose classes get prototypes.

    Attributes:
        forward: function from model input to logits, `(batch, output)`; its parameters are on the config's device, and
            none requires a gradient.
        normalize: function from colours in [0, 1] to model input.
        outputs: indices of the outputs that mean each class, by class_id.
        n_outputs: number of outputs.
        probabilities: the way from logits to probabilities.
        bytes_each: an estimate of the memory that a picture takes while it is optimised; 0: unknown.
    """

    forward: LayerForward
    normalize: Normalize
    outputs: Mapping[int, Sequence[int]]
    n_outputs: int
    probabilities: Probabilities = field(default_factory=Probabilities)
    bytes_each: int = 0

    def build_objective(self, class_ids: Sequence[int], device: torch.device) -> LogProbabilityObjective:
        """Builds the objective of a batch with one picture for each class."""
        mask = torch.zeros((len(class_ids), self.n_outputs), dtype=torch.bool)
        for row, class_id in enumerate(class_ids):
            mask[row, list(self.outputs[class_id])] = True
        return LogProbabilityObjective(mask.to(device), self.probabilities)


@torch.no_grad()
def find_starts(model: PrototypeModel, config: PrototypeConfig, generator: LoadedGenerator) -> dict[int, Tensor]:
    """Finds the code from which each class starts: the candidate whose picture has the greatest probability for it.

    From the mean code, whose picture is no scene, the ascent would end in mixtures of objects.

    Args:
        model: the model whose classes are drawn.
        config: number of candidates, and their seed.
        generator: the generator, on the config's device. Candidates are its typical codes, or random ones if it has
            none.

    Returns:
        Codes in units of their standard deviation, `(code_size,)`, by class_id.
    """
    parametrization = CodeParametrization(generator, config.shape)
    codes = parametrization.list_candidates(config.n_candidates, torch.Generator().manual_seed(config.seed))
    sizes = BatchSize(config.batch_size, codes.device, model.bytes_each)
    logits = torch.cat(
        [*sizes.run(lambda part: model.forward(model.normalize(parametrization.render(part))), codes)],
    )
    class_ids = sorted(model.outputs)
    masks = model.build_objective(class_ids, codes.device).outputs
    found = {}
    for class_id, mask in zip(class_ids, masks, strict=True):
        values = model.probabilities.compute_log_for_classes(logits, mask.expand(len(codes), -1))
        found[class_id] = codes[int(values.argmax())]
    return found


@torch.no_grad()
def compute_log_probabilities(
    model: PrototypeModel, class_ids: Sequence[int], images: Sequence[bytes], device: torch.device
) -> list[float]:
    """Computes the log-probability of each class for its stored picture: 8 bits, after WebP, without movement."""
    logits = model.forward(model.normalize(decode_batch(images, device)))
    values: list[float] = model.build_objective(class_ids, device)(logits).tolist()
    return values


class PrototypeBatch(NamedTuple):
    """Classes that are drawn together by one method, with the name of its settings."""

    class_ids: tuple[int, ...]
    method: str
    settings: str


@dataclass(frozen=True)
class Prototyper:
    """A function that draws a batch, in parts that fit into memory, and yields the rows of each.

    Attributes:
        model: the model whose classes are drawn.
        config: settings.
        sizes: of the batches.
        statistics: statistics of the run's images, whose colours and mean the pictures of picture space take over.
        generator: the generator of code space, on the config's device.
        starts: the starts of code space by class_id, see `find_starts`.
    """

    model: PrototypeModel
    config: PrototypeConfig
    sizes: BatchSize
    statistics: ImageStatistics
    generator: LoadedGenerator | None = None
    starts: Mapping[int, Tensor] = field(default_factory=dict)

    def __call__(self, batch: PrototypeBatch) -> Iterator[list[dict[str, Any]]]:
        return self.sizes.run(lambda some: self._draw(batch._replace(class_ids=some)), batch.class_ids)

    def _draw(self, batch: PrototypeBatch) -> list[dict[str, Any]]:
        device = torch.device(self.config.device)
        config = self.config.build_optimization(batch.method)
        how = VisualizationRequest(
            self.model.forward, self.model.normalize, "", (), config, device, statistics=self.statistics
        )
        generators = [seed_generator(self.config.seed, "class", c, batch.method) for c in batch.class_ids]
        objective = self.model.build_objective(batch.class_ids, device)
        parametrization, penalty, starts = self._prepare_method(batch, device)
        drawn = optimize_pictures(
            PictureRequest(how, objective, generators, parametrization=parametrization, penalty=penalty, starts=starts)
        )
        images = [encode_picture(picture, self.config.webp_quality) for picture in drawn.pictures]
        reached = compute_log_probabilities(self.model, batch.class_ids, images, device)
        return [
            {
                "class_id": class_id,
                "method": batch.method,
                "image": image,
                "log_probability": end,
                "initial_log_probability": start,
                "n_steps": n_steps,
                "settings": batch.settings,
            }
            for class_id, image, end, start, n_steps in zip(
                batch.class_ids, images, reached, drawn.start, drawn.n_steps, strict=True
            )
        ]

    def _prepare_method(
        self, batch: PrototypeBatch, device: torch.device
    ) -> tuple[Parametrization | None, Penalty, Tensor | None]:
        weight = self.config.penalties[batch.method]
        if batch.method == CODE_SPACE:
            assert self.generator is not None, "code space needs a generator"
            parametrization = CodeParametrization(self.generator, self.config.shape)
            return parametrization, _CodePenalty(weight), torch.stack([self.starts[c] for c in batch.class_ids])
        mean = torch.tensor(self.statistics.mean, device=device).view(-1, 1, 1)
        return None, _PicturePenalty(weight, mean), None


@dataclass(frozen=True)
class _CodePenalty:
    """The penalty `lambda |z - mean z|^2`, with deviations in units of the code's standard deviation."""

    weight: float

    def __call__(self, parameters: Tensor, pictures: Tensor) -> Tensor:
        return self.weight * parameters.square().sum(dim=1)


@dataclass(frozen=True)
class _PicturePenalty:
    """The penalty `lambda |x - mean x|^2`, as a mean over the values of the picture."""

    weight: float
    mean: Tensor

    def __call__(self, parameters: Tensor, pictures: Tensor) -> Tensor:
        return self.weight * (pictures - self.mean).square().mean(dim=(1, 2, 3))
