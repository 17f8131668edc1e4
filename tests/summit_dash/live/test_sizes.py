from __future__ import annotations

import numpy as np

from summit_dash.live.sizes import count_bytes


def test_what_is_large_counts_by_its_bytes_wherever_it_is() -> None:
    array, file = np.zeros((100, 50), np.float32), b"x" * 3000
    assert 20_000 <= count_bytes(array) < 20_100
    assert 23_000 <= count_bytes({"map": array, "picture": file}) < 23_500
    assert count_bytes([file, (file, {"a"})]) > 6000
    assert 0 < count_bytes(None) == count_bytes(1) < 100
