"""The committed bundle is what esbuild makes of the modules, and TypeScript checks each of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from summit_dash.pages.asset_files import find_assets
from tests.js.build import BUNDLE, build_bundle


@pytest.mark.parametrize("name", BUNDLE)
def test_bundle_is_that_of_the_modules(name: str, tmp_path: Path) -> None:
    build_bundle(tmp_path)
    assert (tmp_path / name).read_bytes() == (find_assets() / name).read_bytes(), "run `python -m tests.js.build`"


def test_plotly_is_the_file_of_its_package() -> None:
    here = Path(__file__).parent
    name = "node_modules/plotly.js-basic-dist-min"
    package = here / name
    if not package.is_dir():
        pytest.skip("The package of Plotly is not installed: `python -m tests.js.build` installs it.")
    locked = json.loads((here / "package-lock.json").read_text())["packages"][name]["version"]
    assert json.loads((package / "package.json").read_text())["version"] == locked
    vendored = (find_assets() / "vendor" / "plotly-basic.min.js").read_bytes()
    assert vendored == (package / "plotly-basic.min.js").read_bytes()
    assert f"v{locked}".encode() in vendored[:400]


UNCHECKED = {"points.js", "scales.js", "scatter.js"}
"""The modules that TypeScript does not check yet."""


def test_modules_are_checked_by_typescript() -> None:
    modules = sorted((find_assets() / "src").rglob("*.js"))
    assert modules
    without = {path.name for path in modules if not path.read_text().startswith("// @ts-check\n")}
    assert without <= UNCHECKED
