from __future__ import annotations

from urllib.parse import parse_qs

import pytest

from summit_dash.payloads.links import clean_brackets, write_link


def test_a_link_is_text_with_a_query() -> None:
    assert write_link("carp", **{"class": 3, "view": "graph"}) == "[carp](?class=3&view=graph)"


@pytest.mark.parametrize("layer", ["block/conv", "a b", "x)(y", "a&b=c", "é"])
def test_any_name_of_a_layer_comes_back(layer: str) -> None:
    text, _, query = write_link("x", layer=layer).partition("](?")
    assert text == "[x" and query.count(")") == 1
    assert parse_qs(query[:-1]) == {"layer": [layer]}


def test_brackets_cannot_end_a_link_early() -> None:
    assert write_link("a](?run=b) [c") == "[a)(?run=b) (c](?)"
    assert clean_brackets("[a](b)") == "(a)(b)"
