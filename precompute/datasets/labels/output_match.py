"""Classes of the images found among the model's outputs by their names."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from precompute.contract.labelled import LabelledClass

__all__ = ["ModelOutputs", "NameMatch", "match_names"]

_Reading: TypeAlias = tuple[Callable[[LabelledClass], str], Mapping[str, list[int]]]
"""What a class is found by, and the outputs of each key."""
_SYNSET = re.compile(r"n\d{8}(?!\d)")


@dataclass(frozen=True)
class ModelOutputs:
    """What is known of a model's outputs.

    Args:
        number: how many there are.
        names: of each, in order; None where nobody knows.
        synsets: of each, in order, such as `n02012849`; None where they are not ImageNet's.
    """

    number: int
    names: Sequence[str] | None = None
    synsets: Sequence[str] | None = None


@dataclass(frozen=True)
class NameMatch:
    """The output of each class that one alone has the name of, by class_id; and the classes that have several or none.

    Args:
        outputs: one for each class that was found; no output is that of two classes.
        ambiguous: the outputs of a class's name, where there are several.
        unknown: classes whose name no output has, or that share an output.
    """

    outputs: Mapping[int, int]
    ambiguous: Mapping[LabelledClass, Sequence[int]]
    unknown: Sequence[LabelledClass]


def match_names(classes: Iterable[LabelledClass], outputs: ModelOutputs) -> NameMatch:
    """Finds each class by its synset, its name, its name in any spelling, or the first of several names.

    Upper and lower case, blanks, hyphens and underscores are alike in the last two.
    """
    readings = _readings(outputs)
    found = {labelled: _outputs_of(labelled, readings) for labelled in classes}
    taken = Counter(places[0] for places in found.values() if len(places) == 1)
    sure = {c.class_id: places[0] for c, places in found.items() if len(places) == 1 and taken[places[0]] == 1}
    ambiguous = {labelled: places for labelled, places in found.items() if len(places) > 1}
    unknown = [c for c, places in found.items() if c.class_id not in sure and len(places) < 2]
    return NameMatch(sure, ambiguous, unknown)


def _readings(outputs: ModelOutputs) -> Sequence[_Reading]:
    """What a class may be found by, the surest first."""
    names = outputs.names or ()
    spellings = (_composed, _plain, _first)
    return [
        (_synset, _places(outputs.synsets or ())),
        *(
            ((lambda labelled, spell=spell: spell(labelled.class_name)), _places(map(spell, names)))
            for spell in spellings
        ),
    ]


def _outputs_of(labelled: LabelledClass, readings: Sequence[_Reading]) -> list[int]:
    for key_of, places in readings:
        if found := places.get(key_of(labelled)):
            return found
    return []


def _places(keys: Iterable[str]) -> Mapping[str, list[int]]:
    places: dict[str, list[int]] = defaultdict(list)
    for place, key in enumerate(keys):
        if key:
            places[key].append(place)
    return dict(places)


def _synset(labelled: LabelledClass) -> str:
    """As stated, or at the start of the name: `n02085620-Chihuahua`."""
    match = _SYNSET.match(labelled.class_name)
    return labelled.synset or (match[0] if match else "")


def _composed(name: str) -> str:
    """As it is, whether its accents are letters of their own, as in the names of files on a Mac, or not."""
    return unicodedata.normalize("NFC", name.strip())


def _plain(name: str) -> str:
    return re.sub(r"[-_\s]+", " ", _composed(name)).strip().casefold()


def _first(name: str) -> str:
    return _plain(name.partition(",")[0])
