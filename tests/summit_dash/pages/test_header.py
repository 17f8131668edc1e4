from __future__ import annotations

import re

from summit_dash.pages.asset_files import find_assets
from summit_dash.pages.header import SHORTCUTS, build_help, build_layout
from tests.support.rendering import render


def test_every_icon_is_in_the_style_sheet() -> None:
    named = set(re.findall(r'class="icon (icon-[\w-]+)"', render([build_layout("a.svg"), build_help()])))
    styles = (find_assets() / "src" / "base.css").read_text()
    assert named and all(f".{name} " in styles for name in named)


def test_the_list_of_shortcuts_names_each_key_once_and_opens_closed() -> None:
    keys = [keys for keys, _ in SHORTCUTS]
    assert len(keys) == len(set(keys))
    text = render(build_help())
    assert text.startswith('<div id="help" class="help" hidden>') and 'role="dialog"' in text
    assert all(f"<span>{meaning}</span>" in text for _, meaning in SHORTCUTS)


def test_every_button_has_a_function_in_the_browser() -> None:
    scripts = "\n".join(path.read_text() for path in (find_assets() / "src").rglob("*.js"))
    names = re.findall(r'data-do="([\w-]+)"', render([build_layout("a.svg"), build_help()]))
    for name in names:
        assert re.search(rf"['{{ ]{name}'?: |doing\.{name} =", scripts), name
