"""`feature-vis`: the feature visualizations and dataset examples of all channels, as JPEG under Summit's names."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping

import pyarrow.compute as pc
from PIL import Image

from precompute.contract.pictures import encode_jpeg
from precompute.contract.schema import ALL_CLASSES, read_table
from precompute.contract.summit_files import N_EXAMPLES
from summit_dash.run.store import RunStore

__all__ = ["KINDS", "count_pictures", "list_pictures"]

KINDS = ("channel", "diversity-0", "diversity-1", "diversity-2", "diversity-3")
"""The kinds of feature visualization that the app asks for, each in a folder of its name."""
_EXAMPLES = "dataset-p"
_QUALITY = 90


def list_pictures(store: RunStore, layers: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
    """Yields path in the folder `data` and content of every picture; a picture that the run lacks is left out.

    Args:
        store: a run.
        layers: the name of each layer in the files.
    """
    for layer, name in layers.items():
        if store.has("feature_visualizations"):
            of_layer = (pc.field("layer") == layer) & pc.field("kind").isin(KINDS)
            table = read_table(store.path, "feature_visualizations", ["channel", "kind", "image"], of_layer)
            for row in table.to_pylist():
                kind = row["kind"]
                yield f"feature-vis/{kind}/{name}-{row['channel']}-{kind}.jpg", _encode(row["image"])
        for number, rank, image in store.pictures.kept_examples.iterate_pictures(layer, N_EXAMPLES):
            yield f"feature-vis/{_EXAMPLES}/{name}-{number}-{_EXAMPLES}-{rank}.jpg", _encode(image)


def _encode(image: bytes) -> bytes:
    with Image.open(io.BytesIO(image)) as picture:
        return encode_jpeg(picture.convert("RGB"), _QUALITY)


def count_pictures(store: RunStore) -> int:
    """Counts the pictures of the run that the export writes."""
    wanted = {
        "feature_visualizations": pc.field("kind").isin(KINDS),
        "dataset_examples": (pc.field("class_id") == ALL_CLASSES) & (pc.field("rank") < N_EXAMPLES),
    }
    return sum(
        read_table(store.path, name, ["layer"], rows).num_rows for name, rows in wanted.items() if store.has(name)
    )
