"""The paths of exported files, and the writing of all of them or none."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from precompute.contract.atomic import replace_files
from precompute.contract.errors import InputError
from summit_dash.export.formats import FORMATS

__all__ = ["choose_formats", "choose_stem", "name_file", "place_files", "refuse_existing", "write_files"]


def choose_formats(text: str | None, out: str) -> list[str]:
    """Returns the formats of "svg,png"; where `text` is None, that of OUT's ending, else SVG."""
    if text is None:
        named = Path(out).suffix.lower().removeprefix(".")
        return [named if named in FORMATS else "svg"]
    return list(dict.fromkeys(name.strip().lower() for name in text.split(",") if name.strip()))


def choose_stem(out: str, formats: Sequence[str], name: str) -> Path:
    """Returns the path to which the files' endings are added.

    OUT is a file or its stem, or a folder, which exists or ends with a slash. Files in a folder are called `name`. The
    ending of a format is removed from OUT; other dots are part of the stem.

    Raises:
        InputError: OUT ends as a format that was not asked for.
    """
    if not out.strip():
        raise InputError("OUT is a file, a stem or a folder.", "It is empty.", "Name one.")
    path = Path(out)
    if out.endswith(("/", os.sep)) or path.is_dir():
        return path / name
    ending = path.suffix.lower().removeprefix(".")
    if ending not in FORMATS:
        return path
    if ending not in formats:
        raise InputError(
            "OUT ends as one of the formats, or as none.",
            f"{out} ends as {ending}; the formats are {', '.join(formats)}.",
            "Change the ending or --format.",
        )
    return path.with_suffix("")


def name_file(labels: Iterable[str]) -> str:
    """Builds a name such as "black-bear-vs-brown-bear": letters and digits of any script, joined by hyphens."""
    words = (re.sub(r"[^\w]+", "-", label.casefold()).strip("-_") for label in labels)
    return "-vs-".join(word[:80] or "class" for word in words)


def place_files(stem: Path, formats: Iterable[str]) -> dict[str, Path]:
    """Returns the paths to write, by ending."""
    return {ending: stem.with_name(stem.name + ending) for name in formats for ending in FORMATS[name].endings}


def refuse_existing(paths: Iterable[Path]) -> None:
    """Checks that none of the files exists.

    Raises:
        InputError: at least one exists.
    """
    there = [path for path in paths if path.exists() or path.is_symlink()]
    if there:
        raise InputError(
            "Files that exist are kept.",
            f"{', '.join(map(str, there))} {'is' if len(there) == 1 else 'are'} there already.",
            "Name another OUT, or replace them with --overwrite.",
        )


def write_files(files: Mapping[Path, bytes]) -> None:
    """Writes all files under temporary names, then renames them; makes missing folders.

    Raises:
        InputError: a path cannot be written. Then none of the files has changed.
        OSError: the disk is full.
    """
    try:
        with replace_files() as name_file:
            for path, content in files.items():
                if path.is_dir():
                    raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
                path.parent.mkdir(parents=True, exist_ok=True)
                name_file(path).write_bytes(content)
    except OSError as problem:
        if problem.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise InputError(
            "OUT is a place where files can be written.",
            f"{problem.filename2 or problem.filename}: {problem.strerror}.",
            "Name another OUT.",
        ) from problem
