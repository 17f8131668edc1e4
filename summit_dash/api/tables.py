"""Tables of a run as pandas tables: the columns, names and types of the Parquet files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import pyarrow.compute as pc

from precompute.contract.schema import read_table
from summit_dash.run.store import RunStore

__all__ = ["order_layers", "read_frame"]


def read_frame(
    store: RunStore, name: str, columns: Sequence[str] | None = None, filters: pc.Expression | None = None
) -> pd.DataFrame:
    """Reads a table of a run, or the named columns of the rows that pass `filters`.

    Integers and floats keep their width. Text is text. Layers are categories, ordered from the input.

    Args:
        store: the run.
        name: of the table, such as `activations`.
        columns: names of the columns, in order; None for all.
        filters: a condition on the rows; None for all.

    Raises:
        InputError: the run has no such table, or the file is damaged.
    """
    table = read_table(store.path, name, columns, filters)
    frame: pd.DataFrame = table.to_pandas()
    for column in frame.columns:
        if column == "layer" or column.endswith("_layer"):
            frame[column] = order_layers(store, frame[column])
        elif isinstance(frame[column].dtype, pd.CategoricalDtype):
            frame[column] = frame[column].astype(frame[column].cat.categories.dtype)
    return frame


def order_layers(store: RunStore, values: Any) -> pd.Categorical:
    """Converts names of layers to categories, ordered from the input, so that a table sorts by depth."""
    return pd.Categorical(values, categories=store.layer_names, ordered=True)
