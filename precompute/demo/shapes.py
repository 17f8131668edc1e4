"""Colours, shapes and poses.

Coordinates. A shape is an array `(point, 2)` of x, y in the local units of a `Pose` (y grows downwards, the object
spans about -1 to 1). A pose maps it to pixels of the finished image.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

IMAGE_SIZE = 96

Rgb = tuple[int, int, int]
Points = NDArray[np.float64]
Box = tuple[int, int, int, int]
"""x0, y0, x1, y1 in pixels."""
Ellipse = tuple[float, float, float, float]
"""Centre x and y, and the two half-axes."""


def mix(first: Rgb, second: Rgb, share: float) -> Rgb:
    """Mixes two colours; `share` 0 gives the first, 1 the second."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def lighten(colour: Rgb, share: float = 0.25) -> Rgb:
    """Mixes a colour with a warm white."""
    return mix(colour, (255, 250, 235), share)


def darken(colour: Rgb, share: float = 0.25) -> Rgb:
    """Mixes a colour with a deep blue."""
    # Towards a deep blue rather than black: shadows outdoors are lit by the sky.
    return mix(colour, (18, 20, 48), share)


def jitter(rng: np.random.Generator, colour: Rgb, amount: int = 12) -> Rgb:
    """Moves every component of a colour by at most `amount` (of 255)."""
    moved = np.clip(np.array(colour) + rng.integers(-amount, amount + 1, 3), 0, 255)
    return int(moved[0]), int(moved[1]), int(moved[2])


def pick(rng: np.random.Generator, options: Sequence[Rgb], amount: int = 10) -> Rgb:
    """Chooses one of the colours and varies it slightly."""
    return jitter(rng, options[int(rng.integers(len(options)))], amount)


@cache
def _make_unit_circle(n_points: int) -> Points:
    angles = np.linspace(0, 2 * np.pi, n_points, endpoint=False)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def make_oval(cx: float, cy: float, rx: float, ry: float | None = None, angle: float = 0.0) -> Points:
    """Makes an ellipse around (cx, cy), turned clockwise by `angle` degrees; `ry` None makes a circle."""
    points = _make_unit_circle(26) * (rx, rx if ry is None else ry)
    if angle:
        points = points @ _compute_rotation(angle)
    return points + np.array([cx, cy])


def make_sector(ellipse: Ellipse, start: float, end: float) -> Points:
    """Makes the part of an ellipse between two angles in degrees (0 = right, 90 = down), closed by its chord."""
    cx, cy, rx, ry = ellipse
    angles = np.radians(np.linspace(start, end, 18))
    return np.stack([cx + rx * np.cos(angles), cy + ry * np.sin(angles)], axis=1)


def make_block(x0: float, y0: float, x1: float, y1: float, radius: float = 0.0) -> Points:
    """Makes an axis-parallel rectangle, with rounded corners if `radius` is positive."""
    if radius <= 0:
        return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], dtype=np.float64)
    quarter = np.radians(np.linspace(0, 90, 5))
    corners = []
    for cx, cy, turn in (
        (x1 - radius, y1 - radius, 0),
        (x0 + radius, y1 - radius, 90),
        (x0 + radius, y0 + radius, 180),
        (x1 - radius, y0 + radius, 270),
    ):
        angles = quarter + np.radians(turn)
        corners.append(np.stack([cx + radius * np.cos(angles), cy + radius * np.sin(angles)], axis=1))
    return np.concatenate(corners)


@cache
def _compute_spline_weights(steps: int) -> NDArray[np.float64]:
    t = np.arange(steps) / steps
    weights = np.stack([-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, -(t**2) + t**3])
    return weights / 2


def smooth(points: ArrayLike, steps: int = 6) -> Points:
    """Computes the closed Catmull-Rom curve through the points, `steps` points for each."""
    knots = np.asarray(points, dtype=np.float64)
    around = np.stack([np.roll(knots, 1, axis=0), knots, np.roll(knots, -1, axis=0), np.roll(knots, -2, axis=0)])
    return np.einsum("ks,knd->nsd", _compute_spline_weights(steps), around).reshape(-1, 2)


def _compute_rotation(angle: float) -> NDArray[np.float64]:
    radians = np.radians(angle)
    cosine, sine = np.cos(radians), np.sin(radians)
    return np.array([[cosine, sine], [-sine, cosine]])


@dataclass(frozen=True)
class Pose:
    """A local frame in the image: origin and half-size in pixels, clockwise angle in degrees, and mirroring."""

    x: float
    y: float
    size: float
    angle: float = 0.0
    flip: bool = False

    def to_pixels(self, points: ArrayLike) -> Points:
        """Converts points of this frame to pixels of the finished image."""
        local = np.asarray(points, dtype=np.float64)
        return local @ self._matrix + self._origin

    def make_child(self, x: float, y: float, size: float = 1.0, angle: float = 0.0) -> "Pose":
        """Makes a frame at (x, y) of this one, `size` times as large, turned by `angle` within it."""
        centre = self.to_pixels([(x, y)])[0]
        turned = self.angle + (-angle if self.flip else angle)
        return Pose(float(centre[0]), float(centre[1]), self.size * size, turned, self.flip)

    @cached_property
    def _matrix(self) -> NDArray[np.float64]:
        mirror = np.array([[-1.0 if self.flip else 1.0], [1.0]])
        return mirror * _compute_rotation(self.angle) * self.size

    @cached_property
    def _origin(self) -> NDArray[np.float64]:
        return np.array([self.x, self.y])


WHOLE = Pose(0.0, 0.0, float(IMAGE_SIZE))
"""The frame of the image itself: 0 to 1 from the top left."""
