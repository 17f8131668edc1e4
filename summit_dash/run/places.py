"""The folders of runs and transfer results: which are there, which are whole, and each opened when it is asked for."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

from precompute.contract.errors import InputError
from precompute.contract.schema import MANIFEST, locate_table, read_manifest, read_table
from precompute.contract.transfer_tables import TRANSFER_MANIFEST, is_transfer
from summit_dash.run.store import RunStore, compute_version
from summit_dash.run.transfer_store import TransferStore

__all__ = ["WHOLE", "Entry", "Place", "find_inside", "is_whole"]

Entry: TypeAlias = RunStore | TransferStore
"""A run or a transfer result."""
_DEPTH = 2
"""Folders below the one that is named, in which runs and results are looked for."""
_NEEDED = ("classes", "layers")
_END = b"PAR1"
"""The last bytes of a whole Parquet file."""
WHOLE = "A run is shown when it is whole."
"""The rule of the message about a run that is being made."""
_Stamp = tuple[tuple[str, int, int], ...]


class Place:
    """A run or a transfer result, known by its manifest. A run is opened when it is asked for.

    Several threads may use this at once: they open it once.

    Args:
        folder: of the run or result.
        name: that a person gave it.
        opened: the run or result, where it is open already. It is never closed.

    Attributes:
        name: in addresses.
        is_watched: it was found in a watched folder, and goes when the folder goes.

    Raises:
        InputError: the folder is neither, or tables that every page needs are missing.
    """

    def __init__(self, folder: Path, name: str | None = None, opened: Entry | None = None) -> None:
        self.path = opened.path if opened is not None else folder.resolve()
        self._lock = threading.Lock()
        self._entry: Entry | None = TransferStore(folder, name) if opened is None and is_transfer(folder) else opened
        self.is_kept = self._entry is not None
        self.is_watched = False
        self.kind: Literal["run", "transfer"] = "transfer" if isinstance(self._entry, TransferStore) else "run"
        self._stamp = _read_stamp(self.path)
        self._manifest = self._read_manifest()
        self.given_name: str | None = self._entry.given_name if self._entry is not None else self._find_name(name)
        self.name = self.given_name or self.path.name

    def _read_manifest(self) -> Mapping[str, Any]:
        if self._entry is not None:
            return self._entry.manifest
        manifest = read_manifest(self.path)
        for name in _NEEDED:
            if not locate_table(self.path, name).is_file():
                read_table(self.path, name)  # its message names the stage that is missing
        return manifest

    def _find_name(self, name: str | None) -> str | None:
        return name or self._manifest.get("run_name")

    @property
    def model_name(self) -> str:
        """The name of the model, or the names of those of a transfer result."""
        return self._entry.model_name if self._entry else str(self._manifest.get("model", {}).get("name", ""))

    @property
    def dataset_name(self) -> str:
        """The name of the images."""
        return self._entry.dataset_name if self._entry else str(self._manifest.get("dataset", {}).get("name", ""))

    @property
    def version(self) -> str:
        """A name that changes with the run; the one that the open run has."""
        entry = self._entry
        return entry.version if entry is not None else compute_version(self.path, self._manifest)

    @property
    def is_open(self) -> bool:
        """True while the run is in memory."""
        return self._entry is not None

    @property
    def is_there(self) -> bool:
        """True while the folder has its manifest."""
        return (self.path / (MANIFEST if self.kind == "run" else TRANSFER_MANIFEST)).is_file()

    def open(self) -> Entry:
        """Returns the run or result as it is on disk now. One whose folder is gone is returned as it was.

        Raises:
            InputError: it is being written at this moment, or it cannot be opened.
        """
        with self._lock:
            stamp = _read_stamp(self.path)
            if self.kind == "run" and stamp is not None and stamp != self._stamp:
                self._read_again(stamp)
            if self._entry is None:
                self._entry = RunStore(self.path, self.given_name)
            self._entry.name = self.name
            entry = self._entry
        with contextlib.suppress(OSError, InputError):
            entry.refresh()
        return entry

    def _read_again(self, stamp: tuple[int, int, int]) -> None:
        """Opens a run again whose manifest was written since: it was replaced, or a stage was added."""
        manifest = read_manifest(self.path)
        if _is_being_written(manifest):
            raise InputError(
                WHOLE, f"{self.name} is being made at this moment.", "Load the page again when that is done."
            )
        if isinstance(self._entry, RunStore):
            self._entry = self._entry.open_again()
        self._manifest, self._stamp = manifest, stamp

    def close(self) -> None:
        """Forgets an open run; it is opened again when it is asked for."""
        with self._lock:
            if not self.is_kept:
                self._entry = None


def find_inside(folder: Path, depth: int = _DEPTH) -> list[Path]:
    """Finds the runs and results in a folder, by their names; what lies inside one of them is part of it."""
    if not depth or not folder.is_dir():
        return []
    found: list[Path] = []
    for each in sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")):
        is_one = (each / MANIFEST).is_file() or (each / TRANSFER_MANIFEST).is_file()
        found += [each] if is_one else find_inside(each, depth - 1)
    return found


def is_whole(folder: Path) -> bool:
    """Checks that a folder holds a whole run or result: none that is copied or made at this moment."""
    try:
        stamp = tuple(
            (path.name, (found := path.stat()).st_mtime_ns, found.st_size)
            for path in sorted(folder.iterdir())
            if path.name in (MANIFEST, TRANSFER_MANIFEST) or path.suffix == ".parquet"
        )
        return _are_whole(folder, stamp)
    except (OSError, InputError):
        return False


@lru_cache(4096)
def _are_whole(folder: Path, stamp: _Stamp) -> bool:
    """Checks files as they were at the time of a stamp."""
    names = {name for name, _, _ in stamp}
    if not names & {MANIFEST, TRANSFER_MANIFEST}:
        return False
    if MANIFEST in names:
        if _is_being_written(read_manifest(folder)):
            return False
        if not all(locate_table(folder, name).name in names for name in _NEEDED):
            return False
    return all(_has_end(folder / name) for name in names if name.endswith(".parquet"))


def _has_end(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-len(_END), 2)
        return file.read() == _END


def _is_being_written(manifest: Mapping[str, Any]) -> bool:
    """Returns True while the tables are made from which all others follow."""
    states = {name: stage.get("state") for name, stage in manifest.get("stages", {}).items()}
    return states.get("aggregate", "done") != "done" or states.get("graphs") == "running"


def _read_stamp(folder: Path) -> tuple[int, int, int] | None:
    """Reads time, size and number of the file of a manifest; None where there is none."""
    with contextlib.suppress(OSError):
        found = (folder / MANIFEST).stat()
        return found.st_mtime_ns, found.st_size, found.st_ino
    return None
