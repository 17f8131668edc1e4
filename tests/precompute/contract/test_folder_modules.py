"""The modules of a folder, for registries."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from precompute.contract.folder_modules import import_modules


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A package with two entries, a registry, and a folder of its own inside."""
    folder = tmp_path / "shelf"
    (folder / "inner").mkdir(parents=True)
    for name in ("__init__", "zinc", "amber", "registry", "inner/__init__", "inner/deep"):
        (folder / f"{name}.py").write_text(f"NAME = {name!r}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield importlib.import_module("shelf")
    for name in [name for name in sys.modules if name.partition(".")[0] == "shelf"]:
        del sys.modules[name]


def test_modules_come_in_alphabetical_order_and_folders_are_not_entered(package: ModuleType) -> None:
    assert [module.NAME for module in import_modules(package)] == ["amber", "inner/__init__", "registry", "zinc"]
    assert "shelf.inner.deep" not in sys.modules


def test_modules_that_are_no_entries_are_not_even_imported(package: ModuleType) -> None:
    assert [module.NAME for module in import_modules(package, ["registry", "inner"])] == ["amber", "zinc"]
    assert "shelf.registry" not in sys.modules


def test_a_second_folder_of_the_package_counts_too(package: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "brass.py").write_text("NAME = 'brass'\n")
    package.__path__ = [*package.__path__, str(tmp_path / "more")]
    assert "brass" in [module.NAME for module in import_modules(package)]
