"""The training of the demo's generator: its pictures, its codes, and its repeatability."""

import numpy as np
import torch
from PIL import Image

from precompute.demo.generator import CODE_SIZE
from precompute.demo.scenes import Part, Scene
from precompute.demo.train_generator import (
    Compared,
    Recipe,
    _choose_mirrored,
    _cut,
    compute_codes,
    draw_pictures,
    find_typical_codes,
    train,
)


def test_training_makes_the_same_weights_again() -> None:
    threads = torch.get_num_threads()
    try:
        recipe = Recipe(images_per_class=6, steps=3, batch_size=8)
        first, second = (train(recipe).state_dict() for _ in range(2))
    finally:
        torch.set_num_threads(threads)
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_codes_are_uncorrelated_and_of_variance_one() -> None:
    recipe = Recipe(images_per_class=8)
    pixels = draw_pictures(recipe).pixels
    codes = compute_codes(Compared(), pixels, recipe)
    seen = codes[:, : CODE_SIZE - recipe.n_colours]
    assert codes.shape == (len(pixels), CODE_SIZE)
    torch.testing.assert_close(codes.mean(dim=0), torch.zeros(CODE_SIZE), atol=1e-4, rtol=0)
    torch.testing.assert_close(seen.T @ seen / len(seen), torch.eye(seen.shape[1]), atol=1e-3, rtol=0)


def test_typical_codes_are_the_centres_of_groups() -> None:
    generator = torch.Generator().manual_seed(0)
    middles = 20 * torch.randn(5, 3, generator=generator)
    codes = (middles[:, None] + torch.randn(5, 40, 3, generator=generator)).flatten(0, 1)
    found = find_typical_codes(codes, 5, seed=1)
    assert sorted(torch.cdist(found, middles).argmin(dim=1).tolist()) == list(range(5))


def test_a_scene_is_cut_to_its_object_and_not_to_what_is_beside_it() -> None:
    image = Image.new("RGB", (96, 96))
    image.paste((255, 255, 255), (20, 30, 40, 50))
    scene = Scene(image, 0, (Part("body", (20, 30, 40, 50)), Part("hand", (0, 60, 96, 96))))

    side, pixels = _cut(scene, 1.2)

    assert side == 1.2 * 20
    assert pixels.shape == (96, 96, 3)
    assert 0.6 < (pixels > 128).mean() < 0.8, "the object is 20 of 24 pixels wide and high"


def test_a_cut_stays_within_the_image() -> None:
    scene = Scene(Image.new("RGB", (96, 96), (9, 9, 9)), 0, (Part("body", (0, 0, 90, 10)),))

    side, pixels = _cut(scene, 2.0)

    assert side == 96 and (pixels == 9).all()


def test_mirrored_pictures_all_face_one_way() -> None:
    rng = np.random.default_rng(0)
    facing = torch.tensor(rng.choice([-1.0, 1.0], 12), dtype=torch.float32)
    shape = torch.tensor([1.0, 0.5, -0.5, -1.0])
    as_drawn = facing[:, None] * shape

    flipped = _choose_mirrored(as_drawn, as_drawn.flip(1))

    assert len((facing * torch.where(flipped, -1, 1)).unique()) == 1
