"""The supersampled picture: filling, shading and mottling polygons."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import numpy as np
from PIL import Image, ImageChops, ImageDraw

from precompute.demo.shapes import IMAGE_SIZE, Box, Points, Rgb, darken, lighten

SUPERSAMPLING = 3
CANVAS_SIZE = IMAGE_SIZE * SUPERSAMPLING


@cache
def _make_ramp(angle: int) -> Image.Image:
    """Makes a square of 64 pixels with a ramp from 0 to 255 along `angle` degrees."""
    axis = np.linspace(-1, 1, 64)
    along = axis[None, :] * np.cos(np.radians(angle)) + axis[:, None] * np.sin(np.radians(angle))
    return Image.fromarray(np.clip((along + 0.35) / 1.5 * 255, 0, 255).astype(np.uint8))


@cache
def _make_disc() -> Image.Image:
    """Makes a square of 64 pixels that fades from 255 in the middle to 0 at the inscribed circle."""
    axis = np.linspace(-1, 1, 64)
    radius = np.sqrt(axis[None, :] ** 2 + axis[:, None] ** 2)
    return Image.fromarray((np.clip(1 - radius, 0, 1) ** 1.2 * 255).astype(np.uint8))


@cache
def _make_noise() -> Image.Image:
    """Makes a fixed mottled texture, twice as wide as the canvas, of fine and coarse grain."""
    rng = np.random.default_rng(20200)
    side = 2 * CANVAS_SIZE
    total = np.zeros((side, side), dtype=np.float32)
    for cell, weight in ((3, 0.5), (8, 0.3), (28, 0.4)):
        coarse = rng.integers(0, 256, (side // cell + 1, side // cell + 1), dtype=np.uint8)
        total += weight * np.asarray(
            Image.fromarray(coarse).resize((side, side), Image.Resampling.BILINEAR), np.float32
        )
    total -= np.percentile(total, 35)
    return Image.fromarray(np.clip(total * 2.2, 0, 255).astype(np.uint8))


class Canvas:
    """The supersampled picture; the only code of the demo that draws with Pillow."""

    def __init__(self, light_angle: int) -> None:
        self.image = Image.new("RGB", (CANVAS_SIZE, CANVAS_SIZE))
        self._draw = ImageDraw.Draw(self.image)
        self._ramp = _make_ramp(light_angle)

    def fill(self, points: Points, colour: Rgb, shade: float) -> None:
        """Fills a polygon given in image pixels.

        Args:
            points: corners, `(point, 2)`.
            colour: of the lit side.
            shade: share, 0 to 1, by which the side away from the light is darker.
        """
        scaled = points * SUPERSAMPLING
        if not shade:
            self._draw.polygon(scaled.ravel().tolist(), fill=colour)
            return
        made = self._make_mask(scaled)
        if made is None:
            return
        mask, box = made
        self.image.paste(lighten(colour, shade * 0.35), box, mask)
        ramp = self._ramp.resize(mask.size, Image.Resampling.BILINEAR)
        self.image.paste(darken(colour, shade), box, ImageChops.multiply(mask, ramp))

    def add_grain(self, points: Points, colour: Rgb, strength: float, offset: tuple[int, int]) -> None:
        """Mottles a polygon with a colour; `offset` is the corner of the part of the texture that is used."""
        made = self._make_mask(points * SUPERSAMPLING, round(255 * strength))
        if made is None:
            return
        mask, box = made
        noise = _make_noise().crop((offset[0], offset[1], offset[0] + mask.width, offset[1] + mask.height))
        self.image.paste(colour, box, ImageChops.multiply(mask, noise))

    def add_glow(self, points: Points, colour: Rgb, strength: float) -> None:
        """Draws a soft spot that fills the bounding box of the points."""
        low, high = (points * SUPERSAMPLING).min(axis=0), (points * SUPERSAMPLING).max(axis=0)
        x0, y0, x1, y1 = int(low[0]), int(low[1]), int(high[0]) + 1, int(high[1]) + 1
        level = round(255 * strength)
        spot = (
            _make_disc()
            .resize((x1 - x0, y1 - y0), Image.Resampling.BILINEAR)
            .point([v * level // 255 for v in range(256)])
        )
        self.image.paste(colour, (x0, y0, x1, y1), spot)

    def fill_gradient(self, y0: float, y1: float, top: Rgb, low: Rgb) -> None:
        """Draws full-width bands from one colour to another, between two heights given as shares of the image."""
        first, last = max(0, round(y0 * CANVAS_SIZE)), min(CANVAS_SIZE, round(y1 * CANVAS_SIZE))
        if last > first:
            column = np.linspace(top, low, last - first)[:, None, :]
            band = Image.fromarray(np.rint(column).astype(np.uint8))
            self.image.paste(band.resize((CANVAS_SIZE, last - first), Image.Resampling.NEAREST), (0, first))

    def add_veil(self, colour: Rgb, strength: float) -> None:
        """Lays one colour over the whole picture; `strength` is its share, 0 to 1."""
        self.image.paste(
            colour, (0, 0, CANVAS_SIZE, CANVAS_SIZE), Image.new("L", self.image.size, round(255 * strength))
        )

    def draw_line(self, points: Points, width: float, colour: Rgb) -> None:
        """Draws a stroke with round ends; `width` in image pixels."""
        draw = self._draw
        scaled, thick = points * SUPERSAMPLING, max(1.0, width * SUPERSAMPLING)
        draw.line(scaled.ravel().tolist(), fill=colour, width=round(thick), joint="curve")
        radius = thick / 2 - 0.5
        if radius >= 1:
            for x, y in (scaled[0], scaled[-1]):
                draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)

    def _make_mask(self, scaled: Points, level: int = 255) -> tuple[Image.Image, Box] | None:
        """Makes the mask of a polygon over its bounding box, cut to the canvas, and returns it with this box.

        None if the polygon lies outside of the canvas.
        """
        low = np.maximum(np.floor(scaled.min(axis=0)), 0).astype(int)
        high = np.minimum(np.ceil(scaled.max(axis=0)) + 1, CANVAS_SIZE).astype(int)
        if (high <= low).any():
            return None
        mask = Image.new("L", (int(high[0] - low[0]), int(high[1] - low[1])))
        ImageDraw.Draw(mask).polygon((scaled - low).ravel().tolist(), fill=level)
        return mask, (int(low[0]), int(low[1]), int(high[0]), int(high[1]))

    @contextmanager
    def clip(self, points: Points) -> Iterator[None]:
        """Restricts drawing to the polygon while the context is open."""
        kept, kept_draw = self.image, self._draw
        self.image = kept.copy()
        self._draw = ImageDraw.Draw(self.image)
        try:
            yield
        finally:
            made = self._make_mask(points * SUPERSAMPLING)
            drawn, self.image, self._draw = self.image, kept, kept_draw
            if made is not None:
                kept.paste(drawn.crop(made[1]), made[1], made[0])
