"""Finished work by class, on disk until the table is written, by which the stage goes on after an interruption."""

from __future__ import annotations

import io
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from precompute.contract.atomic import replace_file
from precompute.contract.manifest import remove_if_empty

__all__ = ["SHARED", "Parts"]

SHARED = "means"
"""The name of what all classes need."""
Arrays = Mapping[str, NDArray[Any]]


class Parts:
    """Arrays by name and class, each file whole or not there.

    Args:
        run: the run's folder.
        fingerprint: of the model, images and settings; parts of another one are left alone.
    """

    def __init__(self, run: Path, fingerprint: str) -> None:
        self._root = run / "parts" / "faithfulness"
        self._folder = self._root / fingerprint[:16]

    def has(self, name: str, class_id: int) -> bool:
        """Checks that arrays are there."""
        return self._locate(name, class_id).is_file()

    def write(self, name: str, class_id: int, arrays: Arrays) -> None:
        """Writes arrays, which appear as a whole."""
        self._folder.mkdir(parents=True, exist_ok=True)
        packed = io.BytesIO()
        np.savez(packed, allow_pickle=False, **arrays)
        with replace_file(self._locate(name, class_id)) as temporary:
            temporary.write_bytes(packed.getvalue())

    def read(self, name: str, class_id: int) -> dict[str, NDArray[Any]]:
        """Reads arrays that were written."""
        with np.load(self._locate(name, class_id), allow_pickle=False) as arrays:
            return dict(arrays)

    def remove(self, class_ids: Collection[int]) -> None:
        """Removes what the tables hold by now. The work on other classes stays; without any, all parts go.

        Args:
            class_ids: the classes that were written.
        """
        left = [path for path in self._folder.glob("[!.]*.npz") if not path.name.startswith(SHARED)]
        for path in left:
            if int(path.stem.rpartition("-")[2]) in class_ids:
                path.unlink()
        if not any(path.exists() for path in left):
            shutil.rmtree(self._root, ignore_errors=True)  # those of other settings too
            remove_if_empty(self._root.parent)

    def _locate(self, name: str, class_id: int) -> Path:
        return self._folder / f"{name}-{class_id}.npz"
