"""Trains the demo's network on scenes drawn for it and writes its weights: `python -m precompute.demo.train`.

Opening the demo only reads the weights. Every random number follows from the seed.
"""

import argparse
import os
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from precompute.demo.images import SPLIT_SEEDS, DemoImages, Split
from precompute.demo.model import CLASS_NAMES, PREPROCESS, RECORDED_LAYERS, WEIGHTS, build
from precompute.demo.scenes import Part, Variation, draw_scene


@dataclass(frozen=True)
class Recipe:
    """The settings of the training; the weights follow from them.

    `part_dropout` is the share of training scenes of which only some parts are drawn, so that the network learns to
    know a class by each of its parts. `sparsity` weighs the mean activation of the recorded layers in the loss;
    `channel_dropout` is the share of channels of the last `n_dropout_layers` recorded layers that each training image
    goes without. `shift` is in pixels.
    """

    seed: int = 7
    images_per_class: int = 240
    epochs: int = 14
    batch_size: int = 64
    learning_rate: float = 4e-3
    weight_decay: float = 2e-2
    label_smoothing: float = 0.05
    part_dropout: float = 0.4
    sparsity: float = 0.01
    channel_dropout: float = 0.15
    n_dropout_layers: int = 3
    shift: int = 4
    held_out_per_class: int = 50


_open_source = cache(DemoImages)


def _choose_parts(parts: tuple[Part, ...], rng: np.random.Generator) -> set[str]:
    """Chooses either one part, a large one more often, or about half of the parts."""
    names = sorted({part.name for part in parts})
    if rng.random() < 0.5:
        areas = np.zeros(len(names))
        for part in parts:
            x0, y0, x1, y1 = part.box
            areas[names.index(part.name)] += (x1 - x0) * (y1 - y0)
        return {str(rng.choice(names, p=areas / areas.sum()))}
    return {name for name in names if rng.random() < 0.5}


def _draw(split: Split, images_per_class: int, part_dropout: float, image_id: int) -> NDArray[np.uint8]:
    source = _open_source(images_per_class, split)
    image = source.images[image_id]
    scene = source.draw_scene(image)
    rng = np.random.default_rng([SPLIT_SEEDS[split], image_id])
    if rng.random() < part_dropout:
        some = draw_scene(
            image.class_id,
            source.compute_scene_index(image),
            seed=SPLIT_SEEDS[split],
            variation=Variation(include=_choose_parts(scene.parts, rng)),
        )
        scene = some if some.parts else scene
    return np.asarray(scene.image)


def draw_split(split: Split, images_per_class: int, part_dropout: float = 0.0) -> tuple[Tensor, Tensor]:
    """Draws the images `(image, 3, 96, 96)` of a split as uint8, on all cores, with their class ids."""
    source = DemoImages(images_per_class, split)
    draw = partial(_draw, split, images_per_class, part_dropout)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        drawn = list(pool.map(draw, range(len(source.images)), chunksize=64))
    pixels = torch.from_numpy(np.stack(drawn)).permute(0, 3, 1, 2).contiguous()
    return pixels, torch.tensor([image.class_id for image in source.images])


def preprocess(pixels: Tensor) -> Tensor:
    """Computes the network's input from uint8 images `(batch, 3, height, width)`."""
    mean = torch.tensor(PREPROCESS["mean"]).view(1, 3, 1, 1)
    std = torch.tensor(PREPROCESS["std"]).view(1, 3, 1, 1)
    return ((pixels.float() / 255 - mean) / std).contiguous(memory_format=torch.channels_last)


def _augment(pixels: Tensor, generator: torch.Generator, shift: int) -> Tensor:
    """Mirrors and shifts images, and changes their brightness; the hue stays, because it distinguishes classes."""
    count, side = len(pixels), pixels.shape[-1]
    flipped = torch.rand(count, generator=generator) < 0.5
    pixels = torch.where(flipped.view(-1, 1, 1, 1), pixels.flip(3), pixels)
    padded = functional.pad(pixels.float(), (shift,) * 4, mode="replicate")
    dx, dy = (int(v) for v in torch.randint(0, 2 * shift + 1, (2,), generator=generator))
    moved = padded[:, :, dy : dy + side, dx : dx + side]
    gain = 1 + 0.2 * (torch.rand(count, 1, 1, 1, generator=generator) - 0.5)
    lift = 24 * (torch.rand(count, 1, 1, 1, generator=generator) - 0.5)
    return (moved * gain + lift).clamp(0, 255)


@contextmanager
def _regularise(model: nn.Module, recipe: Recipe) -> Iterator[Callable[[], Tensor]]:
    """Drops channels of the last layers at random while open; yields a function that returns the mean activation."""
    means: dict[str, Tensor] = {}

    def watch(name: str, rate: float, _module: nn.Module, _inputs: object, output: Tensor) -> Tensor:
        means[name] = output.mean()
        return functional.dropout2d(output, rate, training=model.training) if rate else output

    dropped = RECORDED_LAYERS[-recipe.n_dropout_layers :]
    handles = [
        model.get_submodule(name).register_forward_hook(
            partial(watch, name, recipe.channel_dropout if name in dropped else 0.0)
        )
        for name in RECORDED_LAYERS
    ]
    try:
        yield lambda: torch.stack(list(means.values())).sum()
    finally:
        for handle in handles:
            handle.remove()


def train(recipe: Recipe) -> nn.Module:
    """Trains a network and returns it in evaluation mode."""
    # One thread: sums then run in one order, so that the weights do not depend on the number of cores.
    torch.set_num_threads(1)
    torch.manual_seed(recipe.seed)
    generator = torch.Generator().manual_seed(recipe.seed)
    model = build().to(memory_format=torch.channels_last)
    started = time.monotonic()
    pixels, labels = draw_split("train", recipe.images_per_class, recipe.part_dropout)
    print(f"drew {len(pixels)} training images in {time.monotonic() - started:.0f} s", flush=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    steps = len(pixels) // recipe.batch_size
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, recipe.learning_rate, total_steps=steps * recipe.epochs, pct_start=0.15
    )
    model.train()
    with _regularise(model, recipe) as mean_activation:
        for epoch in range(recipe.epochs):
            order = torch.randperm(len(pixels), generator=generator)[: steps * recipe.batch_size]
            total = 0.0
            for batch in order.view(steps, recipe.batch_size):
                logits = model(preprocess(_augment(pixels[batch], generator, recipe.shift)))
                loss = functional.cross_entropy(logits, labels[batch], label_smoothing=recipe.label_smoothing)
                optimizer.zero_grad()
                (loss + recipe.sparsity * mean_activation()).backward()
                optimizer.step()
                schedule.step()
                total += loss.item()
            print(
                f"epoch {epoch + 1}/{recipe.epochs} loss {total / steps:.3f} {time.monotonic() - started:.0f} s",
                flush=True,
            )
    return model.eval()


@torch.no_grad()
def measure_accuracy(model: nn.Module, images_per_class: int) -> NDArray[np.float64]:
    """Measures the accuracy of the network on held-out images, by class, `(class,)`."""
    pixels, labels = draw_split("held-out", images_per_class)
    predicted = torch.cat([model(preprocess(part)).argmax(dim=1) for part in pixels.split(128)])
    return (predicted == labels).view(len(CLASS_NAMES), images_per_class).double().mean(dim=1).numpy()


def save(tensors: Mapping[str, Tensor], path: Path, recipe: object, **measured: str) -> None:
    """Writes weights with the recipe and the measured values in their metadata."""
    metadata = {"recipe": repr(recipe), **measured, "torch": torch.__version__}
    partial_file = path.with_suffix(".partial")
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, partial_file, metadata)
    partial_file.replace(path)


def main() -> None:
    defaults = Recipe()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="file to write (default: the packaged weights)")
    parser.add_argument("--epochs", type=int, default=defaults.epochs)
    parser.add_argument("--images-per-class", type=int, default=defaults.images_per_class)
    parser.add_argument("--seed", type=int, default=defaults.seed)
    arguments = parser.parse_args()
    recipe = Recipe(seed=arguments.seed, images_per_class=arguments.images_per_class, epochs=arguments.epochs)
    started = time.monotonic()
    model = train(recipe)
    accuracy = measure_accuracy(model, recipe.held_out_per_class)
    for name, share in sorted(zip(CLASS_NAMES, accuracy, strict=True), key=lambda pair: pair[1]):
        print(f"{share:6.1%}  {name}")
    print(f"held-out accuracy {accuracy.mean():.2%}; {time.monotonic() - started:.0f} s in all")
    save(
        model.state_dict(),
        arguments.out,
        recipe,
        seed=str(recipe.seed),
        held_out_accuracy=f"{accuracy.mean():.4f}",
    )


if __name__ == "__main__":
    main()
