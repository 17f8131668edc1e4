from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import fisher_exact

from summit_dash.run.hypergeometric import compute_tail
from tests.reference.suggestions import compute_tail as count_tail


@given(st.integers(0, 40), st.integers(0, 40), st.data())
def test_the_tail_is_that_of_counting(n: int, others: int, data: st.DataObject) -> None:
    n_drawn = data.draw(st.integers(0, n + others))
    n_having = data.draw(st.integers(0, min(n, n_drawn)))
    expected = count_tail(n_having, n_drawn, n, n + others)
    assert compute_tail(n_having, n_drawn, n, n + others) == pytest.approx(float(expected), rel=1e-9)


def test_of_a_million_images_it_is_fishers_test() -> None:
    using, n, others_using, others = 400, 1_300, 250_000, 1_279_867
    expected = fisher_exact([[using, n - using], [others_using, others - others_using]], alternative="greater").pvalue
    assert compute_tail(using, using + others_using, n, n + others) == pytest.approx(float(expected), rel=1e-5)
