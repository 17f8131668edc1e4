"""The class that a person means by a name, a synset or a number."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches

from precompute.contract.schema import InputError
from summit_dash.run.store import ClassInfo
from summit_dash.run.text import format_plural

__all__ = ["explain_number", "find_class", "find_classes", "tell_numbers"]

_MOST = 8
"""Candidates that a message names."""
_RULE = (
    "A class is named by its synset, its name or its class_id; the first of its names is enough where no other has it."
)


def find_class(classes: Mapping[int, ClassInfo], text: str) -> ClassInfo:
    """The class of a synset, else of a full name, else of a first name in any case, else of a class_id.

    So `3` is the class that is called 3, if there is one; `#3` is always the class_id.

    Raises:
        InputError: several classes have the name, or none has; the message lists them, or the nearest names.
    """
    wanted = text.strip()
    for key, value in _list_readings(wanted):
        found = [info for info in classes.values() if key(info) == value]
        if len(found) == 1:
            return found[0]
        if found:
            several = f"{len(found)} classes are named {wanted}: {_list(found)}."
            raise InputError(_RULE, several, "Name one by its class_id, the number after #.")
    near = _find_near(classes, wanted)
    hint = f" Near it: {_list(near)}." if near else f" The run has {format_plural(len(classes), 'class', 'classes')}."
    raise InputError(_RULE, f"No class is named {text!r}.{hint}", "Name a class of this run.")


def find_classes(classes: Mapping[int, ClassInfo], text: str) -> list[ClassInfo]:
    """The classes of a list such as `1-20;bear`: what `find_class` takes, and ranges of ids, parted by `;`; each once.

    Raises:
        InputError: as `find_class`; a range holds no class, or nothing is named.
    """
    found: dict[int, ClassInfo] = {}
    for part in filter(None, (part.strip() for part in text.split(";"))):
        span = re.fullmatch(r"(\d{1,9})\s*-\s*(\d{1,9})", part)
        if span is None or any(info.class_name == part for info in classes.values()):
            infos = [find_class(classes, part)]
        else:
            first, last = map(int, span.groups())
            infos = [info for class_id, info in classes.items() if first <= class_id <= last]
            if not infos:
                raise InputError(_RULE, f"No class of this run has an id from {first} to {last}.", "Correct the range.")
        found |= {info.class_id: info for info in infos}
    if not found:
        raise InputError(_RULE, "None is named.", "Name at least one class of this run.")
    return list(found.values())


def explain_number(classes: Mapping[int, ClassInfo], text: str) -> str | None:
    """Says for which class a number was taken, where another class might have been meant; else None."""
    wanted = text.strip()
    if not wanted.isdecimal():
        return None
    info = find_class(classes, wanted)
    other = classes.get(int(wanted))
    if _fold_first_name(info) != wanted.casefold():
        return f"{wanted} is taken for class_id {wanted}, {info.class_name}."
    if other is None or other is info:
        return None
    return f"{wanted} is taken for the class of that name, class_id {info.class_id}; #{wanted} is {other.class_name}."


def tell_numbers(classes: Mapping[int, ClassInfo], text: str) -> list[str]:
    """What `explain_number` says of each class of a list that `find_classes` takes."""
    return list(filter(None, (explain_number(classes, part) for part in text.split(";"))))


def _list_readings(wanted: str) -> list[tuple[Callable[[ClassInfo], str | None], str]]:
    """What the text may be, the surest first."""
    if not wanted:
        return []
    return [
        (lambda info: info.synset, wanted),
        (lambda info: info.class_name, wanted),
        (_fold_first_name, wanted.casefold()),
        (lambda info: str(info.class_id), wanted.removeprefix("#")),
    ]


def _fold_first_name(info: ClassInfo) -> str:
    return info.short_name.casefold()


def _find_near(classes: Mapping[int, ClassInfo], wanted: str) -> list[ClassInfo]:
    """Classes with the text in their name, then those spelt alike."""
    text = wanted.casefold()
    holding = [info for info in classes.values() if text and text in info.class_name.casefold()]
    alike = get_close_matches(text, {_fold_first_name(info) for info in classes.values()}, n=_MOST, cutoff=0.6)
    others = [info for name in alike for info in classes.values() if _fold_first_name(info) == name]
    return list({info.class_id: info for info in [*holding, *others]}.values())


def _list(found: Sequence[ClassInfo]) -> str:
    """ "crane (#134, n02012849), crane (#517, n03126707) and 3 more"."""
    names = [f"{i.short_name} ({', '.join(filter(None, (f'#{i.class_id}', i.synset)))})" for i in found[:_MOST]]
    more = f" and {len(found) - _MOST} more" if len(found) > _MOST else ""
    return ", ".join(names) + more
