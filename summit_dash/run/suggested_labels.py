"""Labels suggested for a channel: words that most of its top classes share and that other classes seldom have.

Let `n` of the run's `N` classes have a word, and `k` of the channel's `K` top classes. Fisher's exact test, one-sided,
gives the probability of `k` or more among `K` classes drawn at random: a tail of the hypergeometric distribution
(Fisher 1934, section 21.02). Bonferroni's correction multiplies it by the number of words that two classes or more
have, because only these can be suggested. Pure functions of names, groups and shares.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Set
from typing import NamedTuple

from summit_dash.run.hypergeometric import compute_tail

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
"""Number of top classes of a channel; there are more where others equal the last one."""
N_WORDS = 3
"""Greatest number of words of a suggestion."""
SIGNIFICANCE = 0.05
"""Greatest probability, after the correction, that a suggested word is there by chance."""
SEPARATOR = ", "
OF_GREATEST = 0.5
"""Least share of images in which a top class uses the channel, as a fraction of the greatest share."""
BY_ONE_WORD = 0.25
"""Least fraction of the top classes that have a suggested word."""
BY_ALL_WORDS = 0.4
"""Least fraction of the top classes that have any of the suggested words."""
COMMON = 0.5
"""Fraction of all classes above which a word says nothing about a channel."""
STOP_WORDS = frozenset(
    {"a", "an", "and", "at", "by", "for", "from", "in", "of", "on", "or", "other", "the", "to", "with", "without"}
)


class Naming(NamedTuple):
    """The names of a class, separated by commas in `name`, and its super-class."""

    name: str
    group: str | None


class Vocabulary(NamedTuple):
    """The words of a run's classes.

    Attributes:
        words: words of the names of each class, and its group as one word.
        heads: last word of each name of a class, and its group: they say what the class is.
        n_classes: number of classes that have each word.
        n_candidates: number of words that two classes or more have.
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
    """Splits a text into words of letters, in lower case, without stop words and single letters."""
    lower = unicodedata.normalize("NFC", text).lower()
    letters = "".join(c if c.isalpha() or unicodedata.category(c)[0] == "M" else " " for c in lower)
    return [word for word in letters.split() if word not in STOP_WORDS and not _is_letter(word)]


def _is_letter(word: str) -> bool:
    """Returns True for a single letter. A character of a script without capitals may be a word, so it is none."""
    return len(word) == 1 and word.upper() != word


def build_vocabulary(classes: Mapping[int, Naming]) -> Vocabulary:
    """Builds the words of all classes. A plural counts as its singular where the run has the singular too."""
    known = {word for naming in classes.values() for word in (*split_words(naming.name), *_read_group(naming))}
    words, heads = {}, {}
    for class_id, (name, group) in classes.items():
        names = [found for part in re.split("[,;]", name) if (found := split_words(part))]
        own = {_find_singular(word, known) for word in _read_group(Naming(name, group))}
        words[class_id] = frozenset({_find_singular(word, known) for found in names for word in found} | own)
        heads[class_id] = frozenset({_find_singular(found[-1], known) for found in names} | own)
    n_classes = Counter(word for of_class in words.values() for word in of_class)
    return Vocabulary(words, heads, n_classes, sum(n > 1 for n in n_classes.values()))


def _read_group(naming: Naming) -> list[str]:
    """Returns the group as one word, its spaces kept; nothing where there is no group or it has no words."""
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
    """Chooses the top classes of a channel, greatest share first.

    Args:
        shares: share of each class's images that use the channel, above 0.

    Returns:
        The `N_TOP` classes of greatest share and those that equal the last of them. Classes with less than half of the
        greatest share are left out.
    """
    ordered = sorted(shares, key=lambda class_id: (-shares[class_id], class_id))
    if not ordered:
        return []
    least = max(shares[ordered[:N_TOP][-1]], OF_GREATEST * shares[ordered[0]])
    return [class_id for class_id in ordered if shares[class_id] >= least]


def suggest(vocabulary: Vocabulary, top: list[int], longest: int = 80) -> Suggestion | None:
    """Suggests the words that are least likely by chance, three at most; None where there are none.

    Each word is one of at least two top classes that have none of the words before it. Of words that the same top
    classes have, the one that heads the most of their names is chosen.

    Args:
        vocabulary: words of all classes of the run.
        top: the top classes, by `choose_top`.
        longest: greatest number of characters of the words with `SEPARATOR` between them. A word that does not fit is
            left out.
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
    """Chooses the word that heads the most names of its classes; the first of several."""
    return max(alike, key=lambda each: sum(each.word in vocabulary.heads[class_id] for class_id in each.having)).word


def _list_candidates(vocabulary: Vocabulary, top: list[int]) -> list[_Candidate]:
    """Lists the words that may be suggested, least probable first; ties by word."""
    n_all = len(vocabulary.words)
    found = []
    for word, n_having in Counter(word for class_id in top for word in vocabulary.words[class_id]).items():
        n = vocabulary.n_classes[word]
        if n_having < 2 or n_having < BY_ONE_WORD * len(top) or n > COMMON * n_all:
            continue
        probability = compute_tail(n_having, len(top), n, n_all)
        if probability * vocabulary.n_candidates <= SIGNIFICANCE:
            having = frozenset(class_id for class_id in top if word in vocabulary.words[class_id])
            found.append(_Candidate(probability, word, having))
    return sorted(found, key=lambda each: (each.probability, each.word))
