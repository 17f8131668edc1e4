"""The words suggested as a channel's label, by the definition and in whole numbers."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import comb

__all__ = ["compute_tail", "find_suggestion"]


def compute_tail(n_having: int, n_top: int, n: int, n_all: int) -> Fraction:
    """Computes the share of draws of `n_top` of `n_all` classes that hold `n_having` or more of `n` given ones."""
    ways = [comb(n, k) * comb(n_all - n, n_top - k) for k in range(n_top + 1)]
    return Fraction(sum(ways[n_having:]), comb(n_all, n_top))


def find_suggestion(words: Mapping[int, set[str]], top: list[int]) -> tuple[list[str], int] | None:
    """Suggests words for top classes and counts those that have one; every word must head the names of its classes."""
    every_word = sorted(set.union(*words.values()))
    having = {word: {c for c in words if word in words[c]} for word in every_word}
    of_several = [word for word in every_word if len(having[word]) > 1]
    left = []
    for word in of_several:
        mine = having[word] & set(top)
        probability = compute_tail(len(mine), len(top), len(having[word]), len(words))
        is_shared = len(mine) >= 2 and 4 * len(mine) >= len(top)
        is_common = 2 * len(having[word]) > len(words)
        if is_shared and not is_common and probability * len(of_several) <= Fraction(1, 20):
            left.append((probability, word))
    chosen: list[str] = []
    sharing: set[int] = set()
    for _, word in sorted(left):
        if len(chosen) < 3 and len(having[word] & set(top) - sharing) >= 2:
            chosen.append(word)
            sharing |= having[word] & set(top)
    return (chosen, len(sharing)) if chosen and 5 * len(sharing) >= 2 * len(top) else None
