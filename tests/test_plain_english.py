"""Rules of style that a program can check, over all Python files. CONTRIBUTING.md states them."""

from __future__ import annotations

import ast
import re
import tokenize
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.verbs import VERBS

ROOT = Path(__file__).parents[1]
ROOMS = ("precompute", "summit_dash", "tests", "benchmarks")
FILES = sorted(
    path.relative_to(ROOT).as_posix()
    for room in ROOMS
    for path in (ROOT / room).rglob("*.py")
    if "node_modules" not in path.parts
)

MOST_LINES_OF_A_FUNCTION = 60
MOST_LINES_OF_A_FILE = 400
OPENINGS = (
    "of in on at from by with without to for as into behind before after between over under per across through than up "
    "down among beside since until about against near like what how whether which where when who why"
)
"""Words that begin no docstring: prepositions, and words that begin a question."""
FORBIDDEN = ("whence", "lest", "anew", "whoever", "tells", "stands", "hence", "thence", "thereof", "wherein", "whereby")
VERB = re.compile(r"[A-Z][a-z]+(?:s|-[a-z]+s)")
"""A verb in the third person, by its ending."""
CITED = re.compile(
    r"(?<![\w/.{*-])((?:precompute|summit_dash|tests|benchmarks|docs|assets)/[\w/.-]+\.(?:py|js|mjs|md|css|txt)\b)"
)
NAMES_OF_LIBRARIES = (
    "forward",
    "backward",
    "extra_repr",
    "main",
    "map",
    "command",
    "identity",
    "repr_html",
    "dependencies",
    "settings_customise_sources",
)
"""Names that a library calls, or that everyone knows."""
NOUNS_OF_THE_INTERFACE = (
    "channels", "activations", "influences", "confusions", "faithfulness", "graph", "embedding", "picture",
    "examples",
)  # fmt: skip
"""Names of what a notebook asks a run for, in summit_dash/api alone."""
CONVERSIONS = ("to_", "from_")
"""Beginnings of names of conversions, as Python's own libraries have them."""
Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def parse_file(name: str) -> ast.Module:
    return ast.parse((ROOT / name).read_text(encoding="utf-8"))


def list_functions(tree: ast.Module) -> list[Function]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def is_noun(function: Function) -> bool:
    """Returns whether a function is read as an attribute or asked for by name: a property or a fixture."""
    return any(re.search(r"property|fixture|\.setter", ast.unparse(each)) for each in function.decorator_list)


@cache
def list_docstrings(name: str) -> list[tuple[int, str, ast.AST]]:
    """Returns line, text and owner of every docstring of a file, those of attributes and constants included."""
    return [found for node in ast.walk(parse_file(name)) for found in read_docstrings(node)]


def read_docstrings(node: ast.AST) -> Iterator[tuple[int, str, ast.AST]]:
    """Yields the docstring of a node, and those of the attributes and constants in its body."""
    if hasattr(node, "body"):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module):
            text = ast.get_docstring(node)
            if text:
                yield getattr(node, "lineno", 1), text, node
        body = getattr(node, "body", None)
        for before, after in pairwise(body) if isinstance(body, list) else ():
            if isinstance(before, ast.Assign | ast.AnnAssign) and isinstance(after, ast.Expr):
                value = getattr(after.value, "value", None)
                if isinstance(value, str):
                    yield after.lineno, value, after


def needs_verb(owner: ast.AST) -> bool:
    """Returns whether a docstring is that of a function that is no property, fixture or test."""
    is_function = isinstance(owner, ast.FunctionDef | ast.AsyncFunctionDef)
    return is_function and not is_noun(owner) and not owner.name.startswith("test_")


def find_openings(name: str) -> Iterator[str]:
    """Yields docstrings that begin with a preposition or a question, or, of a function, without a verb."""
    for line, text, owner in list_docstrings(name):
        word = text.split()[0].strip(",.:;")
        if word.lower() in OPENINGS.split():
            yield f"{line}: a docstring begins with {word!r}"
        elif needs_verb(owner) and not VERB.fullmatch(word):
            yield f"{line}: a docstring of a function begins with {word!r}, no verb in the third person"


def find_words(name: str) -> Iterator[str]:
    """Yields words that are never used, in names, comments and docstrings; strings for the screen are free."""
    pattern = re.compile(rf"(?<![a-z])({'|'.join(FORBIDDEN)})(?![a-z])", re.IGNORECASE)
    for line, text in (
        *list_comments_and_names(name),
        *((n, text) for n, text, _ in list_docstrings(name)),
    ):
        for found in pattern.findall(text):
            yield f"{line}: the word {found!r}"


@cache
def list_comments_and_names(name: str) -> list[tuple[int, str]]:
    """Returns line and text of every comment and name of a file."""
    with (ROOT / name).open("rb") as file:
        tokens = list(tokenize.tokenize(file.readline))
    return [(token.start[0], token.string) for token in tokens if token.type in (tokenize.COMMENT, tokenize.NAME)]


def find_long(name: str) -> Iterator[str]:
    """Yields files and functions of too many lines."""
    n_lines = (ROOT / name).read_text(encoding="utf-8").count("\n")
    if n_lines > MOST_LINES_OF_A_FILE:
        yield f"1: {n_lines} lines"
    for function in list_functions(parse_file(name)):
        n_lines = (function.end_lineno or 0) - function.lineno + 1
        if n_lines > MOST_LINES_OF_A_FUNCTION:
            yield f"{function.lineno}: {function.name} has {n_lines} lines"


def find_names(name: str) -> Iterator[str]:
    """Yields functions whose name begins with no known verb; properties, fixtures and tests are nouns or sentences."""
    for function in list_functions(parse_file(name)) if VERBS else ():
        own = function.name.strip("_")
        is_free = (
            function.name.startswith(("__", "test_", "visit_"))
            or own.startswith(CONVERSIONS)
            or own in NAMES_OF_LIBRARIES
            or (name.startswith("summit_dash/api/") and own in NOUNS_OF_THE_INTERFACE)
            or is_noun(function)
        )
        if not is_free and own.split("_")[0] not in VERBS:
            yield f"{function.lineno}: {function.name} begins with no verb of tests/support/verbs.py"


def find_citations(name: str) -> Iterator[str]:
    """Yields names of files of the repository in docstrings and comments that are not there."""
    docstrings = [(line, found) for line, found, _ in list_docstrings(name)]
    for line, words in (*list_comments_and_names(name), *docstrings):
        for path in CITED.findall(words):
            if not (ROOT / path).exists():
                yield f"{line}: {path} is not there"


Rule = Callable[[str], Iterator[str]]
RULES: tuple[Rule, ...] = (find_openings, find_words, find_long, find_names, find_citations)


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__.removeprefix("find_"))
def test_rooms_are_in_plain_english(rule: Rule, room: str) -> None:
    found = [f"{name}:{finding}" for name in FILES if name.startswith(f"{room}/") for finding in rule(name)]
    assert not found, "\n".join(["", *found])


@pytest.mark.parametrize(
    ("text", "rule", "expected"),
    [
        pytest.param(
            'def read():\n    """Of a file."""\n', find_openings, ["1: a docstring begins with 'Of'"], id="of"
        ),
        pytest.param('"""How it works."""\n', find_openings, ["1: a docstring begins with 'How'"], id="how"),
        pytest.param('X = 1\n"""In pixels."""\n', find_openings, ["2: a docstring begins with 'In'"], id="constant"),
        pytest.param(
            'def read():\n    """The file."""\n',
            find_openings,
            ["1: a docstring of a function begins with 'The', no verb in the third person"],
            id="noun",
        ),
        pytest.param(
            'class A:\n    @property\n    def side(self):\n        """Side in pixels."""\n',
            find_openings,
            [],
            id="property",
        ),
        pytest.param('def read():\n    """Reads a file."""\n', find_openings, [], id="verb"),
        pytest.param(
            "tells_all = 'tells'  # anew\n", find_words, ["1: the word 'tells'", "1: the word 'anew'"], id="words"
        ),
        pytest.param("def long():\n" + "    x = 1\n" * 60, find_long, ["1: long has 61 lines"], id="long function"),
        pytest.param("x = 1\n" * 401, find_long, ["1: 401 lines"], id="long file"),
        pytest.param('"""See docs/gone.md."""\n', find_citations, ["1: docs/gone.md is not there"], id="gone"),
        pytest.param('"""See docs/data.md and shop/gone.py."""\n', find_citations, [], id="there"),
    ],
)
def test_a_rule_finds_what_breaks_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, rule: Rule, expected: list[str]
) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "data.md").touch()
    name = "sample.py"
    parse_file.cache_clear()
    list_docstrings.cache_clear()
    list_comments_and_names.cache_clear()
    (tmp_path / name).write_text(text)
    monkeypatch.setattr("tests.test_plain_english.ROOT", tmp_path)
    assert list(rule(name)) == expected
