"""The classes of a source, built from the labels of its images; labels that contradict each other are refused."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from precompute.contract.errors import InputError
from precompute.contract.labelled import LabelledClass

__all__ = ["Label", "build_classes", "number_names", "parse_whole_number"]

_LIMIT = 2**31
_NUMBER = r"[0-9]{1,9}"
"""A name that is also a class_id; nine digits are the most that the page's address accepts."""


@dataclass(frozen=True, slots=True)
class Label:
    """The label of one image.

    Attributes:
        place: position of the label in the source, for messages: `line 3`, `row 3`, `a.tar, member 7.cls`.
        class_name: None if the label is a number alone; the class is then named by its number.
        class_id: the model's output index; None if the source does not number its classes.
        synset: WordNet's identifier of the class; None if unknown.
        group: a super-class; None if unknown.
    """

    place: str
    class_name: str | None
    class_id: int | None = None
    synset: str | None = None
    group: str | None = None


def build_classes(source: str, labels: Iterable[Label]) -> tuple[list[LabelledClass], list[int]]:
    """Builds the classes, sorted by class_id, and returns them with the class_id of every label in order.

    Class names without a `class_id` are numbered by `number_names`. Two classes with different ids may share a name, as
    the two cranes of ImageNet do.

    Args:
        source: the file or folder, for a message.
        labels: one per image, each with a name, a number or both.

    Raises:
        InputError: some labels have a `class_id` and some have none; two labels of one class differ.
    """
    known = list(labels)
    _require_all_or_no_ids(source, known)
    numbers = number_names(label.class_name for label in known if label.class_name is not None)
    first: dict[int, Label] = {}
    ids = []
    for label in known:
        class_id = numbers[label.class_name or ""] if label.class_id is None else label.class_id
        _require_same_class(source, class_id, first.setdefault(class_id, label), label)
        ids.append(class_id)
    classes = [
        LabelledClass(i, str(i) if label.class_name is None else label.class_name, label.synset, label.group)
        for i, label in sorted(first.items(), key=lambda item: item[0])
    ]
    return classes, ids


def number_names(names: Iterable[str]) -> dict[str, int]:
    """Numbers class names: by the numbers that they are, if all are different numbers, otherwise in sorted order.

    A folder `10` is therefore class 10, and comes after class 2.

    Args:
        names: of classes; repeated names count once.

    Returns:
        The class_id of every name.
    """
    distinct = sorted(set(names))
    numbers = [int(name) if re.fullmatch(_NUMBER, name) else -1 for name in distinct]
    if min(numbers, default=-1) < 0 or len(set(numbers)) < len(numbers):  # 7 and 07 would be one
        numbers = list(range(len(distinct)))
    return dict(zip(distinct, numbers, strict=True))


def parse_whole_number(value: object) -> int | None:
    """Parses a class_id or output index of a file; None for anything but a whole number from 0 to 2^31 - 1."""
    if isinstance(value, str):
        value = int(value) if value.strip().isdecimal() else None
    valid = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _LIMIT
    return value if valid and isinstance(value, int) else None


def _require_all_or_no_ids(source: str, labels: list[Label]) -> None:
    with_id = next((label for label in labels if label.class_id is not None), None)
    without = next((label for label in labels if label.class_id is None), None)
    if with_id is not None and without is not None:
        raise InputError(
            "Either every image has a class_id or none has.",
            f"{source} gives class_id {with_id.class_id} in {with_id.place} and none in {without.place}.",
            "Number all of them, or none.",
        )


def _require_same_class(source: str, class_id: int, first: Label, label: Label) -> None:
    for name in ("class_name", "synset", "group"):
        one, other = getattr(first, name), getattr(label, name)
        if one != other:
            shown = f"class_id {class_id}" if label.class_id is not None else f"the class {label.class_name}"
            raise InputError(
                "One class has one name, one synset and one group.",
                f"{source} gives {shown} the {name} {one} in {first.place} and {other} in {label.place}.",
                "Make them agree.",
            )
