"""What lies where in one shard: the headers of a tar file, read once from start to end, and its labels."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from precompute.contract.errors import InputError
from precompute.datasets.labels.classes import Label, whole_number
from precompute.datasets.sources.files import printable
from precompute.datasets.sources.left_out import LeftOut, is_left_out
from precompute.datasets.sources.suffixes import image_suffixes

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

    Args:
        key: the image's name up to the first dot of its last part: what ties it to its label.
        image: the image's name.
        offset: of its first byte in the shard.
        size: in bytes.
    """

    key: str
    image: str
    offset: int
    size: int
    label: Label


@dataclass(slots=True)
class _Found:
    """The members of one key, as far as they are read."""

    image: tuple[str, int, int] | None = None
    labels: dict[str, bytes] = field(default_factory=dict)


def read_samples(shard: Path, left_out: LeftOut) -> list[Sample]:
    """Reads the samples of a shard, in its order.

    Members of other kinds are passed over, as are hidden ones and those in folders that systems make.

    Args:
        shard: a .tar.
        left_out: counts hidden images and those of systems.

    Raises:
        InputError: the shard is compressed, damaged, cut off or empty, an image lacks its label or a label its image,
            or two members have one name.
    """
    found: dict[str, _Found] = {}
    others: set[str] = set()
    with shard.open("rb") as file:
        for member in _members(shard, file):
            name = printable(member.name.removeprefix("./"))
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
            if suffix in image_suffixes():
                if entry.image is not None:
                    raise _wrong(shard, f"has two images of one key: {entry.image[0]} and {name}", "Keep one of them.")
                entry.image = (name, member.offset_data, member.size)
            elif suffix in (".cls", ".json"):
                if suffix in entry.labels:
                    raise _wrong(shard, f"has two members {name}", "Keep one of them.")
                entry.labels[suffix] = _label_bytes(shard, member, file)
            else:
                others.add(suffix)
    return _complete(shard, found, others)


def build_compressed_error(shard: Path, kind: str = "") -> InputError:
    """Builds the one message for compressed shards."""
    return InputError(
        "Shards are uncompressed: images are read from the middle of a .tar, and are compressed themselves.",
        f"{printable(str(shard))} is compressed{f' ({kind})' if kind else ''}.",
        "Decompress it first, for example with gunzip.",
    )


# --- tar ------------------------------------------------------------------------------------------------------------


def _members(shard: Path, file: BinaryIO) -> Iterator[tarfile.TarInfo]:
    """The members in order, without keeping them; the end is checked, because tarfile takes damage for the end."""
    try:
        with tarfile.open(fileobj=file, mode="r:", errors="surrogateescape") as tar:
            while (member := tar.next()) is not None:
                tar.members.clear()  # type: ignore[attr-defined]  # tarfile keeps every header, and here are millions
                if member.issparse():
                    raise _wrong(
                        shard, f"stores {printable(member.name)} sparsely", "Write the shard without --sparse."
                    )
                yield member
            end = tar.offset
    except tarfile.TarError as problem:
        raise _broken(shard, file, problem) from problem
    file.seek(end)
    block = file.read(_BLOCK)
    if len(block) < _BLOCK:
        raise _cut_off(shard)
    if block.strip(b"\0"):
        raise _wrong(shard, f"is damaged at byte {end:,}: what should be a header is none", "Write the shard again.")


def _broken(shard: Path, file: BinaryIO, problem: tarfile.TarError) -> InputError:
    file.seek(0)
    start = file.read(_BLOCK)
    for magic, kind in _COMPRESSED.items():
        if start.startswith(magic):
            return build_compressed_error(shard, kind)
    if not start:
        return _wrong(shard, "is empty (0 bytes)", "Write the shard again, or leave it out.")
    if "unexpected end" in str(problem) or "truncated" in str(problem):
        return _cut_off(shard)
    return _wrong(shard, f"is no tar file ({problem})", "Write the shard again, or leave it out.")


def _cut_off(shard: Path) -> InputError:
    return _wrong(
        shard,
        f"is cut off at byte {shard.stat().st_size:,}: the mark that ends a tar file is missing",
        "Copy or write the shard again.",
    )


def _require_no_link(shard: Path, member: tarfile.TarInfo, suffix: str) -> None:
    if (member.islnk() or member.issym()) and suffix in image_suffixes():
        found = f"has a link in place of an image: {printable(member.name)}"
        raise _wrong(shard, found, "Write the shard with the files that links point to (tar --dereference).")


# --- samples --------------------------------------------------------------------------------------------------------


def _complete(shard: Path, found: Mapping[str, _Found], others: set[str]) -> list[Sample]:
    without_label = [entry.image[0] for entry in found.values() if entry.image is not None and not entry.labels]
    without_image = [key + next(iter(e.labels)) for key, e in found.items() if e.image is None and e.labels]
    if without_label:
        found_text = f"has {_number(without_label, 'image')} without a label, such as {without_label[0]}"
        key = without_label[0].rpartition(".")[0]
        raise _wrong(shard, found_text, f"Add {key}.cls with the class, or remove the image.")
    if without_image:
        found_text = f"has {_number(without_image, 'label')} without an image, such as {without_image[0]}"
        raise _wrong(shard, found_text, "Add the image, or remove the label.")
    samples = [
        Sample(key, *entry.image, label=_label(shard, key, entry.labels))
        for key, entry in found.items()
        if entry.image is not None
    ]
    if not samples:
        kinds = f"; it has {', '.join(sorted(others)[:5])}" if others else ""
        raise _wrong(shard, f"holds no image with a label{kinds}", "Write the shard again, or leave it out.")
    return samples


def _number(names: list[str], noun: str) -> str:
    return f"{len(names):,} {noun}{'' if len(names) == 1 else 's'}"


def _label_bytes(shard: Path, member: tarfile.TarInfo, file: BinaryIO) -> bytes:
    if member.size > _MAX_LABEL_BYTES:
        found = f"has a label of {member.size:,} bytes, {printable(member.name)}; {_MAX_LABEL_BYTES:,} are the most"
        raise _wrong(shard, found, "Keep labels short.")
    file.seek(member.offset_data)
    content = file.read(member.size)
    if len(content) < member.size:
        raise _cut_off(shard)
    return content


def _label(shard: Path, key: str, members: Mapping[str, bytes]) -> Label:
    """What KEY.cls and KEY.json say together; they may not contradict each other."""
    said: dict[str, tuple[Any, str]] = {}
    for suffix, content in members.items():
        member = key + suffix
        values = _cls_values(content, shard, member) if suffix == ".cls" else _json_values(content, shard, member)
        for name, value in values.items():
            before = said.setdefault(name, (value, member))
            if before[0] != value:
                raise _wrong(
                    shard, f"has {name} {before[0]} in {before[1]} and {value} in {member}", "Make them agree."
                )
    if "class_id" not in said and "class_name" not in said:
        found = f"has no class in {key}{next(iter(members))}"
        raise _wrong(shard, found, "Give class_name, class_id or both.")
    chosen = {name: value for name, (value, _) in said.items()}
    return Label(place=f"member {key}{next(iter(members))}", **{"class_name": None, **chosen})


def _cls_values(content: bytes, shard: Path, member: str) -> dict[str, Any]:
    """A whole number is a class_id, other text a class_name."""
    text = _text(content, shard, member).strip()
    if not text:
        raise _wrong(shard, f"has an empty label, {member}", "Write the class into it.")
    return _class_value(text if whole_number(text) is None else whole_number(text), "its text", shard, member)


def _json_values(content: bytes, shard: Path, member: str) -> dict[str, Any]:
    """The keys class_id, class_name, synset and group; `label` and `cls` are a class_id or a class_name."""
    try:
        values = json.loads(_text(content, shard, member))
    except ValueError as problem:
        raise _wrong(shard, f"has a {member} that is no JSON ({problem})", "Write the shard again.") from problem
    if not isinstance(values, dict):
        raise _wrong(shard, f"has a {member} that is no JSON object", 'Write {"class_name": "dog"}.')
    said: dict[str, Any] = {}
    for name in ("label", "cls"):
        if values.get(name) is not None:
            said |= _class_value(values[name], name, shard, member)
    if values.get("class_id") is not None:
        if whole_number(values["class_id"]) is None:
            found = f"has class_id {values['class_id']!r} in {member}, which is no whole number from 0"
            raise _wrong(shard, found, "Correct it.")
        said["class_id"] = whole_number(values["class_id"])
    for name in ("class_name", "synset", "group"):
        if values.get(name) is not None:
            if not isinstance(values[name], str) or not values[name].strip():
                raise _wrong(shard, f"has {name} {values[name]!r} in {member}, which is no text", "Correct it.")
            said[name] = values[name].strip()
    return said


def _class_value(value: Any, name: str, shard: Path, member: str) -> dict[str, Any]:
    if isinstance(value, str) and value.strip() and whole_number(value) is None:
        if value.strip().lstrip("+-").isdigit():
            raise _wrong(shard, f"has class_id {value.strip()} in {member}", "class_id is a whole number from 0.")
        return {"class_name": value.strip()}
    number = whole_number(value)
    if number is None:
        raise _wrong(shard, f"has {value!r} as {name} in {member}, which is no class", "Give a number or a name.")
    return {"class_id": number}


def _text(content: bytes, shard: Path, member: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise _wrong(shard, f"has a {member} that is no UTF-8", "Save labels as UTF-8.") from problem


def _wrong(shard: Path, found: str, fix: str) -> InputError:
    return InputError(RULE, f"{printable(str(shard))} {found}.", fix)
