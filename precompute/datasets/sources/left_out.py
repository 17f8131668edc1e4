"""Counts of the files that are left out of a source, for a note to the user."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

from precompute.datasets.sources.suffixes import find_image_suffixes

__all__ = ["LeftOut", "is_image", "is_left_out"]

_OF_SYSTEMS = frozenset(
    {
        "__macosx", "@eadir", "@tmp", "@recycle", "@recently-snapshot", "#recycle", "#snapshot", "$recycle.bin",
        "system volume information", "lost+found", "network trash folder", "temporary items",
    }
)  # fmt: skip
"""Folders that operating systems, archives and network drives add to a user's own, in lower case."""
_MOST = 8


def is_left_out(name: str) -> bool:
    """Checks if a file or folder is hidden or made by a system, by its name."""
    return name.startswith(".") or name.casefold() in _OF_SYSTEMS


def is_image(name: str) -> bool:
    """Checks if a file is an image, by its name."""
    return _read_suffix(name) in find_image_suffixes()


class LeftOut:
    """A counter of the files that belong to no class."""

    def __init__(self) -> None:
        self._in_folders: Counter[str] = Counter()
        self._hidden = 0
        self._suffixes: Counter[str] = Counter()
        self._outside = 0

    def add_folder(self, folder: Path) -> None:
        """Counts the images below a folder that `is_left_out`."""
        names = (name for _, _, names in os.walk(folder) for name in names)
        self._in_folders[folder.name] += sum(map(is_image, names))

    def add_member(self, path: str) -> None:
        """Counts a file of an archive by its path; a folder in the path, or the file itself, `is_left_out`."""
        *folders, name = path.split("/")
        of_systems = next((part for part in folders if is_left_out(part)), None)
        if of_systems is None:
            self.add_file(name)
        else:
            self._in_folders[of_systems] += is_image(name)

    def add_file(self, name: str, outside: bool = False) -> None:
        """Counts a file that is left out.

        Args:
            name: of the file.
            outside: True if the file is in no class's folder; an image there is counted, another file is not.
        """
        if is_left_out(name):
            self._hidden += is_image(name)
        elif not is_image(name):
            self._suffixes[_read_suffix(name) or name] += not outside
        elif outside:
            self._outside += 1

    @property
    def notes(self) -> tuple[str, ...]:
        """One sentence for each kind of file that was counted."""
        in_folders, suffixes = +self._in_folders, +self._suffixes
        notes = []
        if in_folders:
            images = _format_count(in_folders.total(), "image")
            notes.append(
                f"Left out {images} in folders that are hidden or made by a system: {_join_counts(in_folders)}."
            )
        if self._hidden:
            notes.append(f"Left out {_format_count(self._hidden, 'hidden file')} with the name of an image.")
        if suffixes:
            files = _format_count(suffixes.total(), "file")
            notes.append(f"Left out {files} that Pillow reads no images from here: {_join_counts(suffixes)}.")
        if self._outside:
            notes.append(f"Left out {_format_count(self._outside, 'image')} outside of the folders of classes.")
        return tuple(notes)


def _read_suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()  # noqa: PTH122 (once for every file)


def _format_count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _join_counts(counts: Counter[str]) -> str:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_MOST]
    return ", ".join(f"{name} ({number:,})" for name, number in ordered) + (
        f" and {len(counts) - _MOST} more" if len(counts) > _MOST else ""
    )
