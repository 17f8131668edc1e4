from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summit_dash.export.markup import Element, add, clean_text, format_number, serialize


def test_attributes_are_spelt_as_in_xml() -> None:
    element = add(Element("svg"), "text", "fox", class_="name", font_size=12.0, text_anchor=None)
    assert (element.text, element.attrib) == ("fox", {"class": "name", "font-size": "12"})


def test_an_attribute_of_zero_or_empty_text_is_kept() -> None:
    assert add(Element("svg"), "rect", x=0, rx=0.0, d="").attrib == {"x": "0", "rx": "0", "d": ""}


@pytest.mark.parametrize(
    ("value", "expected"),
    [(100.0, "100"), (100, "100"), (0.5, "0.5"), (2 / 3, "0.67"), (0.001, "0"), (-12.30, "-12.3"), ("1.50", "1.50")],
)
def test_floats_are_short_and_everything_else_is_as_given(value: object, expected: str) -> None:
    assert format_number(value) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\tb\nc", "a\tb\nc"),
        ("狼 🦊", "狼 🦊"),
        ("\x00\x1b", "\ufffd\ufffd"),
        ("\ud800", "\ufffd"),
        ("\uffff", "\ufffd"),
    ],
)
def test_only_characters_that_xml_cannot_hold_are_replaced(text: str, expected: str) -> None:
    assert clean_text(text) == expected


@given(st.text(st.characters(exclude_characters="\r", exclude_categories=())))
def test_a_document_with_any_text_can_be_read(text: str) -> None:
    root = Element("svg")
    add(root, "title", text, id=text)
    read = ElementTree.fromstring(serialize(root)).find("title")
    assert read is not None
    assert (read.text or "") == clean_text(text)


def test_a_document_states_its_encoding_and_ends_with_a_line() -> None:
    root = Element("svg")
    add(root, "title", "волк")
    made = serialize(root)
    assert made.startswith(b"<?xml version='1.0' encoding='utf-8'?>\n")
    assert made.endswith("<title>волк</title>\n</svg>\n".encode())
