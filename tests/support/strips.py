"""Strips as Distill serves them and Summit cut them: a row per channel, pasted together from given pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PIL import Image

KINDS = ("neuron", "channel", "negative", "diversity-0", "diversity-1", "diversity-2", "diversity-3")
WIDTH = 7 * 147 + 10 * 74

Picture = Callable[[int, str], Image.Image | None]
Example = Callable[[int, int, bool], Image.Image | None]


def write_strip(path: Path, channels: range, picture: Picture, example: Example) -> Path:
    """Writes a strip by pasting one picture after another onto grey.

    Args:
        path: the file.
        channels: channels from the top.
        picture: function from channel and kind to a picture of 147 px, or None.
        example: function from channel, rank and `is_best` to an example of 73 px, or None; those that are not best
            excite the channel least.
    """
    strip = Image.new("RGB", (WIDTH, 147 * len(channels)), (128, 128, 128))
    for row, channel in enumerate(channels):
        for column, kind in enumerate(KINDS):
            if (shown := picture(channel, kind)) is not None:
                strip.paste(shown, (147 * column, 147 * row))
        for rank in range(10):
            for y, is_best in ((0, True), (74, False)):
                if (shown := example(channel, rank, is_best)) is not None:
                    strip.paste(shown, (1029 + 74 * rank, 147 * row + y))
    strip.save(path, compress_level=1)
    return path
