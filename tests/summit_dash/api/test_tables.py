from __future__ import annotations

import pandas as pd
import pytest

from precompute.contract.errors import InputError
from summit_dash.api.tables import read_frame
from summit_dash.run.store import RunStore


def test_layers_are_categories_in_order_from_the_input(store: RunStore) -> None:
    frame = read_frame(store, "attribution_graph_edges")
    for column in ("source_layer", "target_layer"):
        assert isinstance(frame[column].dtype, pd.CategoricalDtype) and frame[column].cat.ordered
        assert list(frame[column].cat.categories) == store.layer_names
    assert (frame["source_layer"].cat.codes < frame["target_layer"].cat.codes).all()


def test_other_text_is_text_and_missing_text_is_missing(store: RunStore) -> None:
    frame = read_frame(store, "classes")
    assert not any(isinstance(kind, pd.CategoricalDtype) for kind in frame.dtypes)
    assert "nan" not in set(frame["group"].dropna())


def test_integers_and_floats_keep_their_width(store: RunStore) -> None:
    frame = read_frame(store, "activations")
    assert [str(frame[name].dtype) for name in ("class_id", "activation_count", "mean_activation")] == [
        "int32",
        "int32",
        "float32",
    ]


def test_a_table_that_is_missing_is_refused(store: RunStore) -> None:
    with pytest.raises(InputError, match="faithfulness"):
        read_frame(store, "faithfulness")
