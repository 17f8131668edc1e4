"""The tests mirror the tree: `precompute/graphs/build.py` is tested by `tests/precompute/graphs/test_build.py`."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("precompute", "summit_dash")
LONG = 100
"""Lines from which a module has a test file of its own name."""
LEAST_SHARE = 0.75


def list_modules(package: str) -> list[Path]:
    """Returns the modules that hold code, relative to the root; an `__init__` with a docstring alone is none."""
    found = sorted((ROOT / package).rglob("*.py"))
    return [path.relative_to(ROOT) for path in found if path.name != "__init__.py" or count_lines(path) > 10]


def count_lines(path: Path) -> int:
    return path.read_text(encoding="utf-8").count("\n")


def find_test(module: Path) -> Path:
    """Returns the file in which the tests of a module belong; those of a package's `__init__` have its name."""
    name = module.parent.name if module.name == "__init__.py" else module.stem
    return Path("tests") / module.parent / f"test_{name}.py"


def has_test(module: Path) -> bool:
    return (ROOT / find_test(module)).is_file()


@pytest.mark.parametrize("package", PACKAGES)
def test_every_long_module_has_a_test_file(package: str) -> None:
    missing = [
        f"{m} -> {find_test(m)}" for m in list_modules(package) if count_lines(ROOT / m) > LONG and not has_test(m)
    ]
    assert not missing, "\n".join(["", *missing])


@pytest.mark.parametrize("package", PACKAGES)
def test_most_modules_have_a_test_file(package: str) -> None:
    modules = list_modules(package)
    without = [str(module) for module in modules if not has_test(module)]
    share = 1 - len(without) / len(modules)
    assert share >= LEAST_SHARE, "\n".join([f"{share:.0%} of {len(modules)} modules; without:", *without])
