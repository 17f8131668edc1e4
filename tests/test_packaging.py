"""The contents of a built wheel: all that the dashboard and the demo need outside the checkout."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Files of the wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    for name in ("assets", "precompute", "summit_dash"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*command, "--wheel-dir", str(folder), str(source)], check=True)
    (wheel,) = folder.glob("*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


def test_every_module_and_asset_is_in_the_wheel(names: set[str]) -> None:
    modules = {
        str(p.relative_to(ROOT)) for package in ("precompute", "summit_dash") for p in (ROOT / package).rglob("*.py")
    }
    assets = {
        f"summit_dash/assets/{p.relative_to(ROOT / 'assets')}" for p in (ROOT / "assets").rglob("*") if p.is_file()
    }
    sources = {name for name in assets if name.startswith("summit_dash/assets/src/")}
    assert not (modules | assets - sources) - names
    assert not sources & names, "the wheel has the bundle, not the modules that it is made of"


def test_the_demo_brings_its_weights(names: set[str]) -> None:
    assert {"precompute/demo/weights.safetensors", "precompute/demo/generator.safetensors"} <= names
    assert {"precompute/py.typed", "summit_dash/py.typed"} <= names
