"""Opens labelled images by their name on the command line: `demo`, a folder, a manifest, shards or a saved dataset."""

from __future__ import annotations

import difflib
import glob
import re
from pathlib import Path

from precompute.contract.errors import InputError
from precompute.datasets.images import ImageSource
from precompute.datasets.sources.folder import open_folder
from precompute.datasets.sources.huggingface import is_saved_dataset, open_huggingface
from precompute.datasets.sources.manifest import open_manifest
from precompute.datasets.sources.shard_index import COMPRESSED_SUFFIXES, compressed_shard
from precompute.datasets.sources.shards import open_shards

__all__ = ["open_images"]

_RULE = (
    "Images are a folder with one subfolder per class, a manifest .csv or .parquet, .tar shards (one, a folder of "
    "them, or a pattern such as 'train-{0000..0009}.tar'), a Hugging Face dataset saved on disk, or demo."
)
_BRACES = re.compile(r"\{([^{}]*)\}")
_RANGE = re.compile(r"(\d+)\.\.(\d+)")
_MAX_SHARDS = 100_000


def open_images(spec: str, limit_per_class: int | None = None, allow_outside: bool = False) -> ImageSource:
    """Opens an image source; reads names, labels and tar headers, decodes nothing.

    Args:
        spec: `demo`; a folder with one subfolder per class; a manifest .csv or .parquet; a .tar, a folder that holds
            .tar files and no subfolder, or a pattern of .tar files with `*`, `?`, `[...]`, `{a,b}` or `{0000..0009}`;
            a folder that `datasets.Dataset.save_to_disk` wrote.
        limit_per_class: take the first so many images of each class; None takes all. `demo` draws just so many, and
            its usual number for None.
        allow_outside: accept paths in a manifest that lead out of its folder.

    Raises:
        InputError: there is no such source, or it is not as it should be.
    """
    if limit_per_class is not None and limit_per_class < 1:
        raise InputError("A limit of images per class is at least 1.", f"Found {limit_per_class}.", "Raise it.")
    if spec == "demo":
        return _demo(limit_per_class)
    try:
        return _open_path(spec, limit_per_class, allow_outside)
    except OSError as problem:
        raise InputError(_RULE, f"{problem.filename}: {problem.strerror}.", "Make it readable.") from problem


def _open_path(spec: str, limit: int | None, allow_outside: bool) -> ImageSource:
    path = Path(spec).expanduser()
    if spec and path.is_dir():
        return _open_folder(path, limit)
    if not spec or not path.exists():
        if _BRACES.search(spec) or glob.has_magic(spec):
            return open_shards(Path(spec).name, _matching(spec), limit)
        raise InputError(_RULE, f"{spec or 'An empty name'} does not exist.", _nearest(path))
    if path.name.lower().endswith(COMPRESSED_SUFFIXES):
        raise compressed_shard(path)
    kind = path.suffix.lower()
    if kind == ".tar":
        return open_shards(path.stem, [path], limit)
    if kind in (".csv", ".parquet"):
        return open_manifest(path, limit, allow_outside)
    raise InputError(_RULE, f"{spec} is a file of another kind.", "Name a folder, a .csv, a .parquet or a .tar.")


def _open_folder(path: Path, limit: int | None) -> ImageSource:
    if is_saved_dataset(path):
        return open_huggingface(path, limit)
    entries = [entry for entry in path.iterdir() if not entry.name.startswith(".")]
    if not any(entry.is_dir() for entry in entries):
        shards = sorted(entry for entry in entries if entry.suffix.lower() == ".tar")
        if shards:
            return open_shards(path.resolve().name, shards, limit)
        compressed = sorted(entry for entry in entries if entry.name.lower().endswith(COMPRESSED_SUFFIXES))
        if compressed:
            raise compressed_shard(compressed[0])
    return open_folder(path, limit)


def _matching(pattern: str) -> list[Path]:
    """The shards that a pattern names; each part in braces must exist, and nothing is named twice.

    Raises:
        InputError: a shard that the braces name does not exist, or nothing matches.
    """
    shards: dict[Path, None] = {}
    for name in _expanded(str(Path(pattern).expanduser())):
        matches = [Path(match) for match in sorted(glob.glob(name))] if glob.has_magic(name) else [Path(name)]  # noqa: PTH207
        if not matches or not matches[0].exists():
            rule = "A pattern of shards names files that exist."
            raise InputError(rule, f"{pattern} names {name}, and there is none.", _nearest(Path(name)))
        shards |= dict.fromkeys(matches)
    for shard in shards:
        if shard.name.lower().endswith(COMPRESSED_SUFFIXES):
            raise compressed_shard(shard)
        if shard.suffix.lower() != ".tar":
            raise InputError(
                _RULE, f"{pattern} names {shard}, which is no .tar.", "Narrow the pattern: 'shards/*.tar'."
            )
    return list(shards)


def _expanded(pattern: str) -> list[str]:
    """What a shell makes of `{a,b}` and `{0000..0009}`."""
    match = _BRACES.search(pattern)
    if match is None:
        return [pattern]
    parts = match[1].split(",")
    if counted := _RANGE.fullmatch(match[1]):
        first, last = int(counted[1]), int(counted[2])
        if abs(last - first) >= _MAX_SHARDS:
            raise InputError("A pattern names at most 100,000 shards.", f"Found {match[0]}.", "Narrow it.")
        step = 1 if first <= last else -1
        parts = [str(n).zfill(len(counted[1])) for n in range(first, last + step, step)]
    elif len(parts) == 1:
        raise InputError(
            "Braces in a pattern are {a,b} or {0000..0009}.", f"Found {match[0]} in {pattern}.", "Correct them."
        )
    return [name for part in parts for name in _expanded(pattern[: match.start()] + part + pattern[match.end() :])]


def _demo(limit_per_class: int | None) -> ImageSource:
    from precompute.demo.images import DemoImages

    if limit_per_class is None:
        return DemoImages()
    try:
        return DemoImages(images_per_class=limit_per_class)
    except ValueError as problem:
        raise InputError("The demo draws so many images of each class.", f"{problem}.", "Lower the limit.") from problem


def _nearest(path: Path) -> str:
    """Names what exists and is spelt most alike."""
    if not path.parent.is_dir():
        return f"Check the path: {path.parent} does not exist either."
    names = [p.name for p in path.parent.iterdir() if not p.name.startswith(".")]
    nearest = difflib.get_close_matches(path.name, names, n=1)
    return f"Did you mean {path.parent / nearest[0]}?" if nearest else "Check the path."
