"""`python -m tests.browser.two_animals RUN OUTDIR`: pictures of the page Images, of two animals in one image.

RUN is a run of the demo. The image shows a penguin and a black bear: the halves of two held-out scenes, each 48 columns
around the animal, so that anybody can draw it again. The pictures are for the docs, and to be looked at.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page

from precompute.demo.images import SPLIT_SEEDS
from precompute.demo.masks import find_object
from precompute.demo.scenes import draw_scene
from summit_dash.run.find_class import find_class
from summit_dash.run.store import RunStore
from tests.browser.screenshots import open_pages

HALVES = (("penguin", 2), ("black bear", 1))
"""Class and number of the scene of each half."""
READY = {"cells": ".cells-grid", "channels": ".images-sides"}
"""An element of each tab that is there with its answer."""
SIZES = ((1440, 1100), (1024, 1100))


def cut_half(class_id: int, index: int) -> NDArray[np.uint8]:
    """Cuts the half of a scene around its object, `(height, width / 2, 3)`."""
    seed = SPLIT_SEEDS["held-out"]
    scene = np.asarray(draw_scene(class_id, index, seed=seed).image)
    columns = np.flatnonzero(find_object(class_id, index, seed=seed).any(0))
    half = scene.shape[1] // 2
    first = int(np.clip(round((columns[0] + columns[-1] - half) / 2), 0, half))
    return scene[:, first : first + half]


def draw_two(store: RunStore) -> bytes:
    """Draws both animals side by side, as the content of a PNG file."""
    halves = [cut_half(find_class(store.classes, name).class_id, index) for name, index in HALVES]
    file = io.BytesIO()
    Image.fromarray(np.concatenate(halves, axis=1)).save(file, "PNG")
    return file.getvalue()


def take(page: Page, url: str, store: RunStore, out: Path, name: str) -> None:
    """Brings the image and takes the tabs Cells and Channels, each for one animal against the other."""
    one, other = (find_class(store.classes, each).class_id for each, _ in HALVES)
    asked = {"class": one, "view": "images", "layer": store.layer_names[-1]}
    page.goto(f"{url}?{urlencode(asked)}")
    page.get_by_text("The model is ready").wait_for(timeout=120_000)
    image = {"name": "two-animals.png", "mimeType": "image/png", "buffer": draw_two(store)}
    page.locator("#images-upload input").set_input_files([image])
    page.locator(".images-bars").wait_for()
    for tab in ("cells", "channels"):
        page.evaluate("(action) => summitDash.dispatch(action)", {"tab": tab, "target": one, "against": other})
        page.locator(READY[tab]).first.wait_for()
        page.wait_for_function("() => !document.querySelector('.images-map.is-waiting')")
        page.wait_for_load_state("networkidle")
        page.wait_for_function("() => [...document.images].every((i) => i.complete && i.naturalWidth)")
        page.screenshot(path=out / f"two-animals-{tab}-{name}.png")


def main() -> None:
    """Takes the pictures at two sizes, light and dark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    store = RunStore(arguments.run)
    for page, url, name in open_pages(store, SIZES):
        take(page, url, store, arguments.out, name)


if __name__ == "__main__":
    main()
