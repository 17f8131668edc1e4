"""Trains the demo's generator on the demo's scenes and writes its weights: `python -m precompute.demo.train_generator`.

Each training picture is a scene, cut to its object and mirrored so that the objects of a class face one way. Its code
holds principal components of its colours and of the activations of the demo's network. Every random number follows
from the seed.
"""

import argparse
import os
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from precompute.demo.generator import CODE_SIZE, N_STARTS, WEIGHTS, DemoGenerator
from precompute.demo.images import DemoImages
from precompute.demo.model import INPUT_SIZE, RECORDED_LAYERS, load
from precompute.demo.scenes import Scene
from precompute.demo.train import preprocess, save

_BESIDE_THE_OBJECT = ("branch", "wave", "hand", "lines")
"""Parts that reach far beyond the object; they stay in the picture but do not determine the cut."""
_COMPARED_LAYERS = ("stem", "conv2", "mixed1", "mixed2")
_CODED_LAYER = RECORDED_LAYERS[-1]
_COARSE_PIXEL = 24
"""Side of the squares whose mean colours enter a code, in pixels."""


@dataclass(frozen=True)
class Recipe:
    """The settings of the training; the weights follow from them.

    Scenes are cut to `frame` times their object. A scene of which less than `least_side` pixels would be left is not
    used. `n_colours` numbers of a code are colours. Noise of the standard deviation `code_noise` is added to codes, so
    that similar codes draw similar pictures. The loss is `pixel_weight` times the mean difference of colours plus the
    relative difference of the network's activations in four layers; before it is computed, both pictures are shifted
    alike by less than `shift` pixels.
    """

    seed: int = 11
    images_per_class: int = 480
    frame: float = 1.2
    least_side: float = 46.0
    code_size: int = CODE_SIZE
    n_colours: int = 12
    code_noise: float = 0.1
    shift: int = 8
    steps: int = 2000
    batch_size: int = 32
    learning_rate: float = 3e-3
    pixel_weight: float = 4.0


class Pictures(NamedTuple):
    """Training pictures `(image, 3, 96, 96)` uint8, and their class ids."""

    pixels: Tensor
    class_ids: Tensor


_open_source = cache(DemoImages)


# --- pictures -------------------------------------------------------------------------------------------------------


def _cut(scene: Scene, frame: float) -> tuple[float, NDArray[np.uint8]]:
    """Cuts a scene to its object; returns the side of the cut in pixels, and the cut at the size of a scene."""
    named = [part.box for part in scene.parts if part.name not in _BESIDE_THE_OBJECT]
    boxes = np.array(named or [part.box for part in scene.parts], float)
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    side = min(float(INPUT_SIZE), frame * float((high - low).max()))
    x, y = np.clip((low + high) / 2 - side / 2, 0, INPUT_SIZE - side).tolist()
    cut = scene.image.resize((INPUT_SIZE, INPUT_SIZE), Image.Resampling.BICUBIC, box=(x, y, x + side, y + side))
    return side, np.asarray(cut)


def _draw(images_per_class: int, frame: float, image_id: int) -> tuple[float, NDArray[np.uint8]]:
    source = _open_source(images_per_class, "train")
    return _cut(source.draw_scene(source.images[image_id]), frame)


def draw_pictures(recipe: Recipe) -> Pictures:
    """Draws the scenes of the training split on all cores, cuts them to their objects and drops the small ones."""
    source = DemoImages(recipe.images_per_class, "train")
    draw = partial(_draw, recipe.images_per_class, recipe.frame)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        drawn = list(pool.map(draw, range(len(source.images)), chunksize=64))
    taken = [index for index, (side, _) in enumerate(drawn) if side >= recipe.least_side]
    pixels = torch.from_numpy(np.stack([drawn[index][1] for index in taken])).permute(0, 3, 1, 2).contiguous()
    return Pictures(pixels, torch.tensor([source.images[index].class_id for index in taken]))


# --- codes ----------------------------------------------------------------------------------------------------------


class Compared(nn.Module):
    """The demo's network, which returns all layers that the loss and the codes need in one pass."""

    def __init__(self) -> None:
        super().__init__()
        self.net = load().to(memory_format=torch.channels_last).requires_grad_(False)

    def forward(self, inputs: Tensor, last: str = _CODED_LAYER) -> dict[str, Tensor]:
        """Computes activations by layer, up to the layer `last`; `inputs` are preprocessed."""
        pools = {"conv2": "pool1", "mixed2": "pool2", "mixed3": "pool3"}
        found: dict[str, Tensor] = {}
        for name in RECORDED_LAYERS:
            if name in pools:
                inputs = self.net.get_submodule(pools[name])(inputs)
            found[name] = inputs = self.net.get_submodule(name)(inputs)
            if name == last:
                break
        return found


@torch.no_grad()
def _compute_coarse_maps(network: Compared, pixels: Tensor) -> Tensor:
    """Computes the activations of `mixed2` on a coarse grid, flattened, `(image, value)`."""
    found = [network(preprocess(part), "mixed2")["mixed2"] for part in pixels.split(64)]
    return torch.cat([functional.avg_pool2d(maps, 2).flatten(1) for maps in found])


def _choose_mirrored(as_drawn: Tensor, mirrored: Tensor) -> Tensor:
    """Chooses the pictures of a class to mirror so that all become as similar as possible, `(image,)`.

    The choice starts from the direction in which pictures differ most from their mirror images. Then each picture is
    compared with the mean of the chosen ones, at most ten times.
    """
    difference = as_drawn - mirrored
    main = torch.linalg.svd(difference, full_matrices=False).Vh[0]
    flipped = difference @ main < 0
    for _ in range(10):
        mean = torch.where(flipped[:, None], mirrored, as_drawn).mean(dim=0)
        better = mirrored @ mean > as_drawn @ mean
        if torch.equal(better, flipped):
            break
        flipped = better
    return flipped


def align(network: Compared, drawn: Pictures) -> Tensor:
    """Mirrors some of the pictures so that the objects of a class face one way."""
    plain, other = (_compute_coarse_maps(network, pixels) for pixels in (drawn.pixels, drawn.pixels.flip(3)))
    centre = (plain.mean(dim=0) + other.mean(dim=0)) / 2
    plain, other = (functional.normalize(each - centre, dim=1) for each in (plain, other))
    flipped = torch.zeros(len(drawn.pixels), dtype=torch.bool)
    for class_id in drawn.class_ids.unique():
        indices = (drawn.class_ids == class_id).nonzero()[:, 0]
        flipped[indices] = _choose_mirrored(plain[indices], other[indices])
    return torch.where(flipped.view(-1, 1, 1, 1), drawn.pixels.flip(3), drawn.pixels)


@torch.no_grad()
def compute_codes(network: Compared, pixels: Tensor, recipe: Recipe) -> Tensor:
    """Computes the code of each picture, `(image, code)`.

    A code holds principal components of the means of the last recorded layer, then those of the coarse colours.
    """
    means = torch.cat([network(preprocess(part))[_CODED_LAYER].mean(dim=(2, 3)) for part in pixels.split(64)])
    colours = torch.cat([functional.avg_pool2d(part / 255, _COARSE_PIXEL).flatten(1) for part in pixels.split(64)])
    parts = (
        _compute_components(means, recipe.code_size - recipe.n_colours),
        _compute_components(colours, recipe.n_colours),
    )
    return torch.cat(parts, dim=1)


def _compute_components(values: Tensor, n: int) -> Tensor:
    """Computes the strongest principal components, each of mean 0 and variance 1, `(image, n)`."""
    vectors = torch.linalg.svd(values - values.mean(dim=0), full_matrices=False).U
    return vectors[:, :n] * len(values) ** 0.5


def find_typical_codes(codes: Tensor, n: int, seed: int) -> Tensor:
    """Finds the centres of groups of codes, `(n, code)`, by k-means.

    The centres start from codes far apart (k-means++, Arthur and Vassilvitskii, 2007). Classes are not used.
    """
    generator = torch.Generator().manual_seed(seed)
    centres = codes[torch.randint(len(codes), (1,), generator=generator)]
    while len(centres) < n:
        distances = torch.cdist(codes, centres).amin(dim=1).square()
        centres = torch.cat([centres, codes[torch.multinomial(distances, 1, generator=generator)]])
    for _ in range(20):
        nearest = torch.cdist(codes, centres).argmin(dim=1)
        filled = nearest.unique()
        centres[filled] = torch.stack([codes[nearest == group].mean(dim=0) for group in filled])
    return centres


# --- training -------------------------------------------------------------------------------------------------------


def _iterate_batches(n_pictures: int, recipe: Recipe, generator: torch.Generator) -> Iterator[Tensor]:
    while True:
        order = torch.randperm(n_pictures, generator=generator)
        yield from order[: n_pictures // recipe.batch_size * recipe.batch_size].view(-1, recipe.batch_size)


def _shift_both(drawn: Tensor, pixels: Tensor, shift: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Shifts both alike, so that a pattern fixed to the strides of the network does not pass for texture."""
    moves = torch.randint(0, shift, (2,), generator=generator).tolist()
    return torch.roll(drawn, moves, (2, 3)), torch.roll(pixels, moves, (2, 3))


def _compute_loss(network: Compared, drawn: Tensor, pixels: Tensor, recipe: Recipe) -> Tensor:
    """Computes the loss of pictures in [0, 1] against uint8 ones."""
    with torch.no_grad():
        wanted = network(preprocess(pixels), _COMPARED_LAYERS[-1])
    found = network(preprocess(drawn * 255), _COMPARED_LAYERS[-1])
    relative = [(found[name] - wanted[name]).abs().mean() / wanted[name].mean() for name in _COMPARED_LAYERS]
    return recipe.pixel_weight * (drawn - pixels / 255).abs().mean() + torch.stack(relative).sum()


def train(recipe: Recipe) -> DemoGenerator:
    """Trains a generator and returns it in evaluation mode."""
    # One thread: sums then run in one order, so that the weights do not depend on the number of cores.
    torch.set_num_threads(1)
    torch.manual_seed(recipe.seed)
    generator = torch.Generator().manual_seed(recipe.seed)
    started = time.monotonic()
    network = Compared()
    pixels = align(network, draw_pictures(recipe))
    codes = compute_codes(network, pixels, recipe)
    print(f"{len(pixels)} pictures and their codes after {time.monotonic() - started:.0f} s", flush=True)
    model = DemoGenerator().to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=recipe.learning_rate, betas=(0.9, 0.99))
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, recipe.learning_rate, total_steps=recipe.steps, pct_start=0.1
    )
    total = 0.0
    for step, batch in zip(range(1, recipe.steps + 1), _iterate_batches(len(pixels), recipe, generator), strict=False):
        noise = recipe.code_noise * torch.randn(len(batch), recipe.code_size, generator=generator)
        loss = _compute_loss(
            network, *_shift_both(model(codes[batch] + noise), pixels[batch], recipe.shift, generator), recipe
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        total += loss.item()
        if step % 100 == 0:
            print(f"step {step}/{recipe.steps} loss {total / 100:.3f} {time.monotonic() - started:.0f} s", flush=True)
            total = 0.0
    model.code_starts = find_typical_codes(codes, N_STARTS, recipe.seed)
    return model.eval()


def main() -> None:
    defaults = Recipe()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="file to write (default: the packaged weights)")
    parser.add_argument("--steps", type=int, default=defaults.steps)
    parser.add_argument("--images-per-class", type=int, default=defaults.images_per_class)
    parser.add_argument("--seed", type=int, default=defaults.seed)
    arguments = parser.parse_args()
    recipe = Recipe(seed=arguments.seed, images_per_class=arguments.images_per_class, steps=arguments.steps)
    started = time.process_time()
    model = train(recipe)
    tensors = {
        name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in model.state_dict().items()
    }
    save(tensors, arguments.out, recipe)
    print(f"{time.process_time() - started:.0f} s of processor time, without drawing the scenes")


if __name__ == "__main__":
    main()
