"""HTML of components: the parts of the document that never change."""

from __future__ import annotations

from dash import html

from summit_dash.pages.header import build_help
from summit_dash.pages.markup import write_markup
from tests.support.rendering import render


def test_it_writes_what_the_components_say() -> None:
    assert write_markup(build_help()) == render(build_help())


def test_words_and_attributes_cannot_become_elements() -> None:
    written = write_markup(html.Span("a < b & c", title='"x" > y', hidden=False))
    assert written == '<span title="&quot;x&quot; &gt; y">a &lt; b &amp; c</span>'
