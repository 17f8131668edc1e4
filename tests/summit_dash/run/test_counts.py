from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from precompute.contract.errors import InputError
from precompute.contract.schema import locate_table, read_table
from summit_dash.run.counts import read_counts


def test_the_counts_are_those_of_the_table_in_the_order_of_the_classes(run_path: Path) -> None:
    rows = read_table(run_path, "activations").to_pylist()
    sizes = {name: 1 + max(row["channel"] for row in rows if row["layer"] == name) for name in ("conv1", "conv5")}
    every = read_counts(run_path, {row["layer"]: 1000 for row in rows}, range(100))
    some = read_counts(run_path, {**dict.fromkeys(every, 1000), **sizes}, [4, 7])
    for row in rows[::97]:
        assert every[row["layer"]][row["class_id"], row["channel"]] == row["activation_count"]
    for layer, n in sizes.items():
        assert some[layer].shape == (2, n)
        assert np.array_equal(some[layer], every[layer][[4, 7], :n])


def test_a_table_that_breaks_off_is_named(tmp_path: Path, run_path: Path) -> None:
    path = locate_table(tmp_path, "activations")
    path.write_bytes(locate_table(run_path, "activations").read_bytes()[:-20])
    with pytest.raises(InputError, match=r"complete Parquet file.*activations\.parquet"):
        read_counts(tmp_path, {"conv1": 8}, [0])
    path.unlink()
    with pytest.raises(InputError, match="Run the missing stage"):
        read_counts(tmp_path, {"conv1": 8}, [0])
