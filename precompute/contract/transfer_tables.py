"""The result of `summit-dash transfer`: its manifest, and its tables with their meanings.

A *transfer result* is one directory: `transfer.json` and a Parquet file per table, each sorted by its key.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from precompute.contract.atomic import replace_file
from precompute.contract.columns import Column, Table, define_table
from precompute.contract.errors import InputError

__all__ = [
    "TRANSFER_MANIFEST",
    "TRANSFER_TABLES",
    "is_transfer",
    "open_transfer_table",
    "read_transfer_manifest",
    "read_transfer_table",
    "write_transfer_manifest",
    "write_transfer_table",
]

TRANSFER_MANIFEST = "transfer.json"
"""The name of the manifest in a result's folder."""
_VERSION = 1
_ID, _COUNT, _REAL, _BIG = pa.int32(), pa.int32(), pa.float32(), pa.int64()
_NAME = pa.dictionary(pa.int16(), pa.string())

_MODEL = Column("model", _NAME, "The model, by its name in the result.")
_CUT = Column("cut", _NAME, "The recorded layer behind which the model is cut.")
_CLASS_ID = Column("class_id", _ID, "The class of the images.")
_IMAGE_ID = Column("image_id", _ID, "Place of the image in the sorted source, from 0; unreadable images leave gaps.")
_FOLD = Column("fold", _ID, "The fold in which the image is held out, from 0.")
_INTERVAL = (
    Column("accuracy", _REAL, "Fraction of images held out whose most probable class is their own."),
    Column("ci_low", _REAL, "Lower end of its 95 % interval (Wilson 1927, by images)."),
    Column("ci_high", _REAL, "Upper end of it."),
)

TRANSFER_TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        define_table(
            "cuts",
            "Every cut of every model: how well a linear head on it classifies images held out, and what it costs.",
            [_MODEL, Column("cut_index", _COUNT, "Place of the cut in its model, from 0 at the input.")],
            _CUT,
            Column("n_channels", _COUNT, "Channels of the layer."),
            Column("height", _COUNT, "Rows of its output, for the model's input size."),
            Column("width", _COUNT, "Columns of its output."),
            Column("n_images", _COUNT, "Images that were held out, each once."),
            *_INTERVAL,
            Column("standard_error", _REAL, "Half of the interval over 1.96."),
            Column("macro_f1", _REAL, "Mean over classes of the F1 score, over all images held out."),
            Column("log_loss", _REAL, "Mean of -log of the probability of the image's class, in nats."),
            Column("logme", _REAL, "LogME (You et al. 2021): an estimate without training, greater is better."),
            Column("parameters", _BIG, "Trainable numbers of the cut model with its head."),
            Column("multiply_adds", _BIG, "Of convolutions and matrix products, for one image, with its head."),
            Column(
                "milliseconds",
                _REAL,
                "Time for one image on one thread or on the GPU: the least of several, without the head.",
            ),
            Column("is_best", pa.bool_(), "The cut with the greatest accuracy; of equal ones the cheapest."),
            Column("is_within", pa.bool_(), "Its accuracy is within one standard error of the best."),
            Column("is_advised", pa.bool_(), "The cheapest of these."),
            Column("is_on_front", pa.bool_(), "No cut is both cheaper and more accurate (Pareto)."),
        ),
        define_table(
            "folds",
            "The same by fold.",
            [_MODEL, Column("cut_index", _COUNT, "As in `cuts`."), _FOLD],
            _CUT,
            Column("n_images", _COUNT, "Images held out in the fold."),
            Column("accuracy", _REAL, "Fraction of them whose most probable class is their own."),
            Column("macro_f1", _REAL, "Mean over classes of the F1 score."),
            Column("penalty", _REAL, "The squared penalty that the training images chose, per image."),
        ),
        define_table(
            "class_accuracy",
            "The accuracy of every cut by class.",
            [_MODEL, Column("cut_index", _COUNT, "As in `cuts`."), _CLASS_ID],
            _CUT,
            Column("n_images", _COUNT, "Images of the class that were held out."),
            *_INTERVAL,
        ),
        define_table(
            "predictions",
            "The prediction of every cut for every image, by the head for which the image was held out.",
            [_MODEL, Column("cut_index", _COUNT, "As in `cuts`."), _IMAGE_ID],
            _CUT,
            _FOLD,
            _CLASS_ID,
            Column("predicted_class_id", _ID, "The most probable class; of equal ones the first."),
            Column("predicted_probability", _REAL, "Its probability."),
            Column("true_probability", _REAL, "Probability of the image's own class."),
            row_group_by="cut_index",
        ),
        define_table(
            "learned",
            "Heads trained by gradient descent on chosen cuts, beside the linear head there; none without `--head` or "
            "`--unfreeze`.",
            [
                _MODEL,
                Column("cut_index", _COUNT, "As in `cuts`."),
                Column("head", _NAME, "The kind of the head: linear, mlp, conv1x1 or conv3x3."),
                Column("n_unfrozen", _COUNT, "Recorded layers before the cut that were trained too."),
            ],
            _CUT,
            Column("n_images", _COUNT, "Images that were held out, each once."),
            *_INTERVAL,
            Column("macro_f1", _REAL, "Mean over classes of the F1 score, over all images held out."),
            Column("log_loss", _REAL, "Mean of -log of the probability of the image's class, in nats."),
            Column("n_gained", _COUNT, "Images that it has right and the linear head wrong, both held out."),
            Column("n_lost", _COUNT, "Images that it has wrong and the linear head right."),
            Column("parameters", _BIG, "Numbers of the cut model with its head."),
            Column("n_trained", _BIG, "Those that were trained."),
            Column("multiply_adds", _BIG, "Of convolutions and matrix products, for one image, with its head."),
            Column("mean_epochs", _REAL, "Mean over folds of the epoch whose weights were kept."),
        ),
        define_table(
            "images",
            "The images that every model could read.",
            [_IMAGE_ID],
            _CLASS_ID,
            Column("path", pa.string(), "Path relative to the image source."),
            _FOLD,
        ),
        define_table(
            "pictures",
            "A small picture of every image; results of earlier versions lack the table until the command runs again.",
            [_IMAGE_ID],
            Column("picture", pa.binary(), "WebP, its longer side at most 256 pixels."),
        ),
        define_table(
            "classes",
            "The classes of the images.",
            [_CLASS_ID],
            Column("class_name", pa.string(), "Name for a person."),
            Column("n_images", _COUNT, "Images that every model could read."),
        ),
    )
}


def is_transfer(folder: Path) -> bool:
    """Checks that a folder holds a transfer result."""
    return (folder / TRANSFER_MANIFEST).is_file()


def read_transfer_manifest(folder: Path) -> dict[str, Any]:
    """Reads the manifest of a result.

    Raises:
        InputError: there is none, it is damaged, or it is of a later version.
    """
    path = folder / TRANSFER_MANIFEST
    rule = f"A transfer result is a folder with a {TRANSFER_MANIFEST}."
    if not path.is_file():
        raise InputError(rule, f"{folder} has none.", "Name a folder that `summit-dash transfer` wrote.")
    try:
        manifest = dict(json.loads(path.read_text(encoding="utf-8")))
        version = int(manifest["schema_version"])
    except (ValueError, KeyError, TypeError) as problem:
        raise InputError(rule, f"{path} cannot be read: {problem}.", "Make it again with --overwrite.") from problem
    if version > _VERSION:
        raise InputError(rule, f"{path} is of the later version {version}.", "Upgrade Summit Dash.")
    return manifest


def write_transfer_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Writes the manifest of a result, which appears as a whole."""
    text = json.dumps({"schema_version": _VERSION, **manifest}, indent=2, ensure_ascii=False)
    with replace_file(folder / TRANSFER_MANIFEST) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


@contextlib.contextmanager
def open_transfer_table(folder: Path, name: str) -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """Yields a function that appends columns to a table as one row group; the file appears when the block ends.

    Args:
        folder: of the result.
        name: one of `TRANSFER_TABLES`. The caller appends in the order of its key.
    """
    spec = TRANSFER_TABLES[name]
    plain = [c.type.value_type if pa.types.is_dictionary(c.type) else c.type for c in spec.columns]
    with replace_file(folder / f"{name}.parquet") as temporary, pq.ParquetWriter(temporary, spec.schema) as writer:

        def write(columns: Mapping[str, Any]) -> None:
            arrays = [pa.array(columns[c.name], kind) for c, kind in zip(spec.columns, plain, strict=True)]
            writer.write_table(pa.table(arrays, names=[c.name for c in spec.columns]).cast(spec.schema))

        yield write


def write_transfer_table(folder: Path, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes a table of a result as a whole, sorted by its key.

    Args:
        folder: of the result.
        name: one of `TRANSFER_TABLES`.
        rows: values by column.
    """
    spec = TRANSFER_TABLES[name]
    ordered = sorted(rows, key=lambda row: tuple(row[column] for column in spec.key))
    with open_transfer_table(folder, name) as write:
        write({column.name: [row[column.name] for row in ordered] for column in spec.columns})


def read_transfer_table(
    folder: Path, name: str, columns: Sequence[str] | None = None, filters: pc.Expression | None = None
) -> pa.Table:
    """Reads a table of a result.

    Args:
        folder: of the result.
        name: one of `TRANSFER_TABLES`.
        columns: those to read; None for all.
        filters: which rows.

    Raises:
        InputError: it is not there, or damaged.
    """
    path = folder / f"{TRANSFER_TABLES[name].name}.parquet"
    rule = f"A transfer result holds the table {name}."
    if not path.is_file():
        raise InputError(rule, f"{path} is not there.", "Run the command again: it goes on where it stopped.")
    try:
        return pq.read_table(path, columns=list(columns) if columns else None, filters=filters)
    except (pa.ArrowInvalid, OSError) as problem:
        raise InputError(rule, f"{path}: {problem}.", "Make it again with --overwrite.") from problem
