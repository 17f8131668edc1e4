from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summit_dash.selection import SORTS, VIEWS, Selection, apply_action, is_history_step

numbers = st.none() | st.integers(0, 10**6)
names = st.none() | st.text(min_size=1, max_size=20).filter(lambda s: s.strip() == s and s.isprintable())
percents = st.integers(25, 100)
selections = st.builds(
    Selection,
    run=names,
    class_id=numbers,
    vs=numbers,
    layer=names,
    channel=numbers,
    view=st.sampled_from(VIEWS),
    sort=st.sampled_from(SORTS),
    covers=percents,
    width=percents,
    height=percents,
)


@given(selections)
def test_a_selection_survives_the_address(selection: Selection) -> None:
    assert Selection.from_query(selection.to_query()) == selection


@given(selections)
def test_a_selection_survives_the_store(selection: Selection) -> None:
    assert Selection.from_dict(selection.to_dict()) == selection


@given(st.text(max_size=60))
def test_no_query_breaks_the_page(text: str) -> None:
    Selection.from_query(text)


def test_the_address_reads_as_designed() -> None:
    selection = Selection(class_id=270, vs=269, layer="mixed4d", channel=346, covers=62)
    assert selection.to_query() == "?class=270&vs=269&layer=mixed4d&channel=346&covers=62"


@pytest.mark.parametrize(
    ("query", "key", "text"),
    [
        ("?class=wolf", "class", "wolf"),
        ("?vs=-3", "vs", "-3"),
        ("?channel=1.5", "channel", "1.5"),
        ("?view=x", "view", "x"),
    ],
)
def test_what_cannot_be_read_is_kept_for_the_message(query: str, key: str, text: str) -> None:
    assert Selection.from_query(query).text_of(key) == text


def test_sliders_are_clipped_to_their_range() -> None:
    assert Selection.from_query("?covers=0&width=9999") == Selection(covers=1, width=300)


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ({"class_id": 5}, Selection(class_id=5, layer="b", channel=3)),
        ({"layer": "a"}, Selection(class_id=1, layer="a")),
        ({"layer": "b"}, Selection(class_id=1, layer="b", channel=3)),
        ({"layer": "a", "channel": 9}, Selection(class_id=1, layer="a", channel=9)),
        ({"vs": 2}, Selection(class_id=1, layer="b", channel=3, vs=2, view="compare")),
        ({"channel": None}, Selection(class_id=1, layer="b")),
        ({"query": "?class=7"}, Selection(class_id=7)),
        ({"run": "other"}, Selection(run="other")),
        ({"serial": 4, "nonsense": True}, Selection(class_id=1, layer="b", channel=3)),
    ],
)
def test_actions(action: dict[str, Any], expected: Selection) -> None:
    assert apply_action(Selection(class_id=1, layer="b", channel=3), action) == expected


def test_sliders_and_sort_make_no_step_of_history() -> None:
    before = Selection(class_id=1)
    assert not is_history_step(before, Selection(class_id=1, covers=50, width=120, sort="accuracy-up"))
    assert is_history_step(before, Selection(class_id=2))
