"""The brush, which remembers where each part lies, and the stage, which knows what to draw."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cached_property
from zlib import crc32

import numpy as np
from numpy.typing import ArrayLike

from precompute.demo.canvas import CANVAS_SIZE, Canvas
from precompute.demo.shapes import IMAGE_SIZE, WHOLE, Box, Points, Pose, Rgb, oval, smooth


class Brush:
    """Draws one part in its frame and records its extent; an inactive brush (a part left out) draws nothing."""

    def __init__(self, canvas: Canvas, pose: Pose, seed: tuple[int, ...], *, active: bool, tracking: bool) -> None:
        self.pose, self.active = pose, active
        self._canvas, self._seed, self._tracking = canvas, seed, tracking
        self._low, self._high = np.full(2, np.inf), np.full(2, -np.inf)

    @cached_property
    def rng(self) -> np.random.Generator:
        """The part's own random stream."""
        return np.random.Generator(np.random.PCG64(self._seed))

    @property
    def box(self) -> Box | None:
        """Extent in pixels of the image, clipped to it; None where nothing of the part is inside."""
        if not np.isfinite(self._low).all():
            return None
        low = np.clip(np.floor(self._low), 0, IMAGE_SIZE).astype(int)
        high = np.clip(np.ceil(self._high), 0, IMAGE_SIZE).astype(int)
        return (int(low[0]), int(low[1]), int(high[0]), int(high[1])) if (high > low).all() else None

    def fill(self, points: ArrayLike, colour: Rgb, shade: float = 0.0) -> None:
        if self.active:
            self._canvas.fill(self._track(points), colour, shade)

    def blob(self, points: ArrayLike, colour: Rgb, shade: float = 0.0) -> None:
        """Fill the smooth closed curve through the points."""
        if self.active:
            self.fill(smooth(points), colour, shade)

    def grain(self, points: ArrayLike, colour: Rgb, strength: float = 0.5) -> None:
        """Mottle the polygon: fur, grass, bark, stone."""
        offset = (int(self.rng.integers(CANVAS_SIZE)), int(self.rng.integers(CANVAS_SIZE)))
        if self.active:
            self._canvas.grain(self.pose.place(points), colour, strength, offset)

    def glow(self, cx: float, cy: float, rx: float, ry: float, colour: Rgb, strength: float = 0.5) -> None:
        """A soft spot: shadow, lamp, sun. It does not count towards the part's extent."""
        if self.active:
            self._canvas.glow(self.pose.place(oval(cx, cy, rx, ry)), colour, strength)

    def gradient(self, y0: float, y1: float, top: Rgb, low: Rgb) -> None:
        """Full-width bands between two heights of the image (0 to 1); for backgrounds."""
        if self.active:
            self._canvas.gradient(y0, y1, top, low)

    def veil(self, colour: Rgb, strength: float) -> None:
        """One colour over the whole image: haze."""
        if self.active:
            self._canvas.veil(colour, strength)

    def line(self, points: ArrayLike, width: float, colour: Rgb) -> None:
        """A stroke with round ends; `width` in local units."""
        if self.active:
            self._canvas.line(self._track(points, width * self.pose.size / 2), width * self.pose.size, colour)

    @contextmanager
    def clip(self, points: ArrayLike) -> Iterator[None]:
        """Draw only within the polygon (stripes, spots, windows of light)."""
        if not self.active:
            yield
            return
        tracking, self._tracking = self._tracking, False
        with self._canvas.clip(self.pose.place(points)):
            yield
        self._tracking = tracking

    def _track(self, points: ArrayLike, margin: float = 0.0) -> Points:
        placed = self.pose.place(points)
        if self._tracking:
            self._low = np.minimum(self._low, placed.min(axis=0) - margin)
            self._high = np.maximum(self._high, placed.max(axis=0) + margin)
        return placed


class Stage:
    """One scene under construction. Every part has a random stream of its own, so that leaving one out, or changing its
    colour, moves nothing else."""

    def __init__(self, key: tuple[int, int, int], include: Collection[str] | None, exclude: Collection[str]) -> None:
        self._key, self._include, self._exclude = key, include, frozenset(exclude)
        self._counts: dict[str, int] = {}
        self.brushes: list[tuple[str, Brush]] = []
        self.attribute = ""
        self.light_from_left = bool(self.rng("light side").random() < 0.5)
        self.canvas = Canvas(55 if self.light_from_left else 125)

    def beside(self, stream: int) -> "Stage":
        """A stage on the same canvas for another object, with random streams of its own."""
        other = Stage((self._key[0], stream, self._key[2]), None, ())
        other.light_from_left, other.canvas = self.light_from_left, self.canvas
        return other

    def rng(self, name: str) -> np.random.Generator:
        """The stream of that name, the same on every call."""
        return np.random.Generator(np.random.PCG64(self._seed(name)))

    def _seed(self, name: str) -> tuple[int, ...]:
        return (*self._key, crc32(name.encode()))

    def part(self, name: str, pose: Pose) -> Brush:
        """A brush for a named part of the object; repeated names (wheels) are separate parts."""
        nth = self._counts[name] = self._counts.get(name, 0) + 1
        chosen = (self._include is None or name in self._include) and name not in self._exclude
        brush = Brush(self.canvas, pose, self._seed(f"{name} {nth}"), active=chosen, tracking=True)
        self.brushes.append((name, brush))
        return brush

    def scenery(self, name: str, pose: Pose = WHOLE) -> Brush:
        """A brush for background and clutter: always drawn, never recorded."""
        return Brush(self.canvas, pose, self._seed(f"scenery {name}"), active=True, tracking=False)
