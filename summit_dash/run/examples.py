"""The dataset examples of a run and their pictures, some of them cut out of whole images that the run holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.compute as pc
from PIL import Image

from precompute.contract.example_images import Box, ExampleImages, read_box, read_form
from precompute.contract.pictures import encode_crop
from precompute.contract.schema import ALL_CLASSES, locate_table, read_table
from summit_dash.run.cache import Remembered
from summit_dash.run.graphs import Channel
from summit_dash.run.row_groups import RowGroups

__all__ = ["Example", "RunExamples"]

_TABLE = "dataset_examples"
_PICTURE = ("image_id", *Box._fields, "image")
_IMAGE_BYTES, _CROP_BYTES, _EXAMPLE_BYTES = 4_000_000, 8_000_000, 1_000_000
"""Memory for decoded images (150 kB each at 224 pixels), for crops (3 kB each; 8 MB are those of the graphs of 1,000
classes), and for the examples of channels."""
_ROW_BYTES = 500
"""Memory of an example without its picture."""


class Example(NamedTuple):
    """A dataset example of a channel, without its picture.

    `image_id` and `activation` are None where an imported run does not state them. `box` is the crop of an image that
    the run holds, or None where the run keeps the picture itself.
    """

    class_id: int
    rank: int
    image_id: int | None
    activation: float | None
    box: Box | None


class _Crop(NamedTuple):
    """A part of an image that the run holds."""

    image_id: int
    box: Box


_Kept = bytes | _Crop
"""The form in which the run keeps an example's picture: WebP, or a part of an image."""


class RunExamples:
    """The dataset examples of a run; those used last stay in memory.

    Args:
        path: the run's directory.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.form = read_form(path)
        self.images = ExampleImages(path)
        self._rows = RowGroups(path, _TABLE, ["layer", "channel"])
        self.has_table = locate_table(path, _TABLE).is_file()
        self._best_of_layer = Remembered(self._read_best, 32)
        self._of_channel = Remembered(self._read_examples, _EXAMPLE_BYTES, _measure_examples)
        self._decoded = Remembered(self.images.read_image, _IMAGE_BYTES, _measure_image)
        self._cropped = Remembered(self._cut, _CROP_BYTES, _measure_crop)

    def list_examples(self, channel: Channel, class_id: int = ALL_CLASSES) -> list[Example]:
        """Returns the dataset examples of a channel, strongest first."""
        return [example for example in self._of_channel(channel)[0] if example.class_id == class_id]

    def list_of_class(self, channels: Sequence[Channel], class_id: int) -> dict[Channel, tuple[list[Example], ...]]:
        """Returns two lists by channel, strongest first: the examples of a class, and those over all classes.

        No picture is read, so that many channels take as long as one.
        """
        found: dict[Channel, tuple[list[Example], ...]] = {channel: ([], []) for channel in channels}
        if not self.has_table or not found:
            return found
        wanted = (
            pc.field("layer").isin(sorted({channel.layer for channel in channels}))
            & pc.field("channel").isin(sorted({channel.channel for channel in channels}))
            & pc.field("class_id").isin([class_id, ALL_CLASSES])
        )
        columns = ["layer", "channel", "class_id", "rank", "activation", "image_id", *Box._fields]
        rows = read_table(self._path, _TABLE, columns, wanted).to_pylist()
        for row in sorted(rows, key=lambda row: row["rank"]):
            lists = found.get(Channel(row["layer"], row["channel"]))
            if lists:
                box = read_box(row) if self.images.holds(row["image_id"]) else None
                example = Example(row["class_id"], row["rank"], row["image_id"], row["activation"], box)
                lists[row["class_id"] == ALL_CLASSES].append(example)
        return found

    def read_picture(self, channel: Channel, class_id: int, rank: int) -> bytes | None:
        """Returns a dataset example as WebP; None where there is no such example."""
        return self._open_picture(self._of_channel(channel)[1].get((class_id, rank)))

    def read_best_picture(self, channel: Channel) -> bytes | None:
        """Returns the best example over all classes as WebP; whole layers are read at once, as thumbnails need them."""
        return self._open_picture(self._best_of_layer(channel.layer).get(channel.channel))

    def iterate_pictures(self, layer: str, n: int) -> Iterator[tuple[int, int, bytes]]:
        """Yields channel, rank and picture (WebP) of the first `n` examples over all classes of a layer's channels.

        The layer is read at once, and pictures of one image follow each other, so that it is decoded once.
        """
        if not self.has_table:
            return
        wanted = (pc.field("layer") == layer) & (pc.field("class_id") == ALL_CLASSES) & (pc.field("rank") < n)
        rows = read_table(self._path, _TABLE, ["channel", "rank", *_PICTURE], wanted).to_pylist()
        rows.sort(key=lambda row: (-1 if row["image"] else row["image_id"], row["channel"], row["rank"]))
        for row in rows:
            picture = self._open_picture(_read_kept(row))
            if picture is not None:
                yield row["channel"], row["rank"], picture

    def warm(self, layer: str) -> None:
        """Reads the best example of every channel of a layer."""
        self._best_of_layer(layer)

    def cut_ahead(self, layer: str, channels: Iterable[int]) -> None:
        """Cuts out the best examples of some channels of a layer, image by image, so that each is decoded once."""
        best = self._best_of_layer(layer)
        for crop in sorted({kept for channel in channels if isinstance(kept := best.get(channel), _Crop)}):
            self._cropped(crop)

    def _open_picture(self, kept: _Kept | None) -> bytes | None:
        return self._cropped(kept) if isinstance(kept, _Crop) else kept

    def _cut(self, crop: _Crop) -> bytes | None:
        image = self._decoded(crop.image_id)
        return None if image is None else encode_crop(image.crop(crop.box), self.form)

    def _read_best(self, layer: str) -> dict[int, _Kept]:
        if not self.has_table:
            return {}
        best = (pc.field("layer") == layer) & (pc.field("class_id") == ALL_CLASSES) & (pc.field("rank") == 0)
        rows = read_table(self._path, _TABLE, ["channel", *_PICTURE], best).to_pylist()
        return {row["channel"]: _read_kept(row) for row in rows}

    def _read_examples(self, channel: Channel) -> tuple[list[Example], dict[tuple[int, int], _Kept]]:
        if not self.has_table:
            return [], {}
        columns = ["class_id", "rank", "activation", *_PICTURE]
        rows = self._rows.read(columns, layer=channel.layer, channel=channel.channel).to_pylist()
        kept = {(row["class_id"], row["rank"]): _read_kept(row) for row in rows}
        return sorted((_read_example(row) for row in rows), key=lambda e: (e.class_id, e.rank)), kept


def _read_kept(row: Mapping[str, Any]) -> _Kept:
    image: bytes | None = row["image"]
    return _Crop(row["image_id"], read_box(row)) if image is None else image


def _measure_image(image: Image.Image | None) -> int:
    """Returns the memory of an image: Pillow takes four bytes for a pixel of three colours."""
    return 200 if image is None else 200 + 4 * image.width * image.height


def _measure_crop(picture: bytes | None) -> int:
    return _ROW_BYTES + len(picture or b"")


def _measure_examples(found: tuple[list[Example], dict[tuple[int, int], _Kept]]) -> int:
    return _ROW_BYTES + sum(_ROW_BYTES + (len(kept) if isinstance(kept, bytes) else 0) for kept in found[1].values())


def _read_example(row: Mapping[str, Any]) -> Example:
    box = read_box(row) if row["image"] is None else None
    return Example(row["class_id"], row["rank"], row["image_id"], row["activation"], box)
