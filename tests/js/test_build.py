"""The committed bundle is what esbuild makes of the modules."""

from __future__ import annotations

from pathlib import Path

import pytest

from summit_dash.pages.asset_files import find_assets
from tests.js.build import BUNDLE, build_bundle


@pytest.mark.parametrize("name", BUNDLE)
def test_bundle_is_that_of_the_modules(name: str, tmp_path: Path) -> None:
    build_bundle(tmp_path)
    assert (tmp_path / name).read_bytes() == (find_assets() / name).read_bytes(), "run `python -m tests.js.build`"
