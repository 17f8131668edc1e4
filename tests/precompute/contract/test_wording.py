from __future__ import annotations

from precompute.contract.wording import format_count


def test_one_of_a_kind_is_no_plural() -> None:
    assert [format_count(n, "classes") for n in (0, 1, 2)] == ["0 classes", "1 class", "2 classes"]
    assert [format_count(n, "epochs") for n in (1, 1_000)] == ["1 epoch", "1,000 epochs"]
