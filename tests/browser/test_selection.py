"""The state of the page: its form in the address, and what actions make of it. Pure functions, run in the browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page

from summit_dash.run.store import RunStore

pytestmark = pytest.mark.browser


@pytest.fixture
def opened(page: Page, url: str) -> Page:
    page.goto(url)
    page.wait_for_function("() => window.summitDash && summitDash.selection")
    return page


def _call(page: Page, name: str, *arguments: Any) -> Any:
    return page.evaluate("([name, given]) => summitDash.selections[name](...given)", [name, list(arguments)])


QUERIES = [
    "?class=270&vs=269&layer=mixed4d&channel=346&view=compare&covers=62",
    "?run=mine&class=3&also=4%2C5&pins=conv1-3%2Cconv2-4",
    "?view=channels&layer=conv3&order=graphs&flag=dead",
    "",
]


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_is_written_as_it_was_read(opened: Page, query: str) -> None:
    read = _call(opened, "fromQuery", query)
    assert _call(opened, "fromQuery", _call(opened, "toQuery", read)) == read
    assert len(_call(opened, "toQuery", read)) == len(query)


@pytest.mark.parametrize("text", ["class=wolf", "class=-1", "class=1e3", "view=nothing", "covers=x", "also=1,b"])
def test_what_cannot_be_read_is_kept_to_be_said(opened: Page, text: str) -> None:
    key, value = text.split("=")
    assert _call(opened, "fromQuery", f"?{text}")["unread"] == {key: value}


NAMED = """([query, names, others]) => {
  const {fromQuery, complete, toQuery} = summitDash.selections;
  const runs = [names, others].map((list) => {
    const classes = list.map(([id, full], place) => ({id, full, place}));
    return {name: 'run', classes, layers: [], has: {}, classByName: new Map(classes.map((each) => [each.full, each]))};
  });
  const after = complete(fromQuery(query), ...runs);
  return {after, query: toQuery(after, runs)};
}"""
NUMBERS = [[0, "0"], [1, "10"], [2, "2"], [3, "wolf"], [10, "1"]]
WORDS = [[i, f"class {i}"] for i in range(12)]


@pytest.mark.parametrize(
    ("query", "others", "class_id", "vs", "written"),
    [
        ("?class=10", NUMBERS, 1, None, "?class=%231"),  # the class that is called 10; 1 alone would be another
        ("?class=%2310", NUMBERS, 10, None, "?class=%2310"),
        ("?class=2&vs=1", NUMBERS, 2, 10, "?class=2&vs=%2310"),
        ("?class=3&vs=wolf", NUMBERS, 3, 3, "?class=3&vs=3"),  # none is called 3
        ("?class=wolf&vs=10", WORDS, 3, 10, "?class=3&vs=10"),
        ("?class=1&vs=%231", WORDS, 10, 1, "?class=%2310&vs=1"),
        ("?class=5&vs=class+7", WORDS, 5, 7, "?class=5&vs=7"),
    ],
)
def test_a_class_is_read_by_name_before_its_id(
    opened: Page, query: str, others: list[Any], class_id: int, vs: int | None, written: str
) -> None:
    found = opened.evaluate(NAMED, [query, NUMBERS, others])
    assert (found["after"]["class_id"], found["after"]["vs"]) == (class_id, vs)
    assert found["after"]["unread"] == {} and found["query"] == written
    again = opened.evaluate(NAMED, [written, NUMBERS, others])
    assert again == found


def test_every_link_reads_back_as_the_class_that_it_was_written_for(opened: Page) -> None:
    random = np.random.default_rng(0)
    for _ in range(20):
        ids, names = (random.permutation(14)[:9].tolist() for _ in range(2))
        classes = [[i, str(name)] for i, name in zip(ids, names, strict=True)]
        for class_id in ids:
            found = opened.evaluate(NAMED, [f"?class=%23{class_id}", classes, WORDS])
            assert found["after"]["class_id"] == class_id
            assert opened.evaluate(NAMED, [found["query"], classes, WORDS])["after"]["class_id"] == class_id


def test_the_page_opens_a_class_by_its_name(opened: Page, url: str, run_path: Path) -> None:
    store = RunStore(run_path)
    opened.goto(f"{url}?class={store.classes[7].class_name}&layer=conv3")
    opened.wait_for_function("() => window.summitDash && summitDash.selection && summitDash.selection.class_id === 7")
    opened.wait_for_function("() => location.search === '?class=7&layer=conv3'")


def test_ways_of_looking_stay_in_their_range(opened: Page) -> None:
    selection = _call(opened, "fromQuery", "?covers=0&width=999&height=1")
    assert [selection[name] for name in ("covers", "width", "height")] == [1, 300, 25]


def test_a_new_layer_closes_the_channel_unless_the_action_names_one(opened: Page) -> None:
    before = _call(opened, "fromQuery", "?class=1&layer=conv1&channel=2")
    assert _call(opened, "apply", before, {"layer": "conv2"})["channel"] is None
    assert _call(opened, "apply", before, {"layer": "conv2", "channel": 5})["channel"] == 5
    assert _call(opened, "apply", before, {"layer": "conv1"})["channel"] == 2


def test_a_second_class_opens_the_comparison(opened: Page) -> None:
    before = _call(opened, "fromQuery", "?class=1")
    assert _call(opened, "apply", before, {"vs": 2})["view"] == "compare"


def test_a_new_class_lets_pins_go(opened: Page) -> None:
    before = _call(opened, "fromQuery", "?class=1&pins=conv1-3")
    assert _call(opened, "apply", before, {"class_id": 2})["pins"] == []
    assert _call(opened, "apply", before, {"class_id": 1})["pins"] == ["conv1-3"]


def test_another_run_begins_anew(opened: Page) -> None:
    before = _call(opened, "fromQuery", "?class=1&layer=conv1&channel=2")
    after = _call(opened, "apply", before, {"run": "other"})
    assert [after["run"], after["class_id"], after["layer"]] == ["other", None, None]


def test_sliders_make_no_step_in_the_history(opened: Page) -> None:
    before = _call(opened, "fromQuery", "?class=1")
    assert not _call(opened, "isStep", before, {**before, "covers": 40})
    assert _call(opened, "isStep", before, {**before, "class_id": 2})


def test_what_is_not_named_is_chosen(opened: Page) -> None:
    assert opened.evaluate("() => [summitDash.selection.class_id, summitDash.selection.layer]") == [0, "conv5"]


def test_undo_and_redo(opened: Page) -> None:
    for class_id in (3, 5):
        opened.evaluate("(id) => summitDash.dispatch({class_id: id})", class_id)
        opened.wait_for_function("(id) => summitDash.selection.class_id === id", arg=class_id)
    for step, class_id in (("undo", 3), ("undo", 0), ("redo", 3), ("redo", 5)):
        opened.evaluate(f"() => summitDash.{step}()")
        opened.wait_for_function("(id) => summitDash.selection.class_id === id", arg=class_id)
