"""Numbers and names as text: shares with their n, and labels that no two classes share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from math import floor

from summit_dash.run.similarity import cut_to_thousandths
from summit_dash.run.store import ClassInfo

__all__ = [
    "DASH",
    "NO_ACCURACY",
    "NO_ACCURACY_IMPORTED",
    "format_cosine",
    "format_count",
    "format_part",
    "format_percent",
    "format_plural",
    "label_classes",
]

DASH = "–"
"""Text in place of a number that does not exist."""
_HALF = 0.5 + 1e-6
"""Half of the last digit, and more than the error of a product: 1000 x 0.0645 is 64.5 in decimals."""
NO_ACCURACY = "The labels are not the model's outputs, so there is no accuracy."
NO_ACCURACY_IMPORTED = "The imported data does not tell accuracies."


def format_percent(fraction: float | None) -> str:
    """Formats a fraction as 82.1 %; a dash for None.

    Halves are rounded up, on the decimal number of six places that the page has too: `percent` in
    `assets/src/format.js` writes the same digits.
    """
    return DASH if fraction is None else f"{floor(1000 * round(fraction, 6) + _HALF) / 10:.1f} %"


def format_cosine(cosine: float | None) -> str:
    """Formats a cosine as 0.48; a dash for None.

    Halves are rounded up, on the thousandths that payloads hold: `cosine` in `assets/src/format.js` writes the same
    digits.
    """
    return DASH if cosine is None else f"{(int(cut_to_thousandths(cosine)) + 5) // 10 / 100:.2f}"


def format_count(n: int) -> str:
    """Formats a number as 1,281,167."""
    return f"{n:,}"


def format_plural(n: int, noun: str, plural_noun: str | None = None) -> str:
    """Formats a number with its noun: "1 image", "1,300 images"."""
    return f"{n:,} {noun if n == 1 else plural_noun or noun + 's'}"


def format_part(part: int, whole: int) -> str:
    """Formats two numbers as "1,120 of 1,300"."""
    return f"{part:,} of {whole:,}"


def label_classes(classes: Mapping[int, ClassInfo]) -> dict[int, tuple[str, str]]:
    """Returns the first name of each class, and a mark where other classes have the same one.

    The mark is the synset, or #id where that is not unique. It is empty where no other class has the name.
    """
    uses = Counter(info.short_name.casefold() for info in classes.values())
    synsets = Counter(info.synset for info in classes.values())
    labels = {}
    for class_id, info in classes.items():
        is_shared = uses[info.short_name.casefold()] > 1
        unique = info.synset if info.synset and synsets[info.synset] == 1 else f"#{class_id}"
        labels[class_id] = (info.short_name, unique if is_shared else "")
    return labels
