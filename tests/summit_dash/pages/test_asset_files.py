from __future__ import annotations

from summit_dash.pages.asset_files import find_assets


def test_assets_are_found() -> None:
    assert (find_assets() / "summit_dash.js").is_file()
    assert (find_assets() / "fonts" / "OFL.txt").is_file()
