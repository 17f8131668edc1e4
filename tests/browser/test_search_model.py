"""The search among names: what it finds, in what order, and its edits against a slow reference."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.browser

NAMES = (
    "goldfish, Carassius auratus",
    "timber wolf, grey wolf, Canis lupus",
    "white wolf, Arctic wolf",
    "golf ball",
    "wolf spider, hunting spider",
    "black-footed ferret",
    "café, coffeehouse",
)


def slow_edits(typed: str, word: str) -> int:
    """Inserts, deletes, replacements and swaps of neighbours, by the definition."""

    @cache
    def far(i: int, j: int) -> int:
        if not i or not j:
            return i + j
        same = typed[i - 1] == word[j - 1]
        ways = [far(i - 1, j) + 1, far(i, j - 1) + 1, far(i - 1, j - 1) + (not same)]
        if i > 1 and j > 1 and typed[i - 1] == word[j - 2] and typed[i - 2] == word[j - 1]:
            ways.append(far(i - 2, j - 2) + 1)
        return min(ways)

    return far(len(typed), len(word))


@pytest.fixture
def opened(page: Page, url: str) -> Page:
    page.goto(url)
    page.wait_for_function("() => window.summitDash && window.summitDash.model.fuzzy")
    return page


def search(page: Page, text: str) -> list[int]:
    """Ids of what is found, the best first."""
    classes = [
        {"id": i, "name": n.split(",")[0], "full": n, "synset": f"n{100 + i}", "group": i % 2}
        for i, n in enumerate(NAMES)
    ]
    script = """([classes, text]) => {
      const {fuzzy} = window.summitDash.model;
      const found = fuzzy.search(fuzzy.buildIndex(classes, ['things', 'Animals']), text);
      return found && [...found.scores].sort((a, b) => a[1] - b[1] || a[0] - b[0]).map(([id]) => id);
    }"""
    found: list[int] = page.evaluate(script, [classes, text])
    return found


def test_edits_are_those_of_the_reference(opened: Page) -> None:
    rng = np.random.default_rng(3)
    pairs = [["".join(rng.choice(list("abcd"), rng.integers(1, 9))) for _ in range(2)] for _ in range(300)]
    script = "(pairs) => pairs.map(([a, b]) => window.summitDash.model.fuzzy.edits(a, b))"
    found: list[dict[str, Any]] = opened.evaluate(script, pairs)
    assert [each["whole"] for each in found] == [slow_edits(a, b) for a, b in pairs]
    beginnings = [min(slow_edits(a, b[:n]) for n in range(len(b) + 1)) for a, b in pairs]
    assert [each["start"] for each in found] == beginnings


@pytest.mark.parametrize("limit", [0, 1, 2])
def test_edits_beyond_the_limit_are_infinite(opened: Page, limit: int) -> None:
    rng = np.random.default_rng(4)
    pairs = [["".join(rng.choice(list("ab"), rng.integers(1, 7))) for _ in range(2)] for _ in range(200)]
    script = """([pairs, limit]) => pairs.map(([a, b]) => window.summitDash.model.fuzzy.edits(a, b, limit).whole)
      .map((value) => (value === Infinity ? null : value))"""
    expected = [far if (far := slow_edits(a, b)) <= limit else None for a, b in pairs]
    assert opened.evaluate(script, [pairs, limit]) == expected


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("wolf", [1, 2, 4]),  # as typed: "golf" is one edit away, and not what was asked for
        ("Timber WOLF", [1]),
        ("wolf arctic", [2]),
        ("gold", [0]),
        ("footed", [5]),
        ("cafe", [6]),
        ("#3", [3]),
        ("n105", [5]),
        ("animals", [1, 3, 5]),
        ("animals spider", []),
        ("tmber", [1]),  # a letter too few
        ("timbre wolfe", [1]),
        ("goldfsih", [0]),  # two letters swapped
        ("artcic", [2]),
        ("spid", [4]),
        ("spixer hunring", [4]),
        ("xyz", []),
        ("#77", []),  # numbers are never forgiven
    ],
)
def test_what_is_found(opened: Page, text: str, found: list[int]) -> None:
    assert search(opened, text) == found


def test_nothing_typed_searches_for_nothing(opened: Page) -> None:
    assert search(opened, "  ") is None


def test_letters_are_marked_apart(opened: Page) -> None:
    script = (
        """([name, words, near]) => window.summitDash.model.fuzzy.markLetters(name, {words, near: new Set(near)})"""
    )
    assert opened.evaluate(script, ["Café au lait", ["cafe", "la"], []]) == [[0, 4], [8, 10]]
    assert opened.evaluate(script, ["wolf wolfhound", ["wolf", "olfh"], []]) == [[0, 4], [5, 10]]
    assert opened.evaluate(script, ["timber wolf", ["tmber"], ["timber"]]) == [[0, 6]]
