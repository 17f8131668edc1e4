"""The state of the page: its form in the address, and what actions make of it. Pure functions, run in the browser."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

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
