"""Names and types that several tables of a run share."""

from __future__ import annotations

import pyarrow as pa

from precompute.contract.columns import Column

__all__ = ["ALL_LAYERS", "CLASS_ID", "COUNT", "EFFECT", "ID", "LAYER", "PAGERANK", "REAL", "SELECTIONS", "TEXT"]

ALL_LAYERS = "all"
"""The `layer` of rows on all layers at once."""
PAGERANK = "pagerank"
EFFECT = "effect"
SELECTIONS = (PAGERANK, EFFECT)
"""The orders in which channels of a class are taken: by their score in its graph, or by their effect on it."""

ID = pa.int32()
COUNT = pa.int32()
REAL = pa.float32()
LAYER = pa.dictionary(pa.int16(), pa.string())
TEXT = pa.string()
CLASS_ID = Column(
    "class_id",
    ID,
    "The class of the dataset; equals the model's output index where the labels are the model's outputs.",
)
