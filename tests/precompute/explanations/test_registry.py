"""The registry of methods: a new method is a new file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from precompute.contract.errors import InputError
from precompute.explanations import methods
from precompute.explanations.registry import find_method, find_methods

NEW = """
    from dataclasses import replace

    from precompute.explanations.methods.gradient import METHODS as found

    METHODS = (replace(found[0], name="NAME", rank=1),)
"""


@pytest.fixture
def add_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], None]]:
    """A function that puts a module into the folder of methods."""
    added: list[str] = []
    monkeypatch.setattr(methods, "__path__", [*methods.__path__, str(tmp_path)])

    def add(name: str, text: str) -> None:
        (tmp_path / f"{name}.py").write_text(dedent(text))
        added.append(name)

    yield add
    for name in added:
        sys.modules.pop(f"{methods.__name__}.{name}", None)
        vars(methods).pop(name, None)


def test_methods_are_in_the_order_of_their_ranks(add_file: Callable[[str, str], None]) -> None:
    add_file("new", NEW.replace("NAME", "newest"))
    found = find_methods()
    assert next(iter(found)) == "newest"
    ranks = [method.rank for method in found.values()]
    assert ranks == sorted(ranks)


def test_every_method_says_what_it_is() -> None:
    for name, method in find_methods().items():
        assert method.name == name
        assert all((method.title, method.citation, method.needs, method.holds)), name


def test_an_unknown_method_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match=r"Found gradiant\. Did you mean gradient\?"):
        find_method("gradiant")


def test_a_module_without_methods_is_a_developers_error(add_file: Callable[[str, str], None]) -> None:
    add_file("empty", "METHODS = ['gradient']")
    with pytest.raises(TypeError, match=r"methods\.empty exports no METHODS"):
        find_methods()


def test_two_methods_of_one_name_are_a_developers_error(add_file: Callable[[str, str], None]) -> None:
    add_file("twice", NEW.replace("NAME", "gradient"))
    with pytest.raises(ValueError, match=r"twice defines the method 'gradient'"):
        find_methods()
