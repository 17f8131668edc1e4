"""The reader of a transfer result: the cuts of models on a person's images. It needs neither models nor images."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from precompute.contract.errors import InputError
from precompute.contract.transfer_tables import (
    TRANSFER_MANIFEST,
    read_transfer_manifest,
    read_transfer_table,
)
from summit_dash.run.cache import Remembered

__all__ = ["Row", "TransferStore"]

Row = dict[str, Any]
_STAMPED = (TRANSFER_MANIFEST, "cuts.parquet", "learned.parquet", "pictures.parquet")
_ADVICE = "A transfer result is shown when its advice is there."


class TransferStore:
    """One transfer result, opened for reading.

    Args:
        path: folder of the result.
        name: name in addresses; that of the folder where not given.

    Raises:
        InputError: the folder is no result, or the command has not come to its end yet.
    """

    def __init__(self, path: str | Path, name: str | None = None) -> None:
        self.kind = "transfer"
        self.path = Path(path).resolve()
        self.given_name = name
        self.name = name or self.path.name
        self._lock = threading.Lock()
        self._open()

    def _open(self) -> None:
        """Reads what is small; the rest is read when it is asked for."""
        stamp = self._read_stamp()
        manifest = read_transfer_manifest(self.path)
        if "advice" not in manifest:
            raise InputError(
                _ADVICE, f"{self.path} has none yet.", "Run the same `summit-dash transfer` again: it goes on."
            )
        cuts, classes, learned = (
            read_transfer_table(self.path, each).to_pylist() if (self.path / f"{each}.parquet").is_file() else []
            for each in ("cuts", "classes", "learned")
        )
        self.manifest: Mapping[str, Any] = manifest
        self.cuts: list[Row] = cuts
        self.classes: list[Row] = classes
        self.learned: list[Row] = learned
        self.cut = Remembered(self._read_cut, 64)
        self._pictures: pq.ParquetFile | None = None
        self._places: dict[int, tuple[int, int]] | None = None
        self._stamp = stamp

    @property
    def version(self) -> str:
        """A name that changes when the result gets models or heads; part of addresses that browsers cache."""
        return hashlib.sha256(repr(self._stamp).encode()).hexdigest()[:10]

    def refresh(self) -> None:
        """Opens the result again where the command has written to it since."""
        with self._lock:
            if self._read_stamp() != self._stamp:
                self._open()

    def _read_stamp(self) -> tuple[tuple[int, int] | None, ...]:
        def measure(name: str) -> tuple[int, int] | None:
            with contextlib.suppress(OSError):
                found = (self.path / name).stat()
                return found.st_mtime_ns, found.st_size
            return None

        return tuple(measure(name) for name in _STAMPED)

    @property
    def model_name(self) -> str:
        """The names of its models."""
        return ", ".join(self.manifest["models"])

    @property
    def dataset_name(self) -> str:
        """The name of the images."""
        return str(self.manifest["dataset"]["name"])

    @property
    def n_images(self) -> int:
        """The number of images that every model could read."""
        return int(self.manifest["n_images"])

    @property
    def has_pictures(self) -> bool:
        """True where the result holds a picture of every image."""
        return (self.path / "pictures.parquet").is_file()

    def read_images(self) -> list[Row]:
        """Returns class, path and fold of every image, by rising `image_id`."""
        rows: list[Row] = read_transfer_table(self.path, "images").to_pylist()
        return rows

    def _read_cut(self, place: int) -> dict[str, list[Any]]:
        """Returns the predictions of the cut in a row of `cuts`, as arrays along the images."""
        row = self.cuts[place]
        mine = (pc.field("model") == row["model"]) & (pc.field("cut_index") == row["cut_index"])
        columns = ["image_id", "predicted_class_id", "predicted_probability", "true_probability"]
        table = read_transfer_table(self.path, "predictions", columns, mine)
        found: dict[str, list[Any]] = table.to_pydict()
        return found

    def read_picture(self, image_id: int) -> bytes | None:
        """Returns the picture of an image as WebP; None where there is none."""
        if not self.has_pictures:
            return None
        with self._lock:
            if self._pictures is None or self._places is None:
                self._pictures = pq.ParquetFile(self.path / "pictures.parquet")
                self._places = _find_places(self._pictures)
            at = self._places.get(image_id)
            if at is None:
                return None
            picture: bytes = self._pictures.read_row_group(at[0], columns=["picture"])["picture"][at[1]].as_py()
            return picture


def _find_places(file: pq.ParquetFile) -> dict[int, tuple[int, int]]:
    """Returns row group and row of every image."""
    return {
        image_id: (group, row)
        for group in range(file.num_row_groups)
        for row, image_id in enumerate(file.read_row_group(group, columns=["image_id"])["image_id"].to_pylist())
    }
