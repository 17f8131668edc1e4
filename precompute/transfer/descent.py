"""Training by gradient descent with early stopping: the best weights so far are kept, also after an interruption."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from precompute.devices.batches import BatchSize
from precompute.transfer.config import HeadConfig

__all__ = ["Batches", "Notes", "Trained", "count_trainable", "predict", "train"]

_BACKBONE_FACTOR = 0.1
Places = NDArray[np.int64]


@dataclass(frozen=True)
class Batches:
    """The images of a training.

    Attributes:
        take: returns the input of images by place, `(image, ...)`, on the device.
        labels: `(image,)`.
        device: of the module.
        sizes: of what runs together, as many images as there is memory for; steps and their results stay the same.
    """

    take: Callable[[Places], Tensor]
    labels: NDArray[np.int64]
    device: torch.device
    sizes: BatchSize

    def split(self, places: Places, size: int) -> Iterable[Places]:
        """Yields places in parts of at most `size`."""
        return (places[start : start + size] for start in range(0, len(places), size))


@dataclass(frozen=True)
class Trained:
    """The outcome of a training.

    Attributes:
        best_epoch: whose weights the module has; 0: those before the first step.
        losses: mean loss on the validation part before the first epoch and after each, in nats.
        is_interrupted: the person stopped it.
    """

    best_epoch: int
    losses: tuple[float, ...]
    is_interrupted: bool


class Notes:
    """A listener to a training. Either function may raise KeyboardInterrupt, which ends it as the keyboard does."""

    def finish_epoch(self, loss: float, accuracy: float) -> None:
        """Notes loss (in nats) and accuracy on the validation part after an epoch."""

    def finish_step(self) -> None:
        """Notes that a step is done."""


def train(
    module: nn.Module,
    head: nn.Module,
    batches: Batches,
    parts: tuple[Places, Places],
    config: HeadConfig,
    notes: Notes | None = None,
) -> Trained:
    """Trains a module, which ends with the weights that had the smallest loss on the validation part.

    An interruption from the keyboard ends the training; the best weights so far stay. Norms and dropout keep the mode
    that the module is in.

    Args:
        module: from the input of the batches to logits; its parameters that require a gradient are trained.
        head: its part with the full learning rate; others have a tenth of it.
        batches: the images.
        parts: places of the images trained on, and of those of the validation.
        config: of the descent.
        notes: hears of every epoch and every step.
    """
    training, validation = parts
    own = {id(value) for value in head.parameters()}
    values = [value for value in module.parameters() if value.requires_grad]
    groups = [
        {"params": [v for v in values if id(v) in own], "lr": config.learning_rate},
        {"params": [v for v in values if id(v) not in own], "lr": config.learning_rate * _BACKBONE_FACTOR},
    ]
    optimizer = torch.optim.AdamW([group for group in groups if group["params"]], weight_decay=config.weight_decay)
    chance = np.random.default_rng([config.seed, len(training)])
    notes = notes or Notes()
    losses = [_measure(module, batches, validation, config)[0]]
    best, best_epoch, is_interrupted = _copy_state(module), 0, False
    try:
        for epoch in range(1, config.n_epochs + 1):
            for places in batches.split(chance.permutation(training), config.batch_size):
                _step(module, batches, places, optimizer)
                notes.finish_step()
            loss, accuracy = _measure(module, batches, validation, config)
            losses.append(loss)
            if losses[-1] < losses[best_epoch]:
                best, best_epoch = _copy_state(module), epoch
            notes.finish_epoch(loss, accuracy)
            if epoch - best_epoch >= config.patience:
                break
    except KeyboardInterrupt:
        is_interrupted = True
    module.load_state_dict(best)
    return Trained(best_epoch, tuple(losses), is_interrupted)


def predict(module: nn.Module, batches: Batches, places: Places, size: int) -> NDArray[np.float32]:
    """Computes the probabilities of images, `(image, class)`.

    Args:
        module: as trained.
        batches: the images.
        places: of those to predict.
        size: images at a time.
    """
    with torch.inference_mode():
        found = [
            torch.softmax(logits.float(), 1)
            for some in batches.split(places, size)
            for logits in batches.sizes.run(lambda few: module(batches.take(few)), some)
        ]
    probabilities: NDArray[np.float32] = torch.cat(found).cpu().numpy()
    return probabilities


def count_trainable(module: nn.Module) -> int:
    """Counts the numbers that are trained."""
    return sum(value.numel() for value in module.parameters() if value.requires_grad)


def _step(module: nn.Module, batches: Batches, places: Places, optimizer: torch.optim.Optimizer) -> None:
    values = [value for group in optimizer.param_groups for value in group["params"]]

    def differentiate(some: Places) -> Sequence[Tensor | None]:
        with _choose_precision(batches.device):
            logits = module(batches.take(some))
        labels = torch.from_numpy(batches.labels[some]).to(batches.device)
        loss = functional.cross_entropy(logits.float(), labels) * (len(some) / len(places))
        return torch.autograd.grad(loss, values, allow_unused=True)

    parts = list(batches.sizes.run(differentiate, places))
    for value, gradients in zip(values, zip(*parts, strict=True), strict=True):
        known = [gradient for gradient in gradients if gradient is not None]
        value.grad = sum(known[1:], known[0]) if known else None
    optimizer.step()


def _choose_precision(device: torch.device) -> contextlib.AbstractContextManager[Any]:
    """Returns autocast to bfloat16 on a GPU, whose range needs no scaling of losses."""
    if device.type == "cuda" and torch.cuda.is_bf16_supported():
        return torch.autocast("cuda", torch.bfloat16)
    return contextlib.nullcontext()


def _measure(module: nn.Module, batches: Batches, places: Places, config: HeadConfig) -> tuple[float, float]:
    """Computes mean loss and accuracy on some images."""

    def judge(some: Places) -> tuple[float, int]:
        labels = torch.from_numpy(batches.labels[some]).to(batches.device)
        logits = module(batches.take(some)).float()
        loss = functional.cross_entropy(logits, labels, reduction="sum")
        return float(loss), int((logits.argmax(1) == labels).sum())

    total, n_right = 0.0, 0
    with torch.inference_mode():
        for part in batches.split(places, config.batch_size):
            for loss, right in batches.sizes.run(judge, part):
                total, n_right = total + loss, n_right + right
    return total / len(places), n_right / len(places)


def _copy_state(module: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in module.state_dict().items()}
