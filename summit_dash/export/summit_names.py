"""Names in Summit's files: those that its web app can use as parts of file names, element ids and lists."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from summit_dash.run.store import ClassInfo

__all__ = ["name_classes", "name_layers", "name_synsets"]

_UNSAFE = re.compile(r"[^A-Za-z0-9_]+")
_SAFE = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_NOT_IN_LISTS = re.compile(r"[\"<>&,]+")


def name_layers(layers: Iterable[str]) -> dict[str, str]:
    """Returns the name of each layer in the files: a letter, then letters, digits and underscores, each name once.

    The app parts names at dashes, and takes points for CSS classes. `layer1.0.conv1` becomes `layer1_0_conv1`.
    """
    names: dict[str, str] = {}
    for layer in layers:
        name = _UNSAFE.sub("_", layer).strip("_")
        name = name if _SAFE.fullmatch(name) else f"layer_{name}".rstrip("_")
        number, taken = 2, set(names.values())
        unique = name
        while unique in taken:
            unique, number = f"{name}_{number}", number + 1
        names[layer] = unique
    return names


def name_classes(classes: Mapping[int, ClassInfo]) -> dict[int, str]:
    """Returns the name of each class in the files: its first name in lower case, `white_wolf`.

    The app finds a class by this name, so that classes of the same name get their number: `crane_134`.
    """
    names = {class_id: _simplify(info.short_name) or "class" for class_id, info in classes.items()}
    uses = Counter(names.values())
    return {class_id: name if uses[name] == 1 else f"{name}_{class_id}" for class_id, name in names.items()}


def _simplify(name: str) -> str:
    return re.sub(r"[\s_]+", "_", _NOT_IN_LISTS.sub(" ", name).strip().lower())


def name_synsets(classes: Mapping[int, ClassInfo]) -> dict[int, str]:
    """Returns the synset of each class, by which the app finds its elements.

    A class without a synset, or with one that another class has or that is no word, gets a made-up one such as
    `c00000012`, of its number.
    """
    uses = Counter(info.synset for info in classes.values())
    return {
        class_id: info.synset
        if info.synset and uses[info.synset] == 1 and _SAFE.fullmatch(info.synset)
        else f"c{class_id:08d}"
        for class_id, info in classes.items()
    }
