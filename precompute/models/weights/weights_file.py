"""Recognition of files of weights by their content, without torch, so that a refusal comes at once."""

from __future__ import annotations

import codecs
import json
import re
import struct
import zipfile
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from precompute.contract.errors import InputError

__all__ = [
    "DEFAULT",
    "RANDOM",
    "SAVE",
    "Format",
    "WeightsFile",
    "build_damage_error",
    "recognize_format",
    "require_code",
    "require_weights",
    "split_weights",
]

DEFAULT, RANDOM = "default", "random"
"""The values of `--weights` that are no file."""

SAVE = "Save it with `safetensors.torch.save_file(model.state_dict(), FILE)` where it was made."
_RULE = "Weights are a state dict as torch.save or safetensors writes it, under any name."
_CONVERT = f"Convert it to a PyTorch state dict where its library is. {SAVE}"
_UNPACK = "Unpack it, and give the file of weights that was in it."
_DOWNLOAD = "Download the file itself, and look at its size."

_LFS = b"version https://git-lfs"
_TORCH_LEGACY = re.compile(rb"\x80.(\x95.{8})?\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19\.", re.DOTALL)
"""The beginning of a file of torch.save that is no zip archive: a pickled magic number, of any protocol."""
_ONNX = re.compile(rb"\x08[\x01-\x20][\x12\x3a\x42]")
"""The beginning of ONNX: a protobuf of a version, then the producer, the graph or the operators."""
_PICKLE = re.compile(rb"\x80[\x02-\x05]")
_LONGEST_HEADER = 100_000_000
"""The greatest number of bytes of a safetensors header, by its specification."""
_BEGINNINGS: tuple[tuple[bytes, str, str], ...] = (
    (_LFS, "the pointer that git keeps in place of a large file", "Fetch the file itself: `git lfs pull`."),
    (b"\x89HDF\r\n\x1a\n", "HDF5, as Keras and TensorFlow write it", _CONVERT),
    (b"\x93NUMPY", "an array of numpy", _CONVERT),
    (b"GGUF", "GGUF, a quantized model", "Take the file that it was made of."),
    (b"\x1f\x8b", "compressed by gzip", _UNPACK),
    (b"BZh", "compressed by bzip2", _UNPACK),
    (b"\xfd7zXZ\x00", "compressed by xz", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "an archive of 7-Zip", _UNPACK),
    (b"Rar!", "a RAR archive", _UNPACK),
    (b"MATLAB", "a file of MATLAB", _CONVERT),
)
_OF_TORCH = (".pt", ".pth", ".pth.tar", ".th", ".ckpt", ".bin", ".pickle", ".safetensors", ".ts", ".pt2")
_OF_OTHERS = (
    ".pkl",
    ".torchscript",
    ".model",
    ".weights",
    ".onnx",
    ".h5",
    ".hdf5",
    ".keras",
    ".pb",
    ".tflite",
    ".msgpack",
)
_ENDINGS = (*_OF_TORCH, *_OF_OTHERS, ".npz")
"""Endings of files with weights, or a graph, but without code, which a person may give as the model by mistake."""
_IN_FOLDERS = ("model.safetensors", "pytorch_model.bin", "weights.safetensors")
_AT_MOST = 5


class Format(Enum):
    """The formats of weights that can be read."""

    SAFETENSORS = "safetensors"
    TORCH_ZIP = "an archive of torch.save"
    TORCH_LEGACY = "a pickle of torch.save, as it was until torch 1.6"


class WeightsFile(NamedTuple):
    """A file, and the key of some of the weights in it; None takes those that fit."""

    path: Path
    key: str | None = None

    @property
    def label(self) -> str:
        """The name without its folders, for a person."""
        return self.path.name if self.key is None else f"{self.path.name}:{self.key}"


def split_weights(weights: str) -> WeightsFile:
    """Splits `FILE` or `FILE:KEY`; an existing file whose own name has a colon is not split."""
    path, colon, key = weights.rpartition(":")
    if colon and key and not Path(weights).exists() and Path(path).is_file():
        return WeightsFile(Path(path), key)
    return WeightsFile(Path(weights))


def require_weights(weights: str | None) -> None:
    """Checks that `--weights` names a file that can be read, as far as its first bytes show.

    Raises:
        InputError: the file is missing, or of none of the formats.
    """
    if weights not in (None, DEFAULT, RANDOM):
        recognize_format(split_weights(str(weights)).path)


def require_code(source: str) -> None:
    """Checks that a model is not named by a file of weights.

    Raises:
        InputError: it is named so; the advice depends on the file's content.
    """
    path = Path(source)
    if source == "demo" or ".py:" in source or path.suffix == ".py" or not _may_be_weights(path):
        return
    rule = "A model is its code and its weights; a file without the code is the weights alone."
    if path.exists():
        try:
            recognize_format(path)
        except InputError as problem:
            raise InputError(rule, problem.found, f"Name the code: FILE.py:CALLABLE. {problem.fix}") from problem
    raise InputError(
        rule,
        f"Found {source}.",
        f"Name the code, and this file as its weights: FILE.py:CALLABLE --weights {source}, where the file "
        "is a state dict. A whole model that was pickled or scripted is turned into one where its code is.",
    )


def _may_be_weights(path: Path) -> bool:
    if path.is_dir():
        return any(entry.name.lower().endswith(_ENDINGS) for entry in path.iterdir())
    return path.is_file() or path.name.lower().endswith(_ENDINGS)


def recognize_format(path: Path) -> Format:
    """Recognises the format of a file from its content.

    Raises:
        InputError: the file is missing, a folder, damaged, or of another format, which is named.
    """
    if path.is_dir():
        raise _build_folder_error(path)
    if not path.is_file():
        raise InputError("--weights names a file.", f"{path} does not exist.", "Check the path.")
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(512)
    except OSError as problem:
        raise build_damage_error(path, problem) from problem
    if not start:
        raise build_damage_error(path, "it is empty")
    if start.startswith(b"PK\x03\x04"):
        return _recognize_zip(path)
    if _TORCH_LEGACY.match(start):
        return Format.TORCH_LEGACY
    if _is_safetensors(start, size):
        return Format.SAFETENSORS
    raise InputError(_RULE, *_describe_foreign(path, start))


def build_damage_error(path: Path, problem: object) -> InputError:
    """Builds the error for a file that is cut off or broken."""
    reason = (str(problem).strip().splitlines() or [type(problem).__name__])[0].rstrip(".")
    return InputError("Weights are a complete file of tensors.", f"{path}: {reason}.", f"Copy it again, or: {SAVE}")


def _is_safetensors(start: bytes, size: int) -> bool:
    if len(start) < 10 or start[8:9] != b"{":
        return False
    (length,) = struct.unpack("<Q", start[:8])
    return 0 < length <= _LONGEST_HEADER and (length + 8 <= size or start[9:10] == b'"')


def _recognize_zip(path: Path) -> Format:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as problem:
        raise build_damage_error(path, problem) from problem
    last = {name.rpartition("/")[2] for name in names}
    if "constants.pkl" in last:
        raise InputError(
            "Weights are tensors alone.",
            f"{path} is a TorchScript archive, which holds a program as well.",
            f"Take its weights out where it is trusted: torch.jit.load(FILE).state_dict(). {SAVE}",
        )
    if "data.pkl" in last:
        return Format.TORCH_ZIP
    raise InputError(_RULE, *_describe_foreign_zip(path, names))


def _describe_foreign_zip(path: Path, names: Sequence[str]) -> tuple[str, str]:
    if any(name.endswith("archive_format") for name in names):
        return f"{path} is a program that torch.export saved.", f"Take its weights: load(FILE).state_dict. {SAVE}"
    if names and all(name.endswith(".npy") for name in names):
        return f"{path} is an archive of numpy's arrays.", _CONVERT
    if any(name.endswith((".h5", "keras_metadata.pb")) for name in names):
        return f"{path} is a model of Keras.", _CONVERT
    return f"{path} is a zip archive of {_list(names) or 'nothing'}.", _UNPACK


def _describe_foreign(path: Path, start: bytes) -> tuple[str, str]:
    """Describes a file of another format, and advises what to do with it."""
    for beginning, what, fix in _BEGINNINGS:
        if start.startswith(beginning):
            return f"{path} is {what}.", fix
    text = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype", b"<html", b"<?xml", b"<head", b"<error")):
        return f"{path} is a web page, which a download put in the place of the weights.", _DOWNLOAD
    if path.name.endswith(".index.json"):
        return f"{path} is the index of weights in several files.", _MERGE
    if start[257:262] == b"ustar":
        return f"{path} is a tar archive.", _UNPACK
    if start[4:8] == b"TFL3":
        return f"{path} is a model of TensorFlow Lite.", _CONVERT
    if _PICKLE.match(start):
        return (
            f"{path} is a pickle that torch.save did not write, and reading it may run code.",
            f"Where it is trusted: torch.save(pickle.load(open({path.name!r}, 'rb')), FILE). {SAVE}",
        )
    if _ONNX.match(start):
        return f"{path} is a model of ONNX, a graph without its code.", _CONVERT
    if _is_text(start):
        return f"{path} is text: {_quote_line(start)}", _DOWNLOAD
    return f"{path} begins with {start[:8].hex(' ')}, which neither of them does.", f"Is it whole, and weights? {SAVE}"


def _is_text(start: bytes) -> bool:
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return False
    return all(sign.isprintable() or sign in "\t\r\n" for sign in text)


def _quote_line(start: bytes) -> str:
    line = (start.decode("utf-8", "replace").strip().splitlines() or [""])[0]
    return repr(line if len(line) <= 60 else line[:57] + "...") + "."


# --- folders --------------------------------------------------------------------------------------------------------

_MERGE = (
    "Put them together where they are: merge the dicts that safetensors.torch.load_file (or torch.load with "
    "weights_only=True) gives of each, then safetensors.torch.save_file(merged, FILE)."
)


def _build_folder_error(path: Path) -> InputError:
    rule, names = "--weights names a file.", sorted(entry.name for entry in path.iterdir())
    if "data.pkl" in names:
        fix = f"Pack it again, with no compression: zip -0 -r FILE {path.name} in the folder above."
        return InputError(rule, f"{path} is the unpacked archive of a file of torch.save.", fix)
    if index := next((name for name in names if name.endswith(".index.json")), None):
        return InputError(rule, f"{path} is a folder of weights in {_count_shards(path / index)} files.", _MERGE)
    if ".metadata" in names:
        fix = f"python -m torch.distributed.checkpoint.format_utils dcp_to_torch {path} FILE"
        return InputError(rule, f"{path} is a folder of a distributed checkpoint.", fix)
    if "saved_model.pb" in names:
        return InputError(rule, f"{path} is a SavedModel of TensorFlow.", _CONVERT)
    files = [name for name in names if name.lower().endswith(_ENDINGS) and (path / name).is_file()]
    found = next((name for name in _IN_FOLDERS if name in files), files[0] if len(files) == 1 else None)
    if found is not None:
        return InputError(rule, f"{path} is a folder, with {found} in it.", f"Give --weights {path / found}.")
    return InputError(rule, f"{path} is a folder of {_list(names) or 'nothing'}.", "Name the file of weights in it.")


def _count_shards(index: Path) -> str:
    try:
        return str(len(set(json.loads(index.read_bytes())["weight_map"].values())))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return "several"


def _list(names: Sequence[str]) -> str:
    more = f" and {len(names) - _AT_MOST:,} more" if len(names) > _AT_MOST else ""
    return ", ".join(names[:_AT_MOST]) + more
