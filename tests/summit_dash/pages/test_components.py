from __future__ import annotations

import json

from dash import html

from summit_dash.pages.components import build_action, build_tool
from tests.support.rendering import render


def test_an_action_is_json_that_the_browser_reads() -> None:
    action = {"view": "compare", "vs": 3, "pins": ["a'b"]}
    button = build_action("Go", action, "tab", tip="Tip", role="tab").to_plotly_json()["props"]
    assert json.loads(button["data-action"]) == action
    assert (button["data-tip"], button["className"], button["role"]) == ("Tip", "tab", "tab")


def test_an_action_without_a_tip_has_none() -> None:
    assert "data-tip" not in render(build_action(html.B("Go"), {}))


def test_a_button_of_an_icon_says_what_it_does() -> None:
    text = render(build_tool("theme", "moon", "Light or dark"))
    assert 'aria-label="Light or dark"' in text and 'data-do="theme"' in text
    assert 'class="icon icon-moon"' in text and 'aria-hidden="true"' in text
