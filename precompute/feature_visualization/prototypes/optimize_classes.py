"""Prototypes of classes: pictures that the model gives a class to, in a generator's code space and in pictures alone.

In code space, from the best of some codes: maximise log p(class | g(z)) - lambda |z - mean z|^2 (Nguyen et al. 2016,
"Synthesizing the preferred inputs for neurons in neural networks via deep generator networks"). In picture space the
same of the picture itself (Simonyan et al. 2014), with the square taken per value, so that lambda does not depend on
the picture's size.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor

from precompute.feature_visualization.ascent.config import OptimizationConfig, PlateauConfig, TransformConfig
from precompute.feature_visualization.ascent.image_statistics import ImageStatistics
from precompute.feature_visualization.ascent.objective import LogProbabilityObjective
from precompute.feature_visualization.ascent.optimize import (
    LayerForward,
    Normalize,
    PictureRequest,
    VisualizationRequest,
    optimize_pictures,
)
from precompute.feature_visualization.ascent.parametrization import Parametrization, Penalty, channel_generator
from precompute.feature_visualization.prototypes.generators import CodeParametrization, LoadedGenerator
from precompute.feature_visualization.storage.stored import decode_batch, encode_picture
from precompute.models.graph.probabilities import Probabilities

__all__ = [
    "CODE_SPACE",
    "PICTURE_SPACE",
    "PrototypeBatch",
    "PrototypeConfig",
    "PrototypeModel",
    "Prototyper",
    "best_starts",
    "fingerprint",
    "log_probability",
]

CODE_SPACE, PICTURE_SPACE = "code-space", "picture-space"
_RATES: Mapping[str, float] = {CODE_SPACE: 0.03, PICTURE_SPACE: 0.1}
_PENALTIES: Mapping[str, float] = {CODE_SPACE: 0.0003, PICTURE_SPACE: 1.0}
_MOVEMENTS = TransformConfig(jitter=0.06, scale=0.08, rotation=5.0, final_jitter=0.0)


@dataclass(frozen=True)
class PrototypeConfig:
    """How prototypes are drawn.

    Attributes:
        shape: height and width of the model's input, pixels.
        n_steps: steps of Adam at most.
        seed: of starts and movements.
        batch_size: classes at a time.
        n_candidates: codes to choose a start from, where the generator names no typical ones.
        penalties: lambda by method.
        learning_rates: of Adam by method: of codes in units of their standard deviation, of spectra.
        transforms: movements at every step, as `OptimizationConfig` has them.
        plateau: when to stop early.
        webp_quality: 0 to 100.
        device: where the model's parameters are.
        threads: batches drawn side by side on a CPU; None takes one per core.
    """

    shape: tuple[int, int] = (224, 224)
    n_steps: int = 36
    seed: int = 0
    batch_size: int = 8
    n_candidates: int = 128
    penalties: Mapping[str, float] = field(default_factory=lambda: dict(_PENALTIES))
    learning_rates: Mapping[str, float] = field(default_factory=lambda: dict(_RATES))
    transforms: TransformConfig = _MOVEMENTS
    plateau: PlateauConfig = field(default_factory=lambda: PlateauConfig(window=0))
    webp_quality: int = 90
    device: str = "cpu"
    threads: int | None = None

    def optimization(self, method: str) -> OptimizationConfig:
        """As `optimize` takes it."""
        return OptimizationConfig(
            size=self.shape,
            n_steps=self.n_steps,
            learning_rate=self.learning_rates[method],
            batch_size=self.batch_size,
            seed=self.seed,
            redirected_steps=0,  # a class always has a gradient
            transforms=self.transforms,
            plateau=self.plateau,
        )

    def settings(self, method: str, generator: LoadedGenerator | None, n_images: int) -> dict[str, Any]:
        """What decides a prototype, but for rounding, as plain values for the manifest.

        Args:
            method: of the table.
            generator: of code space; not read otherwise.
            n_images: that the colours were measured on.
        """
        common = {
            "method": method,
            "size": list(self.shape),
            "n_steps": self.n_steps,
            "seed": self.seed,
            "lambda": self.penalties[method],
            "learning_rate": self.learning_rates[method],
            "transforms": dataclasses.asdict(self.transforms),
            "plateau": dataclasses.asdict(self.plateau),
            "webp_quality": self.webp_quality,
        }
        if method == PICTURE_SPACE or generator is None:
            return {**common, "n_images": n_images}
        common["n_candidates"] = self.n_candidates if generator.code_starts is None else len(generator.code_starts)
        made = {"name": generator.name, "sha256": generator.sha256, "code_size": generator.code_size}
        return {**common, "generator": made}


def fingerprint(settings: Mapping[str, Any], statistics: ImageStatistics) -> str:
    """Equal for settings that draw the same prototype for a class, but for rounding."""
    colours = statistics.fingerprint if settings["method"] == PICTURE_SPACE else ""
    text = json.dumps([settings, colours], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class PrototypeModel:
    """The model that prototypes are of.

    Attributes:
        forward: model input to logits, `(batch, output)`; parameters on the config's device, none requiring a gradient.
        normalize: colours in [0, 1] to model input.
        outputs: which outputs mean each class, by class_id.
        n_outputs: how many there are.
        probabilities: how they come of the logits.
    """

    forward: LayerForward
    normalize: Normalize
    outputs: Mapping[int, Sequence[int]]
    n_outputs: int
    probabilities: Probabilities = field(default_factory=Probabilities)

    def objective(self, class_ids: Sequence[int], device: torch.device) -> LogProbabilityObjective:
        """Of a batch with one picture for each class."""
        mask = torch.zeros((len(class_ids), self.n_outputs), dtype=torch.bool)
        for row, class_id in enumerate(class_ids):
            mask[row, list(self.outputs[class_id])] = True
        return LogProbabilityObjective(mask.to(device), self.probabilities)


@torch.no_grad()
def best_starts(model: PrototypeModel, config: PrototypeConfig, generator: LoadedGenerator) -> dict[int, Tensor]:
    """For each class the code to start from: of the candidates, the one whose picture it is most probable for.

    From the mean code, whose picture is no scene, the ascent would end in mixtures of objects.

    Args:
        model: whose classes.
        config: how many candidates, and their seed.
        generator: on the config's device; its typical codes are the candidates, or any codes where it has none.
    """
    parametrization = CodeParametrization(generator, config.shape)
    codes = parametrization.candidates(config.n_candidates, torch.Generator().manual_seed(config.seed))
    logits = torch.cat(
        [model.forward(model.normalize(parametrization.pictures(part))) for part in codes.split(config.batch_size)]
    )
    class_ids = sorted(model.outputs)
    masks = model.objective(class_ids, codes.device).outputs
    found = {}
    for class_id, mask in zip(class_ids, masks, strict=True):
        values = model.probabilities.log_of_classes(logits, mask.expand(len(codes), -1))
        found[class_id] = codes[int(values.argmax())]
    return found


@torch.no_grad()
def log_probability(
    model: PrototypeModel, class_ids: Sequence[int], images: Sequence[bytes], device: torch.device
) -> list[float]:
    """Of each class, of its stored picture as it is: 8 bits, after WebP, unmoved."""
    logits = model.forward(model.normalize(decode_batch(images, device)))
    values: list[float] = model.objective(class_ids, device)(logits).tolist()
    return values


class PrototypeBatch(NamedTuple):
    """Classes that are drawn together, by one method, with the name of its settings."""

    class_ids: tuple[int, ...]
    method: str
    settings: str


@dataclass(frozen=True)
class Prototyper:
    """Draws a batch and makes rows of the table of it.

    Attributes:
        model: whose classes.
        config: how.
        statistics: of the run's images, whose colours and mean picture-space pictures take over.
        generator: for code space, on the config's device.
        starts: for code space, by class_id: see `best_starts`.
    """

    model: PrototypeModel
    config: PrototypeConfig
    statistics: ImageStatistics
    generator: LoadedGenerator | None = None
    starts: Mapping[int, Tensor] = field(default_factory=dict)

    def __call__(self, batch: PrototypeBatch) -> list[dict[str, Any]]:
        device = torch.device(self.config.device)
        config = self.config.optimization(batch.method)
        how = VisualizationRequest(
            self.model.forward, self.model.normalize, "", (), config, device, statistics=self.statistics
        )
        generators = [channel_generator(self.config.seed, "class", c, batch.method) for c in batch.class_ids]
        objective = self.model.objective(batch.class_ids, device)
        parametrization, penalty, starts = self._method(batch, device)
        drawn = optimize_pictures(
            PictureRequest(how, objective, generators, parametrization=parametrization, penalty=penalty, starts=starts)
        )
        images = [encode_picture(picture, self.config.webp_quality) for picture in drawn.pictures]
        reached = log_probability(self.model, batch.class_ids, images, device)
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

    def _method(
        self, batch: PrototypeBatch, device: torch.device
    ) -> tuple[Parametrization | None, Penalty, Tensor | None]:
        weight = self.config.penalties[batch.method]
        if batch.method == CODE_SPACE:
            assert self.generator is not None, "code space is that of a generator"
            parametrization = CodeParametrization(self.generator, self.config.shape)
            return parametrization, _CodePenalty(weight), torch.stack([self.starts[c] for c in batch.class_ids])
        mean = torch.tensor(self.statistics.mean, device=device).view(-1, 1, 1)
        return None, _PicturePenalty(weight, mean), None


@dataclass(frozen=True)
class _CodePenalty:
    """`lambda |z - mean z|^2`, with deviations in units of the code's standard deviation."""

    weight: float

    def __call__(self, parameters: Tensor, pictures: Tensor) -> Tensor:
        return self.weight * parameters.square().sum(dim=1)


@dataclass(frozen=True)
class _PicturePenalty:
    """`lambda |x - mean x|^2`, per value of the picture."""

    weight: float
    mean: Tensor

    def __call__(self, parameters: Tensor, pictures: Tensor) -> Tensor:
        return self.weight * (pictures - self.mean).square().mean(dim=(1, 2, 3))
