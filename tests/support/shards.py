"""Writes WebDataset shards and pictures for them."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable
from pathlib import Path

from PIL import Image


def encode_picture(colour: tuple[int, ...] = (255, 0, 0), kind: str = "PNG", mode: str = "RGB") -> bytes:
    """Encodes a picture of 8 x 8 pixels of one colour."""
    file = io.BytesIO()
    Image.new(mode, (8, 8), colour).save(file, kind)
    return file.getvalue()


def write_shard(path: Path, members: Iterable[tuple[str, bytes | str]]) -> Path:
    """Writes a tar file with members of these names and contents, in this order."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as tar:
        for name, content in members:
            data = content.encode() if isinstance(content, str) else content
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return path
