"""Pictures of channels as Pillow images. Facts of a picture are in its `info`."""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

import pandas as pd
import pyarrow.compute as pc
from PIL import Image

from precompute.contract.errors import InputError
from precompute.contract.example_images import Box
from precompute.contract.schema import ALL_CLASSES, read_table
from summit_dash.run.graphs import Channel
from summit_dash.run.store import RunStore

__all__ = ["Examples", "read_channel_picture", "read_examples"]

_COLUMNS = ["rank", "image_id", "activation", *Box._fields]
_CAPTION = "font-size:12px;line-height:1.3;max-width:128px;overflow-wrap:anywhere"


class Examples(tuple[Image.Image, ...]):
    """Dataset examples of a channel, strongest first. A notebook shows them side by side."""

    def to_pandas(self) -> pd.DataFrame:
        """Converts the facts to a table, a row for each picture, with the keys of `info` as columns."""
        return pd.DataFrame([image.info for image in self])

    def _repr_html_(self) -> str:
        """Returns the pictures with class and activation, for a notebook."""
        cells = "".join(
            f'<figure style="margin:0">{_write_image(image)}{_write_caption(image.info)}</figure>' for image in self
        )
        return f'<div style="display:flex;flex-wrap:wrap;gap:12px">{cells or "No examples."}</div>'


def read_channel_picture(store: RunStore, channel: Channel, kind: str | None) -> Image.Image:
    """Returns a feature visualization of a channel, or for `kind` None the picture that the dashboard shows.

    Raises:
        InputError: the run has no such picture.
    """
    pictures = store.pictures
    if kind == "example" or (kind is None and not pictures.is_visualized(channel)):
        best = read_examples(store, channel)
        if best:
            return best[0]
    image = pictures.read_visualization(channel, kind or "channel")
    if image is None:
        kinds = ", ".join(pictures.list_visualization_kinds(channel))
        raise InputError(
            f"A channel has the pictures that the run holds; one of kind {kind or 'channel'} is wanted.",
            f"{channel.channel_id} has {kinds or 'no feature visualization'}.",
            "Draw more with `summit-dash visualize RUN`, or ask for `examples`.",
        )
    excitation = pictures.read_excitation(channel) if kind in (None, "channel") else None
    return _open(image, {**channel._asdict(), "kind": kind or "channel", "excitation": excitation})


def read_examples(store: RunStore, channel: Channel, class_id: int | None = None) -> Examples:
    """Returns the dataset examples of a channel, of one class or of all.

    Raises:
        InputError: the run has no examples, or keeps none of this class for the channel.
    """
    wanted = ALL_CLASSES if class_id is None else class_id
    mine = (
        (pc.field("layer") == channel.layer)
        & (pc.field("channel") == channel.channel)
        & (pc.field("class_id") == wanted)
    )
    rows = sorted(read_table(store.path, "dataset_examples", _COLUMNS, mine).to_pylist(), key=lambda row: row["rank"])
    if class_id is not None and not rows:
        name = store.classes[class_id].short_name
        raise InputError(
            "A run keeps the examples of a class for the channels of its attribution graph.",
            f"It keeps none of {name} for {channel.channel_id}.",
            "Choose a channel of the graph, or leave the class out.",
        )
    origins = _read_origins(store, {row["image_id"] for row in rows} - {None})
    images = []
    for row in rows:
        image = store.pictures.read_example(channel, wanted, row["rank"])
        if image is not None:
            images.append(_open(image, _describe(store, channel, row, origins, class_id)))
    return Examples(images)


def _read_origins(store: RunStore, image_ids: Iterable[int]) -> dict[int, tuple[int, str]]:
    """Reads class_id and path of images; empty where an imported run has no such table."""
    if not store.has("images"):
        return {}
    columns = ["image_id", "class_id", "path"]
    rows = read_table(store.path, "images", columns, pc.field("image_id").isin(sorted(image_ids))).to_pylist()
    return {row["image_id"]: (row["class_id"], row["path"]) for row in rows}


def _describe(
    store: RunStore,
    channel: Channel,
    row: Mapping[str, Any],
    origins: Mapping[int, tuple[int, str]],
    class_id: int | None,
) -> dict[str, Any]:
    """Returns the facts of an example."""
    of_image, path = origins.get(row["image_id"], (class_id, None))
    info = None if of_image is None else store.classes.get(of_image)
    return {
        **channel._asdict(),
        "kind": "example",
        "rank": row["rank"],
        "class_id": of_image,
        "class_name": None if info is None else info.class_name,
        "activation": row["activation"],
        "image_id": row["image_id"],
        "path": path,
        "box": None if row["x0"] is None else tuple(row[name] for name in Box._fields),
    }


def _open(image: bytes, facts: dict[str, Any]) -> Image.Image:
    with Image.open(io.BytesIO(image)) as opened:
        opened.load()
        decoded = opened.copy()
    decoded.info = dict(facts.items())
    return decoded


def _write_image(image: Image.Image) -> str:
    out = io.BytesIO()
    image.save(out, "WebP", quality=85)
    return f'<img alt="" src="data:image/webp;base64,{b64encode(out.getvalue()).decode()}">'


def _write_caption(facts: Mapping[Any, Any]) -> str:
    name = str(facts["class_name"] or "").split(",")[0]
    number = "" if facts["activation"] is None else f"{facts['activation']:.3g}"
    return f'<figcaption style="{_CAPTION}">{escape(name)}<br>{number}</figcaption>'
