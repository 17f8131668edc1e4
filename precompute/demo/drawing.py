"""The brush, which draws one part and records its extent, and the stage, which holds the parts of a scene."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cached_property
from zlib import crc32

import numpy as np
from numpy.typing import ArrayLike

from precompute.demo.canvas import CANVAS_SIZE, Canvas
from precompute.demo.shapes import IMAGE_SIZE, WHOLE, Box, Ellipse, Points, Pose, Rgb, make_oval, smooth


class Brush:
    """A tool that draws one part in its frame and records its extent; an inactive brush draws nothing.

    An inactive brush, of a part that is left out, still takes the same random numbers.
    """

    def __init__(self, canvas: Canvas, pose: Pose, seed: tuple[int, ...], *, active: bool, tracking: bool) -> None:
        self.pose, self.active = pose, active
        self._canvas, self._seed, self._tracking = canvas, seed, tracking
        self._low, self._high = np.full(2, np.inf), np.full(2, -np.inf)

    @cached_property
    def rng(self) -> np.random.Generator:
        """The random stream of this part alone."""
        return np.random.Generator(np.random.PCG64(self._seed))

    @property
    def box(self) -> Box | None:
        """Extent in pixels of the image, clipped to it; None if nothing of the part is inside."""
        if not np.isfinite(self._low).all():
            return None
        low = np.clip(np.floor(self._low), 0, IMAGE_SIZE).astype(int)
        high = np.clip(np.ceil(self._high), 0, IMAGE_SIZE).astype(int)
        return (int(low[0]), int(low[1]), int(high[0]), int(high[1])) if (high > low).all() else None

    def fill(self, points: ArrayLike, colour: Rgb, shade: float = 0.0) -> None:
        """Fills a polygon; `shade` darkens the side away from the light by that share."""
        if self.active:
            self._canvas.fill(self._track(points), colour, shade)

    def fill_blob(self, points: ArrayLike, colour: Rgb, shade: float = 0.0) -> None:
        """Fills the smooth closed curve through the points."""
        if self.active:
            self.fill(smooth(points), colour, shade)

    def add_grain(self, points: ArrayLike, colour: Rgb, strength: float = 0.5) -> None:
        """Mottles the polygon, for fur, grass, bark or stone."""
        offset = (int(self.rng.integers(CANVAS_SIZE)), int(self.rng.integers(CANVAS_SIZE)))
        if self.active:
            self._canvas.add_grain(self.pose.to_pixels(points), colour, strength, offset)

    def add_glow(self, ellipse: Ellipse, colour: Rgb, strength: float = 0.5) -> None:
        """Draws a soft spot: a shadow, a lamp, the sun. It does not count towards the part's extent."""
        if self.active:
            self._canvas.add_glow(self.pose.to_pixels(make_oval(*ellipse)), colour, strength)

    def fill_gradient(self, y0: float, y1: float, top: Rgb, low: Rgb) -> None:
        """Draws full-width bands between two heights of the image (0 to 1), for backgrounds."""
        if self.active:
            self._canvas.fill_gradient(y0, y1, top, low)

    def add_veil(self, colour: Rgb, strength: float) -> None:
        """Lays one colour over the whole image, for haze."""
        if self.active:
            self._canvas.add_veil(colour, strength)

    def draw_line(self, points: ArrayLike, width: float, colour: Rgb) -> None:
        """Draws a stroke with round ends; `width` in local units."""
        if self.active:
            self._canvas.draw_line(self._track(points, width * self.pose.size / 2), width * self.pose.size, colour)

    @contextmanager
    def clip(self, points: ArrayLike) -> Iterator[None]:
        """Restricts drawing to the polygon while the context is open, for stripes, spots and reflections.

        Nothing that is drawn meanwhile counts towards the extent of the part.
        """
        if not self.active:
            yield
            return
        tracking, self._tracking = self._tracking, False
        with self._canvas.clip(self.pose.to_pixels(points)):
            yield
        self._tracking = tracking

    def _track(self, points: ArrayLike, margin: float = 0.0) -> Points:
        placed = self.pose.to_pixels(points)
        if self._tracking:
            self._low = np.minimum(self._low, placed.min(axis=0) - margin)
            self._high = np.maximum(self._high, placed.max(axis=0) + margin)
        return placed


class Stage:
    """One scene under construction.

    Every part has a random stream of its own: to leave out one part, or to change its colour, moves nothing else.

    Attributes:
        brushes: the name and the brush of every part, in the order in which they were started.
        attribute: the colour of the fur, for bears; otherwise empty.
        light_from_left: side of the light, the same for the whole scene.
        canvas: the picture that all brushes draw on.
    """

    def __init__(self, key: tuple[int, int, int], include: Collection[str] | None, exclude: Collection[str]) -> None:
        self._key, self._include, self._exclude = key, include, frozenset(exclude)
        self._counts: dict[str, int] = {}
        self.brushes: list[tuple[str, Brush]] = []
        self.attribute = ""
        self.light_from_left = bool(self.make_rng("light side").random() < 0.5)
        self.canvas = Canvas(55 if self.light_from_left else 125)

    def start_beside(self, stream: int) -> "Stage":
        """Starts a stage on the same canvas for another object, with random streams of its own."""
        other = Stage((self._key[0], stream, self._key[2]), None, ())
        other.light_from_left, other.canvas = self.light_from_left, self.canvas
        return other

    def make_rng(self, name: str) -> np.random.Generator:
        """Makes the random stream of a name, from its start on every call."""
        return np.random.Generator(np.random.PCG64(self._build_seed(name)))

    def _build_seed(self, name: str) -> tuple[int, ...]:
        return (*self._key, crc32(name.encode()))

    def start_part(self, name: str, pose: Pose) -> Brush:
        """Starts a brush for a named part of the object; a name that is started again (wheels) is a separate part."""
        nth = self._counts[name] = self._counts.get(name, 0) + 1
        chosen = (self._include is None or name in self._include) and name not in self._exclude
        brush = Brush(self.canvas, pose, self._build_seed(f"{name} {nth}"), active=chosen, tracking=True)
        self.brushes.append((name, brush))
        return brush

    def start_scenery(self, name: str, pose: Pose = WHOLE) -> Brush:
        """Starts a brush for background and clutter, which are always drawn and never recorded."""
        return Brush(self.canvas, pose, self._build_seed(f"scenery {name}"), active=True, tracking=False)
