"""The search for a class by name, synset or number, as people type them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches

from precompute.contract.errors import InputError
from summit_dash.run.store import ClassInfo
from summit_dash.run.text import format_plural

__all__ = ["explain_number", "explain_numbers", "find_class", "find_classes"]

_MOST = 8
"""Greatest number of candidates in a message."""
_RULE = (
    "A class is named by its synset, its name or its class_id; the first of its names is enough where no other has it."
)


def find_class(classes: Mapping[int, ClassInfo], text: str) -> ClassInfo:
    """Finds the class of a synset, else of a full name, else of a first name in any case, else of a class_id.

    `3` is the class with the name 3 where there is one. `#3` is always the class_id.

    Raises:
        InputError: several classes have the name, or none has; the message lists them, or the nearest names.
    """
    wanted = text.strip()
    for key, value in _list_readings(wanted):
        found = [info for info in classes.values() if key(info) == value]
        if len(found) == 1:
            return found[0]
        if found:
            several = f"{len(found)} classes are named {wanted}: {_format_list(found)}."
            raise InputError(_RULE, several, "Name one by its class_id, the number after #.")
    near = _find_near(classes, wanted)
    size = f" The run has {format_plural(len(classes), 'class', 'classes')}."
    hint = f" Near it: {_format_list(near)}." if near else size
    raise InputError(_RULE, f"No class is named {text!r}.{hint}", "Name a class of this run.")


def find_classes(classes: Mapping[int, ClassInfo], text: str) -> list[ClassInfo]:
    """Finds the classes of a list such as `1-20;bear`, each once.

    The list holds texts for `find_class` and ranges of ids, separated by `;`.

    Raises:
        InputError: as `find_class`; or a range holds no class, or the list is empty.
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
    """Returns a sentence that names the class of a number, where another class might be meant; else None."""
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


def explain_numbers(classes: Mapping[int, ClassInfo], text: str) -> list[str]:
    """Returns the sentences of `explain_number` for a list that `find_classes` takes."""
    return list(filter(None, (explain_number(classes, part) for part in text.split(";"))))


def _list_readings(wanted: str) -> list[tuple[Callable[[ClassInfo], str | None], str]]:
    """Lists the meanings of a text, surest first: a property of classes, and the value that it must have."""
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
    """Finds classes with the text in their name, then those spelt alike."""
    text = wanted.casefold()
    holding = [info for info in classes.values() if text and text in info.class_name.casefold()]
    alike = get_close_matches(text, {_fold_first_name(info) for info in classes.values()}, n=_MOST, cutoff=0.6)
    others = [info for name in alike for info in classes.values() if _fold_first_name(info) == name]
    return list({info.class_id: info for info in [*holding, *others]}.values())


def _format_list(found: Sequence[ClassInfo]) -> str:
    """Formats classes as "crane (#134, n02012849), crane (#517, n03126707) and 3 more"."""
    names = [f"{i.short_name} ({', '.join(filter(None, (f'#{i.class_id}', i.synset)))})" for i in found[:_MOST]]
    more = f" and {len(found) - _MOST} more" if len(found) > _MOST else ""
    return ", ".join(names) + more
