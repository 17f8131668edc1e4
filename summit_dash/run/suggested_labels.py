"""Labels suggested for a channel: words that the classes that use it most share, and other classes seldom have.

A word of `n` of the run's `N` classes that `k` of the channel's `K` top classes have is judged by Fisher's exact test,
one-sided: the probability of `k` or more among `K` classes drawn at random, the tail of the hypergeometric distribution
(Fisher, Statistical methods for research workers, 1934, section 21.02). Bonferroni's correction counts the words of
two classes or more, which are all that may be suggested. Pure functions of names, groups and shares.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Set
from typing import NamedTuple

__all__ = [
    "N_TOP",
    "SEPARATOR",
    "Naming",
    "Suggestion",
    "Vocabulary",
    "build_vocabulary",
    "choose_top",
    "split_words",
    "suggest",
]

N_TOP = 12
"""Top classes of a channel, more where the last ones are level."""
N_WORDS = 3
"""Words of a suggestion at most."""
SIGNIFICANCE = 0.05
"""Probability that a word is suggested by chance, after the correction."""
SEPARATOR = ", "
OF_GREATEST = 0.5
"""A top class uses the channel in at least this fraction of the greatest share of images."""
BY_ONE_WORD = 0.25
"""Of the top classes, at least this fraction has a suggested word."""
BY_ALL_WORDS = 0.4
"""Of the top classes, at least this fraction has one of the suggested words."""
COMMON = 0.5
"""A word of more than this fraction of all classes tells nothing."""
STOP_WORDS = frozenset(
    {"a", "an", "and", "at", "by", "for", "from", "in", "of", "on", "or", "other", "the", "to", "with", "without"}
)


class Naming(NamedTuple):
    """How a class is named; `name` may hold several names with commas between them."""

    name: str
    group: str | None


class Vocabulary(NamedTuple):
    """The words of a run's classes.

    Attributes:
        words: by class, the words of its names, and its group as one word.
        heads: by class, the words that say what it is: the last ones of its names, and its group.
        n_classes: by word, the classes that have it.
        n_candidates: words of two classes or more.
    """

    words: Mapping[int, frozenset[str]]
    heads: Mapping[int, frozenset[str]]
    n_classes: Mapping[str, int]
    n_candidates: int


class Suggestion(NamedTuple):
    """`n_sharing` of the `n_top` top classes have one of the words."""

    words: tuple[str, ...]
    n_sharing: int
    n_top: int


class _Candidate(NamedTuple):
    probability: float
    word: str
    having: frozenset[int]


# --- words ----------------------------------------------------------------------------------------------------------


def split_words(text: str) -> list[str]:
    """The words in lower case, without stop words and single letters; whatever is no letter parts words."""
    lower = unicodedata.normalize("NFC", text).lower()
    letters = "".join(c if c.isalpha() or unicodedata.category(c)[0] == "M" else " " for c in lower)
    return [word for word in letters.split() if word not in STOP_WORDS and not _is_letter(word)]


def _is_letter(word: str) -> bool:
    """Whether it is a single letter; a character of a script without capitals may be a word."""
    return len(word) == 1 and word.upper() != word


def build_vocabulary(classes: Mapping[int, Naming]) -> Vocabulary:
    """The words of all classes. A plural counts as its singular where that is a word of the run too."""
    known = {word for naming in classes.values() for word in (*split_words(naming.name), *_group(naming))}
    words, heads = {}, {}
    for class_id, (name, group) in classes.items():
        names = [found for part in re.split("[,;]", name) if (found := split_words(part))]
        own = {_find_singular(word, known) for word in _group(Naming(name, group))}
        words[class_id] = frozenset({_find_singular(word, known) for found in names for word in found} | own)
        heads[class_id] = frozenset({_find_singular(found[-1], known) for found in names} | own)
    n_classes = Counter(word for of_class in words.values() for word in of_class)
    return Vocabulary(words, heads, n_classes, sum(n > 1 for n in n_classes.values()))


def _group(naming: Naming) -> list[str]:
    """The group as one word, its spaces kept; none where there is no group or it has no words."""
    words = split_words(naming.group or "")
    return words if len(words) < 2 else [" ".join((naming.group or "").lower().replace("_", " ").split())]


def _find_singular(word: str, known: Set[str]) -> str:
    return next((singular for singular in _list_singulars(word) if len(singular) > 2 and singular in known), word)


def _list_singulars(word: str) -> Iterator[str]:
    for ending, instead in (("ies", "y"), ("es", ""), ("s", "")):
        if word.endswith(ending):
            yield word[: -len(ending)] + instead


# --- suggestions ----------------------------------------------------------------------------------------------------


def choose_top(shares: Mapping[int, float]) -> list[int]:
    """The top classes of a channel, the greatest share first.

    Args:
        shares: by class, the share of its images that use the channel, above 0.

    Returns:
        The `N_TOP` classes of greatest share and those level with the last of them, without those that use it in less
        than half of the greatest share.
    """
    ordered = sorted(shares, key=lambda class_id: (-shares[class_id], class_id))
    if not ordered:
        return []
    least = max(shares[ordered[:N_TOP][-1]], OF_GREATEST * shares[ordered[0]])
    return [class_id for class_id in ordered if shares[class_id] >= least]


def suggest(vocabulary: Vocabulary, top: list[int], longest: int = 80) -> Suggestion | None:
    """The words that most likely are no chance, at most three; None where the top classes share none.

    Every word is one that the words before leave two or more top classes without. Of several words that the very same
    top classes have, it is the one that says most often what they are.

    Args:
        vocabulary: of all classes of the run.
        top: see `choose_top`.
        longest: characters of the words together, `SEPARATOR` between them; a word that finds no room is left out.
    """
    candidates = _list_candidates(vocabulary, top)
    chosen: list[str] = []
    sharing: frozenset[int] = frozenset()
    for candidate in candidates:
        if len(candidate.having - sharing) < 2 or len(chosen) == N_WORDS:
            continue
        word = _choose_best_named(vocabulary, [other for other in candidates if other.having == candidate.having])
        if len(SEPARATOR.join([*chosen, word])) > longest:
            continue
        chosen.append(word)
        sharing |= candidate.having
    if not chosen or len(sharing) < BY_ALL_WORDS * len(top):
        return None
    return Suggestion(tuple(chosen), len(sharing), len(top))


def _choose_best_named(vocabulary: Vocabulary, alike: list[_Candidate]) -> str:
    """Of words that the same classes have; ties in their order."""
    return max(alike, key=lambda each: sum(each.word in vocabulary.heads[class_id] for class_id in each.having)).word


def _list_candidates(vocabulary: Vocabulary, top: list[int]) -> list[_Candidate]:
    """The words that may be suggested, the least probable first; ties by word."""
    n_all = len(vocabulary.words)
    found = []
    for word, n_having in Counter(word for class_id in top for word in vocabulary.words[class_id]).items():
        n = vocabulary.n_classes[word]
        if n_having < 2 or n_having < BY_ONE_WORD * len(top) or n > COMMON * n_all:
            continue
        probability = _compute_tail(n_having, len(top), n, n_all)
        if probability * vocabulary.n_candidates <= SIGNIFICANCE:
            having = frozenset(class_id for class_id in top if word in vocabulary.words[class_id])
            found.append(_Candidate(probability, word, having))
    return sorted(found, key=lambda each: (each.probability, each.word))


def _compute_tail(n_having: int, n_top: int, n: int, n_all: int) -> float:
    """The probability that of `n_top` classes drawn at random from all, `n_having` or more have a word of `n`."""
    most = min(n, n_top)
    whole = _compute_log_choose(n_all, n_top)
    possible = range(max(n_having, n_top - (n_all - n)), most + 1)
    return sum(
        math.exp(_compute_log_choose(n, k) + _compute_log_choose(n_all - n, n_top - k) - whole) for k in possible
    )


def _compute_log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
