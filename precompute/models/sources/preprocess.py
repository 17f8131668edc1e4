"""Preprocessing of images for a model: resize, centre crop, channel order, normalisation."""

from __future__ import annotations

import difflib
import math
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from precompute.contract.errors import InputError
from precompute.datasets.decode import require_safe_size

if TYPE_CHECKING:
    import torch

__all__ = ["EXAMPLE_TOML", "INTERPOLATIONS", "Preprocess", "Side"]

Side: TypeAlias = int | tuple[int, int]
"""A length in pixels, or a height and a width."""

EXAMPLE_TOML = """\
resize = 256                  # short side in pixels; 0: leave as it is; [height, width]: exactly this size
crop = 224                    # centre crop in pixels, or [height, width]; 0: no crop
interpolation = "bilinear"
channels = "RGB"              # or "BGR"
scale = 1.0                   # the value of a full-bright pixel before mean and std
mean = [0.485, 0.456, 0.406]  # in the order of channels
std = [0.229, 0.224, 0.225]
"""

INTERPOLATIONS: Mapping[str, Image.Resampling] = {r.name.lower(): r for r in Image.Resampling}
CHANNEL_ORDERS = ("RGB", "BGR")
_FIX = "Correct the preprocessing; it looks like this:\n" + EXAMPLE_TOML


@dataclass(frozen=True)
class Preprocess:
    """The input that a model expects. Sizes are in pixels, `mean` and `std` in the order of `channels`.

    The defaults are those of most ImageNet models.

    Args:
        resize: length of the short side after resizing; `(height, width)` makes exactly this size for
            images of any proportions; 0 leaves the image as it is.
        crop: side of the square centre crop, or its `(height, width)`; 0 takes the whole image.
        interpolation: one of `INTERPOLATIONS`.
        channels: order in which the model takes the colours, RGB or BGR.
        scale: value of a full-bright pixel before mean and std, in practice 1.0 or 255.0.
        mean: subtracted from the scaled values.
        std: divides the difference.

    Raises:
        InputError: a value is of the wrong type or impossible.
    """

    resize: Side = 256
    crop: Side = 224
    interpolation: str = "bilinear"
    channels: str = "RGB"
    scale: float = 1.0
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)

    def __post_init__(self) -> None:
        for name in ("resize", "crop"):
            object.__setattr__(self, name, _read_side(name, getattr(self, name)))
        _require_one_of("interpolation", self.interpolation, tuple(INTERPOLATIONS))
        _require_one_of("channels", self.channels, CHANNEL_ORDERS)
        _require("scale is a positive number.", "scale", self.scale, _is_number(self.scale) and self.scale > 0)
        for name in ("mean", "std"):
            values = _read_three_numbers(name, getattr(self, name))
            object.__setattr__(self, name, values)
        _require("std holds three positive numbers.", "std", self.std, min(self.std) > 0)
        object.__setattr__(self, "scale", float(self.scale))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Preprocess:
        """Builds preprocessing from what `to_dict` returns; keys that are left out keep their defaults.

        Raises:
            InputError: a key is unknown, or a value is of the wrong type or impossible.
        """
        known = [f.name for f in fields(cls)]
        for key in values:
            if key not in known:
                nearest = difflib.get_close_matches(key, known, n=1)
                hint = f"Did you mean {nearest[0]}? " if nearest else ""
                raise InputError(f"Preprocessing has the keys {', '.join(known)}.", f"Found {key}.", hint + _FIX)
        return cls(**values)

    @classmethod
    def from_toml(cls, path: Path) -> Preprocess:
        """Reads a TOML file such as `EXAMPLE_TOML`.

        Every key must be there, because a wrong guess would show only as a poor accuracy.

        Raises:
            InputError: the file is missing or no TOML, a key is missing or unknown, or a value is impossible.
        """
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as problem:
            raise InputError(
                "--preprocess names a TOML file.", f"{path}: {problem.strerror}.", "Check the path."
            ) from problem
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
            raise InputError("--preprocess names a TOML file.", f"{path}: {problem}.", _FIX) from problem
        result = cls.from_dict(values)
        missing = [f.name for f in fields(cls) if f.name not in values]
        if missing:
            raise InputError("Preprocessing states all its keys.", f"{path} has no {', '.join(missing)}.", _FIX)
        return result

    @classmethod
    def from_torchvision(cls, transforms: Any) -> Preprocess:
        """Translates `weights.transforms()` of a torchvision classification model.

        Raises:
            InputError: the transforms are of another kind (segmentation, video).
        """
        try:
            (resize,), (crop,) = _to_list(transforms.resize_size), _to_list(transforms.crop_size)
            interpolation = str(transforms.interpolation.value).removesuffix("-exact")
            return cls(resize, crop, interpolation, "RGB", 1.0, tuple(transforms.mean), tuple(transforms.std))
        except (AttributeError, ValueError, TypeError) as problem:
            raise InputError(
                "Preprocessing is taken from the transforms of torchvision's classification models.",
                f"Found {type(transforms).__name__}.",
                "Give --preprocess FILE.toml:\n" + EXAMPLE_TOML,
            ) from problem

    @property
    def fixed_size(self) -> tuple[int, int] | None:
        """Height and width of every input in pixels; None where they depend on the image."""
        side = self.crop or self.resize
        if isinstance(side, tuple):
            return side
        return (side, side) if self.crop else None

    @property
    def background(self) -> tuple[int, int, int]:
        """The mean as a colour, RGB in 0..255; as the background of transparent pixels it is nearly 0 to the model."""
        first, second, third = (min(max(round(value / self.scale * 255), 0), 255) for value in self.mean)
        return (third, second, first) if self.channels == "BGR" else (first, second, third)

    def prepare_image(self, image: Image.Image) -> NDArray[np.uint8]:
        """Resizes and crops as torchvision's Resize and CenterCrop do on PIL images, smaller ones padded with black.

        Args:
            image: an RGB image.

        Returns:
            `(height, width, 3)`, RGB in 0..255 for every value of `channels`: the view of the model, for a person.

        Raises:
            UnreadableImage: after resizing, it would have more pixels than Pillow considers safe.
        """
        if self.resize:
            image = self._resize(image)
        if self.crop:
            image = self._crop(image)
        return np.array(image.convert("RGB"), dtype=np.uint8)

    def build_tensor(self, batch: NDArray[np.uint8], device: str | torch.device = "cpu") -> torch.Tensor:
        """Computes the model's input: `value / 255 * scale`, channels in the model's order, minus mean, over std.

        Args:
            batch: `(batch, height, width, 3)`, RGB in 0..255, as `image` makes them.
            device: the device of the result; the bytes are copied to it, not the floats.

        Returns:
            `(batch, 3, height, width)`, float32.
        """
        import torch

        pixels = torch.from_numpy(np.require(batch, requirements=["C", "W"]))
        if torch.device(device).type == "cuda":  # pinned bytes are copied while the model still computes
            pixels = pixels.pin_memory()
        pixels = pixels.to(device, non_blocking=True).permute(0, 3, 1, 2)
        # Dividing by 255 / scale equals torchvision to the last bit, and leaves whole numbers whole at scale 255.
        values = pixels.to(torch.float32, memory_format=torch.contiguous_format).div_(255.0 / self.scale)
        return self._standardize(values)

    def normalize(self, images: torch.Tensor) -> torch.Tensor:
        """Computes the model's input from images that are floats already, and carries their gradient.

        Args:
            images: `(batch, 3, height, width)`, RGB in [0, 1].

        Returns:
            `(batch, 3, height, width)`.
        """
        return self._standardize(images * self.scale)

    def _standardize(self, scaled: torch.Tensor) -> torch.Tensor:
        import torch

        ordered = scaled.flip(1) if self.channels == "BGR" else scaled
        mean = torch.tensor(self.mean, device=scaled.device).view(3, 1, 1)
        std = torch.tensor(self.std, device=scaled.device).view(3, 1, 1)
        return (ordered - mean) / std

    def compute_input_size(self, first: Image.Image) -> tuple[int, int]:
        """Returns the height and width of the model's input for an image, in pixels.

        Raises:
            UnreadableImage: after resizing, it would have more pixels than Pillow considers safe.
        """
        if self.fixed_size is not None:
            return self.fixed_size
        width, height = self._compute_resized_size(first.size)
        return height, width

    def require_one_size(self, first: tuple[int, int], other: tuple[int, int]) -> None:
        """Checks the `(height, width)` of two prepared images, in pixels.

        Raises:
            InputError: they differ, which can happen only where `crop` is 0.
        """
        if first != other:
            raise InputError(
                "All images have one size after preprocessing.",
                f"The first is {first[0]} x {first[1]} (height x width), another {other[0]} x {other[1]}.",
                "Set resize and crop in --preprocess FILE.toml, or bring the images to one size.",
            )

    def to_dict(self) -> dict[str, Any]:
        """Returns plain values for the manifest."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self).items()}

    def _resize(self, image: Image.Image) -> Image.Image:
        size = self._compute_resized_size(image.size)
        return image if size == image.size else image.resize(size, INTERPOLATIONS[self.interpolation])

    def _compute_resized_size(self, size: tuple[int, int]) -> tuple[int, int]:
        """Computes `(width, height)` after resizing, and refuses sizes that are not safe, as of very thin images."""
        if not self.resize:
            return size
        if isinstance(self.resize, tuple):
            height, width = self.resize
        else:
            width, height = _scale_to_short_side(size, self.resize)
        require_safe_size(width, height, f"becomes {{}} by resize = {_format_side(self.resize)}")
        return width, height

    def _crop(self, image: Image.Image) -> Image.Image:
        """Cuts out the centre; rounding (half to even when cropping, down when padding) is torchvision's."""
        height, width = self.crop if isinstance(self.crop, tuple) else (self.crop, self.crop)
        left, top = _compute_crop_start(image.width, width), _compute_crop_start(image.height, height)
        # PIL fills what lies outside of the image with 0.
        return image.crop((left, top, left + width, top + height))


def _format_side(side: Side) -> str:
    return str(list(side) if isinstance(side, tuple) else side)


def _compute_crop_start(length: int, crop: int) -> int:
    """Computes the first pixel of a centre crop; it is negative where the image is padded."""
    return round((length - crop) / 2.0) if length >= crop else -((crop - length) // 2)


def _scale_to_short_side(size: tuple[int, int], short: int) -> tuple[int, int]:
    """Scales `(width, height)` to a short side of `short` pixels; the long side is rounded down, as in torchvision."""
    width, height = size
    if width <= height:
        return short, int(short * height / width)
    return int(short * width / height), short


# --- validation -----------------------------------------------------------------------------------------------------


def _require(rule: str, name: str, value: object, holds: bool) -> None:
    if not holds:
        raise InputError(f"In the preprocessing, {rule}", f"Found {name} = {value!r}.", _FIX)


def _read_side(name: str, value: object) -> Side:
    """Checks a length, or a pair of lengths, from a TOML file or a manifest."""
    is_pair = isinstance(value, list | tuple) and len(value) == 2
    sides: list[Any] = list(value) if isinstance(value, list | tuple) and is_pair else [value]
    whole = all(isinstance(side, int) and not isinstance(side, bool) and side >= is_pair for side in sides)
    _require(f"{name} is a whole number of pixels, 0 for none, or [height, width].", name, value, whole)
    return (sides[0], sides[1]) if is_pair else sides[0]


def _require_one_of(name: str, value: object, options: tuple[str, ...]) -> None:
    _require(f"{name} is one of {', '.join(options)}.", name, value, value in options)


def _read_three_numbers(name: str, value: object) -> tuple[float, float, float]:
    holds = isinstance(value, list | tuple) and len(value) == 3 and all(_is_number(v) for v in value)
    _require(f"{name} holds three numbers, one for each channel.", name, value, holds)
    assert isinstance(value, list | tuple)
    return float(value[0]), float(value[1]), float(value[2])


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _to_list(value: Any) -> list[int]:
    return [int(v) for v in value] if isinstance(value, list | tuple) else [int(value)]
