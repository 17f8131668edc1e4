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
"""A function that returns the key of a class, and the outputs of each key."""
_SYNSET = re.compile(r"n\d{8}(?!\d)")


@dataclass(frozen=True)
class ModelOutputs:
    """The facts that are known of a model's outputs.

    Attributes:
        number: of outputs.
        names: of each output, in order; None if unknown.
        synsets: of each output, in order, such as `n02012849`; None if the outputs are not ImageNet's.
    """

    number: int
    names: Sequence[str] | None = None
    synsets: Sequence[str] | None = None


@dataclass(frozen=True)
class NameMatch:
    """The outputs that have the names of classes.

    Attributes:
        outputs: by class_id, the only output with the name of the class; no two classes have the same output.
        ambiguous: classes whose name several outputs have, with these outputs.
        unknown: classes whose name no output has, and classes that share an output.
    """

    outputs: Mapping[int, int]
    ambiguous: Mapping[LabelledClass, Sequence[int]]
    unknown: Sequence[LabelledClass]


def match_names(classes: Iterable[LabelledClass], outputs: ModelOutputs) -> NameMatch:
    """Finds each class by its synset, its name, its name in any spelling, or the first of several names.

    The last two ignore case, and treat blanks, hyphens and underscores alike. The first of the four that finds an
    output decides.
    """
    readings = _build_readings(outputs)
    found = {labelled: _find_outputs(labelled, readings) for labelled in classes}
    taken = Counter(indices[0] for indices in found.values() if len(indices) == 1)
    sure = {c.class_id: indices[0] for c, indices in found.items() if len(indices) == 1 and taken[indices[0]] == 1}
    ambiguous = {labelled: indices for labelled, indices in found.items() if len(indices) > 1}
    unknown = [c for c, indices in found.items() if c.class_id not in sure and len(indices) < 2]
    return NameMatch(sure, ambiguous, unknown)


def _build_readings(outputs: ModelOutputs) -> Sequence[_Reading]:
    """Builds the ways to find a class, the surest first."""
    names = outputs.names or ()
    spellings = (_compose_accents, _simplify, _take_first_name)
    return [
        (_read_synset, _index_keys(outputs.synsets or ())),
        *(
            ((lambda labelled, spell=spell: spell(labelled.class_name)), _index_keys(map(spell, names)))
            for spell in spellings
        ),
    ]


def _find_outputs(labelled: LabelledClass, readings: Sequence[_Reading]) -> list[int]:
    for read_key, outputs in readings:
        if found := outputs.get(read_key(labelled)):
            return found
    return []


def _index_keys(keys: Iterable[str]) -> Mapping[str, list[int]]:
    indices: dict[str, list[int]] = defaultdict(list)
    for index, key in enumerate(keys):
        if key:
            indices[key].append(index)
    return dict(indices)


def _read_synset(labelled: LabelledClass) -> str:
    """Reads the synset that is stated, or the one at the start of the name, as in `n02085620-Chihuahua`."""
    match = _SYNSET.match(labelled.class_name)
    return labelled.synset or (match[0] if match else "")


def _compose_accents(name: str) -> str:
    """Joins letters with their accents (Unicode form NFC), which names of files on a Mac store apart."""
    return unicodedata.normalize("NFC", name.strip())


def _simplify(name: str) -> str:
    return re.sub(r"[-_\s]+", " ", _compose_accents(name)).strip().casefold()


def _take_first_name(name: str) -> str:
    return _simplify(name.partition(",")[0])
