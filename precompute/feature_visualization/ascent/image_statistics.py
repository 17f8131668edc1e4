"""Statistics of the run's own images that pictures take over: correlated colours, and the magnitude of the spectrum.

The images are the crops of `dataset_examples`, so nothing but the run is needed. The crops of the deepest layer are
the largest ones. If its channels see the whole image, they are whole images.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray
from PIL import Image

from precompute.contract.example_images import Box, ExampleImages, Form, read_box, read_form
from precompute.contract.pictures import fit
from precompute.contract.schema import ALL_CLASSES, locate_table, read_table
from precompute.feature_visualization.ascent.config import IMAGENET_COLOUR, ColourMatrix

__all__ = ["ImageStatistics", "measure_colour_matrix", "measure_statistics", "read_example_images"]

_MOST_IMAGES = 512


@dataclass(frozen=True, eq=False)
class ImageStatistics:
    """The statistics of a set of images.

    Attributes:
        colour: see `ColourMatrix`.
        mean: mean of each colour, in [0, 1].
        magnitude: magnitude of each decorrelated component's spectrum, `(component, height, width // 2 + 1)`, scaled
            as by `norm="ortho"`; the mean over the images, which are faded out towards their borders. None: unknown.
        n_images: number of images; 0 for the colours that were published for ImageNet.
    """

    colour: ColourMatrix = IMAGENET_COLOUR
    mean: tuple[float, ...] = (0.5, 0.5, 0.5)
    magnitude: NDArray[np.float32] | None = None
    n_images: int = 0

    @property
    def fingerprint(self) -> str:
        """A digest of the values that pictures take over, to six digits."""
        digest = hashlib.sha256(repr(np.round([*self.colour, self.mean], 6).tolist()).encode())
        if self.magnitude is not None:
            digest.update(f"{self.magnitude.shape} {self.magnitude.sum():.4g}".encode())
        return digest.hexdigest()


def measure_statistics(images: NDArray[np.uint8]) -> ImageStatistics:
    """Measures colour matrix, mean colour and mean magnitude of images.

    Args:
        images: RGB or grey, `(n, height, width, colour)`, 0 to 255.

    Raises:
        ValueError: another shape or dtype, or fewer than two pixels.
    """
    colour = measure_colour_matrix(images)
    mean = images.reshape(-1, images.shape[3]).mean(axis=0) / 255
    # Grey images in RGB lack two of three components: the cut-off keeps their noise out.
    to_components = np.linalg.pinv(np.array(colour), rcond=1e-4)
    total = np.zeros((len(colour), images.shape[1], images.shape[2] // 2 + 1))
    window = _build_window(images.shape[1], images.shape[2])
    for image in images:
        components = window * np.einsum("cr,hwr->chw", to_components, image / 255 - mean)
        total += np.abs(np.fft.rfft2(components, norm="ortho"))
    return ImageStatistics(colour, tuple(mean.tolist()), (total / len(images)).astype(np.float32), len(images))


def _build_window(height: int, width: int) -> NDArray[np.float64]:
    """Builds the window `(height, width)` that fades an image out towards its borders.

    Without it the jump from one border to the opposite one would be a cross in the spectrum. The window's mean square
    is 1, so that the contrast stays.
    """
    rows, columns = (np.sin(np.pi * (np.arange(n) + 0.5) / n) ** 2 for n in (height, width))
    window = np.outer(rows, columns)
    faded: NDArray[np.float64] = window / np.sqrt((window**2).mean())
    return faded


def measure_colour_matrix(images: NDArray[np.uint8]) -> ColourMatrix:
    """Measures the root of the covariance of pixel colours, `U sqrt(S)` of its singular value decomposition.

    The root times its transpose is the covariance. The greatest entry of each column is positive.

    Args:
        images: RGB or grey, `(n, height, width, colour)`, 0 to 255.

    Raises:
        ValueError: another shape or dtype, or fewer than two pixels.
    """
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] not in (1, 3):
        raise ValueError(f"images must be uint8 (n, height, width, 3 or 1), not {images.dtype} {images.shape}")
    n_colours = images.shape[3]
    pixels = images.reshape(-1, n_colours)
    if len(pixels) < 2:
        raise ValueError("a covariance needs at least two pixels")
    vectors, variances, _ = np.linalg.svd(np.cov(pixels / 255.0, rowvar=False).reshape(n_colours, n_colours))
    vectors = vectors * np.sign(vectors[np.abs(vectors).argmax(axis=0), range(n_colours)])
    return tuple(tuple(row) for row in (vectors * np.sqrt(variances)).tolist())


def read_example_images(run: Path, layers: tuple[str, ...], shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Reads the best dataset example of each channel of the last layer, every image once, resized to one size.

    Args:
        run: the run's directory.
        layers: layers in order from the input.
        shape: height and width in pixels.

    Returns:
        RGB, `(n, height, width, 3)`, at most 512 images, evenly spread over all; n is 0 if the run has no examples.
    """
    if not layers or not locate_table(run, "dataset_examples").is_file():
        return np.zeros((0, *shape, 3), np.uint8)
    best = (pc.field("layer") == layers[-1]) & (pc.field("class_id") == ALL_CLASSES) & (pc.field("rank") == 0)
    rows = read_table(run, "dataset_examples", ["image_id", *Box._fields, "image"], best).to_pylist()
    distinct = {row["image_id"]: row for row in rows if row["image_id"] is not None}
    chosen = [distinct[image_id] for image_id in sorted(distinct)][:: max(1, -(-len(distinct) // _MOST_IMAGES))]
    images, form = ExampleImages(run), read_form(run)
    pictures = [picture for row in chosen if (picture := _show_example(row, images, form)) is not None]
    return np.array([_resize(picture, shape) for picture in pictures], np.uint8).reshape(-1, *shape, 3)


def _show_example(row: Mapping[str, Any], images: ExampleImages, form: Form) -> Image.Image | None:
    """Returns an example at the size at which it is shown; None if its image is missing.

    The row holds the crop itself, or the box to cut it out of its image.
    """
    if row["image"] is not None:
        return Image.open(io.BytesIO(row["image"])).convert("RGB")
    image = images.read_image(row["image_id"])
    return None if image is None else fit(image.crop(read_box(row)), form.size)


def _resize(picture: Image.Image, shape: tuple[int, int]) -> NDArray[np.uint8]:
    return np.array(picture.resize((shape[1], shape[0]), Image.Resampling.BICUBIC), dtype=np.uint8)
