"""The index of one shard: its samples with their labels, from the headers of the tar, read once from start to end."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from precompute.contract.errors import InputError
from precompute.datasets.labels.classes import Label, parse_whole_number
from precompute.datasets.sources.files import to_printable
from precompute.datasets.sources.left_out import LeftOut, is_left_out
from precompute.datasets.sources.suffixes import find_image_suffixes

__all__ = ["COMPRESSED_SUFFIXES", "RULE", "Sample", "build_compressed_error", "read_samples"]

RULE = (
    "A shard is an uncompressed .tar in which every KEY has one image and one label: KEY.jpg (or another image) and "
    "KEY.cls, or KEY.json with class_name, class_id or both."
)
COMPRESSED_SUFFIXES = (".tgz", ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst")

_BLOCK = 512
_MAX_LABEL_BYTES = 2**20
_COMPRESSED = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x28\xb5\x2f\xfd": "zstd"}


@dataclass(frozen=True, slots=True)
class Sample:
    """One image of a shard and its label.

    Attributes:
        key: the image's name up to the first dot of its last part; the label has the same key.
        image: the image's name.
        offset: position of its first byte in the shard.
        size: in bytes.
        label: of the image.
    """

    key: str
    image: str
    offset: int
    size: int
    label: Label


@dataclass(slots=True)
class _Found:
    """The members of one key that have been read so far."""

    image: tuple[str, int, int] | None = None
    labels: dict[str, bytes] = field(default_factory=dict)


def read_samples(shard: Path, left_out: LeftOut) -> list[Sample]:
    """Reads the samples of a shard, in its order.

    Members of other kinds are left out, and so are hidden ones and those in folders that systems make.

    Args:
        shard: a .tar.
        left_out: counts hidden images and those in folders of systems.

    Raises:
        InputError: the shard is compressed, damaged, cut off or empty; an image has no label; a label has no image; two
            members have the same name.
    """
    found: dict[str, _Found] = {}
    others: set[str] = set()
    with shard.open("rb") as file:
        for member in _iterate_members(shard, file):
            name = to_printable(member.name.removeprefix("./"))
            folder, _, last = name.rpartition("/")
            stem, _, suffix = last.partition(".")
            suffix = f".{suffix.lower()}"
            if not stem or any(is_left_out(part) for part in folder.split("/")):
                left_out.add_member(name)
                continue
            if not member.isfile():  # a folder; a link has no bytes of its own
                _require_no_link(shard, member, suffix)
                continue
            entry = found.setdefault(f"{folder}/{stem}" if folder else stem, _Found())
            if suffix in find_image_suffixes():
                if entry.image is not None:
                    raise _build_error(
                        shard, f"has two images of one key: {entry.image[0]} and {name}", "Keep one of them."
                    )
                entry.image = (name, member.offset_data, member.size)
            elif suffix in (".cls", ".json"):
                if suffix in entry.labels:
                    raise _build_error(shard, f"has two members {name}", "Keep one of them.")
                entry.labels[suffix] = _read_label_bytes(shard, member, file)
            else:
                others.add(suffix)
    return _build_samples(shard, found, others)


def build_compressed_error(shard: Path, kind: str = "") -> InputError:
    """Builds the one message for compressed shards."""
    return InputError(
        "Shards are uncompressed: images are read from the middle of a .tar, and are compressed themselves.",
        f"{to_printable(str(shard))} is compressed{f' ({kind})' if kind else ''}.",
        "Decompress it first, for example with gunzip.",
    )


# --- tar ------------------------------------------------------------------------------------------------------------


def _iterate_members(shard: Path, file: BinaryIO) -> Iterator[tarfile.TarInfo]:
    """Yields the members in order without keeping them; checks the end, because tarfile takes damage for the end."""
    try:
        with tarfile.open(fileobj=file, mode="r:", errors="surrogateescape") as tar:
            while (member := tar.next()) is not None:
                tar.members.clear()  # type: ignore[attr-defined]  # tarfile keeps every header, and here are millions
                if member.issparse():
                    raise _build_error(
                        shard, f"stores {to_printable(member.name)} sparsely", "Write the shard without --sparse."
                    )
                yield member
            end = tar.offset
    except tarfile.TarError as problem:
        raise _build_broken_error(shard, file, problem) from problem
    file.seek(end)
    block = file.read(_BLOCK)
    if len(block) < _BLOCK:
        raise _build_cut_off_error(shard)
    if block.strip(b"\0"):
        raise _build_error(
            shard, f"is damaged at byte {end:,}: what should be a header is none", "Write the shard again."
        )


def _build_broken_error(shard: Path, file: BinaryIO, problem: tarfile.TarError) -> InputError:
    file.seek(0)
    start = file.read(_BLOCK)
    for magic, kind in _COMPRESSED.items():
        if start.startswith(magic):
            return build_compressed_error(shard, kind)
    if not start:
        return _build_error(shard, "is empty (0 bytes)", "Write the shard again, or leave it out.")
    if "unexpected end" in str(problem) or "truncated" in str(problem):
        return _build_cut_off_error(shard)
    return _build_error(shard, f"is no tar file ({problem})", "Write the shard again, or leave it out.")


def _build_cut_off_error(shard: Path) -> InputError:
    return _build_error(
        shard,
        f"is cut off at byte {shard.stat().st_size:,}: the mark that ends a tar file is missing",
        "Copy or write the shard again.",
    )


def _require_no_link(shard: Path, member: tarfile.TarInfo, suffix: str) -> None:
    if (member.islnk() or member.issym()) and suffix in find_image_suffixes():
        found = f"has a link in place of an image: {to_printable(member.name)}"
        raise _build_error(shard, found, "Write the shard with the files that links point to (tar --dereference).")


# --- samples --------------------------------------------------------------------------------------------------------


def _build_samples(shard: Path, found: Mapping[str, _Found], others: set[str]) -> list[Sample]:
    without_label = [entry.image[0] for entry in found.values() if entry.image is not None and not entry.labels]
    without_image = [key + next(iter(e.labels)) for key, e in found.items() if e.image is None and e.labels]
    if without_label:
        found_text = f"has {_format_count(without_label, 'image')} without a label, such as {without_label[0]}"
        key = without_label[0].rpartition(".")[0]
        raise _build_error(shard, found_text, f"Add {key}.cls with the class, or remove the image.")
    if without_image:
        found_text = f"has {_format_count(without_image, 'label')} without an image, such as {without_image[0]}"
        raise _build_error(shard, found_text, "Add the image, or remove the label.")
    samples = [
        Sample(key, *entry.image, label=_read_label(shard, key, entry.labels))
        for key, entry in found.items()
        if entry.image is not None
    ]
    if not samples:
        kinds = f"; it has {', '.join(sorted(others)[:5])}" if others else ""
        raise _build_error(shard, f"holds no image with a label{kinds}", "Write the shard again, or leave it out.")
    return samples


def _format_count(names: list[str], noun: str) -> str:
    return f"{len(names):,} {noun}{'' if len(names) == 1 else 's'}"


def _read_label_bytes(shard: Path, member: tarfile.TarInfo, file: BinaryIO) -> bytes:
    if member.size > _MAX_LABEL_BYTES:
        found = f"has a label of {member.size:,} bytes, {to_printable(member.name)}; {_MAX_LABEL_BYTES:,} are the most"
        raise _build_error(shard, found, "Keep labels short.")
    file.seek(member.offset_data)
    content = file.read(member.size)
    if len(content) < member.size:
        raise _build_cut_off_error(shard)
    return content


def _read_label(shard: Path, key: str, members: Mapping[str, bytes]) -> Label:
    """Reads the label of KEY.cls and KEY.json together.

    Raises:
        InputError: the two contradict each other; neither has a class.
    """
    said: dict[str, tuple[Any, str]] = {}
    for suffix, content in members.items():
        member = key + suffix
        values = _read_cls(content, shard, member) if suffix == ".cls" else _read_json(content, shard, member)
        for name, value in values.items():
            before = said.setdefault(name, (value, member))
            if before[0] != value:
                raise _build_error(
                    shard, f"has {name} {before[0]} in {before[1]} and {value} in {member}", "Make them agree."
                )
    if "class_id" not in said and "class_name" not in said:
        found = f"has no class in {key}{next(iter(members))}"
        raise _build_error(shard, found, "Give class_name, class_id or both.")
    chosen = {name: value for name, (value, _) in said.items()}
    return Label(place=f"member {key}{next(iter(members))}", **{"class_name": None, **chosen})


def _read_cls(content: bytes, shard: Path, member: str) -> dict[str, Any]:
    """Reads a .cls: a whole number is a class_id, other text a class_name."""
    text = _decode_text(content, shard, member).strip()
    if not text:
        raise _build_error(shard, f"has an empty label, {member}", "Write the class into it.")
    return _read_class_value(
        text if parse_whole_number(text) is None else parse_whole_number(text), "its text", shard, member
    )


def _read_json(content: bytes, shard: Path, member: str) -> dict[str, Any]:
    """Reads class_id, class_name, synset and group; `label` and `cls` are a class_id or a class_name."""
    try:
        values = json.loads(_decode_text(content, shard, member))
    except ValueError as problem:
        raise _build_error(shard, f"has a {member} that is no JSON ({problem})", "Write the shard again.") from problem
    if not isinstance(values, dict):
        raise _build_error(shard, f"has a {member} that is no JSON object", 'Write {"class_name": "dog"}.')
    said: dict[str, Any] = {}
    for name in ("label", "cls"):
        if values.get(name) is not None:
            said |= _read_class_value(values[name], name, shard, member)
    if values.get("class_id") is not None:
        if parse_whole_number(values["class_id"]) is None:
            found = f"has class_id {values['class_id']!r} in {member}, which is no whole number from 0"
            raise _build_error(shard, found, "Correct it.")
        said["class_id"] = parse_whole_number(values["class_id"])
    for name in ("class_name", "synset", "group"):
        if values.get(name) is not None:
            if not isinstance(values[name], str) or not values[name].strip():
                raise _build_error(shard, f"has {name} {values[name]!r} in {member}, which is no text", "Correct it.")
            said[name] = values[name].strip()
    return said


def _read_class_value(value: Any, name: str, shard: Path, member: str) -> dict[str, Any]:
    if isinstance(value, str) and value.strip() and parse_whole_number(value) is None:
        if value.strip().lstrip("+-").isdigit():
            raise _build_error(shard, f"has class_id {value.strip()} in {member}", "class_id is a whole number from 0.")
        return {"class_name": value.strip()}
    number = parse_whole_number(value)
    if number is None:
        raise _build_error(shard, f"has {value!r} as {name} in {member}, which is no class", "Give a number or a name.")
    return {"class_id": number}


def _decode_text(content: bytes, shard: Path, member: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise _build_error(shard, f"has a {member} that is no UTF-8", "Save labels as UTF-8.") from problem


def _build_error(shard: Path, found: str, fix: str) -> InputError:
    return InputError(RULE, f"{to_printable(str(shard))} {found}.", fix)
