from __future__ import annotations

import numpy as np
import pytest

from precompute.contract.errors import InputError
from summit_dash.api.arguments import find_channel, find_class_id, find_layer
from summit_dash.run.graphs import Channel
from summit_dash.run.store import RunStore


def test_a_number_is_a_class_id_and_a_text_is_searched(store: RunStore) -> None:
    assert find_class_id(store, np.int32(3)) == find_class_id(store, "coyote") == 3


def test_a_layer_must_be_exact(store: RunStore) -> None:
    assert find_layer(store, "conv3") == "conv3"
    with pytest.raises(InputError, match="Near it: conv3"):
        find_layer(store, "Conv3")


def test_a_channel_is_one_of_its_layer(store: RunStore) -> None:
    last = store.layers["conv3"].n_channels - 1
    assert find_channel(store, "conv3", last) == Channel("conv3", last)
    with pytest.raises(InputError, match=f"Choose one from 0 to {last}"):
        find_channel(store, "conv3", last + 1)
