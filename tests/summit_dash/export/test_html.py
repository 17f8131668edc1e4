from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest
from dash import dcc, html
from dash_cytoscape import Cytoscape

from summit_dash.export.html import render


def test_elements_attributes_and_text() -> None:
    button = html.Button(["a ", html.B("<b>")], className="x y", tabIndex=0, disabled=True, hidden=False)
    assert render(button) == '<button class="x y" disabled tabindex="0">a <b>&lt;b&gt;</b></button>'


def test_attributes_cannot_end_early() -> None:
    assert render(html.Div(**{"data-tip": '"><script>'})) == '<div data-tip="&quot;&gt;&lt;script&gt;"></div>'


def test_void_elements_have_no_end() -> None:
    assert render([html.Img(src="a.svg"), html.Br()]) == '<img src="a.svg"><br>'


def test_a_component_of_a_known_library_is_a_place_with_its_properties() -> None:
    text = render(Cytoscape(id="graph", elements=[{"data": {"id": 'a"b'}}]))
    place = ElementTree.fromstring(text)
    assert place.get("data-component") == "dash_cytoscape.Cytoscape"
    assert json.loads(place.get("data-props") or "") == {"id": "graph", "elements": [{"data": {"id": 'a"b'}}]}


def test_other_libraries_are_no_html() -> None:
    with pytest.raises(TypeError, match="Store"):
        render(html.Div(dcc.Store(id="x")))
