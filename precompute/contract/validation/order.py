"""The order of a table's rows: by its key, which no two rows share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from precompute.contract.validation.facts import LAYER_COLUMNS, Batch, Fault

__all__ = ["KeyOrder"]


class KeyOrder:
    """The rule that the key of a table is unique and sorted.

    Numbers are sorted by size, layers from the input, other names by alphabet. Batches are handed over
    in order. The first row of each is also compared with the last row of the one before.

    Args:
        key: the columns of the table's key.
    """

    def __init__(self, key: Sequence[str]) -> None:
        self._key = tuple(key)
        self._last: dict[str, Any] = {}

    def find_faults(self, batch: Batch) -> Iterator[Fault]:
        """Yields both rules with the rows of a batch that break them."""
        if not len(batch):
            return
        below, equal = np.zeros(len(batch), dtype=bool), np.ones(len(batch), dtype=bool)
        known = np.ones(len(batch), dtype=bool)
        for name in self._key:
            values = _to_comparable(batch.columns[name])
            previous = np.concatenate([values[:1], values[:-1]])
            if self._last:
                previous[0] = self._last[name]
            below |= equal & (values < previous).astype(bool)
            equal &= (values == previous).astype(bool)
            if name in LAYER_COLUMNS:
                known &= (values >= 0) & (previous >= 0)
        equal[0] &= bool(self._last)
        self._last = {name: _to_comparable(batch.columns[name])[-1] for name in self._key}
        names = ", ".join(self._key)
        yield Fault(f"Rows are sorted by {names} (layers from the input on).", below & known)
        yield Fault(f"No two rows have the same {names}.", equal & known)


def _to_comparable(values: Any) -> NDArray[Any]:
    return np.asarray(values.to_pylist(), dtype=object) if isinstance(values, pa.Array) else np.asarray(values)
