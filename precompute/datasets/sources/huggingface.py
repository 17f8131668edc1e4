"""A Hugging Face dataset saved on disk (`Dataset.save_to_disk`), read with the library `datasets`.

The library maps the Arrow files into memory and returns the undecoded bytes of one row at a time.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from precompute.contract.errors import InputError
from precompute.contract.labelled import MID_GREY, Colour, LabelledClass, LabelledImage, UnreadableImage
from precompute.datasets.decode import decode
from precompute.datasets.images import ImageSource, SourceWithoutStories
from precompute.datasets.labels.classes import Label, build_classes
from precompute.datasets.sources.files import read_size_and_time, take_first, to_printable
from precompute.datasets.sources.kind import ImageSourceKind, OpenRequest

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["SOURCE", "HuggingFaceImages", "is_saved_dataset", "open_huggingface"]

_RULE = (
    "A Hugging Face dataset is a folder that `Dataset.save_to_disk` wrote, with a column of images and a column of "
    "labels (ClassLabel, or one named label of numbers or names)."
)
_LABEL_NAMES = ("label", "labels", "class_name", "class_id", "cls")
_SPLITS, _STATE, _INFO = "dataset_dict.json", "state.json", "dataset_info.json"


@dataclass(frozen=True, slots=True)
class _Row:
    class_id: int
    row: int


@dataclass(frozen=True)
class HuggingFaceImages(SourceWithoutStories):
    """The images of a dataset saved on disk; satisfies `ImageSource`.

    Attributes:
        name: of the dataset, for the user.
        root: its folder.
        classes: sorted by class_id.
        rows: sorted by class_id, then row.
        images: in the order of `rows`.
        labels_are_outputs: True if labels are numbers without names, which state the model's outputs; otherwise None.
        n_labels: number of classes that the label column declares, those without images included.
        dataset: the image column alone, of the library's type Dataset, which does not decode it.
        column: name of the image column.
        notes: sentences for the user; always empty.
    """

    name: str
    root: Path
    classes: tuple[LabelledClass, ...]
    rows: tuple[_Row, ...]
    images: tuple[LabelledImage, ...]
    labels_are_outputs: bool | None
    n_labels: int
    dataset: Any
    column: str
    notes: tuple[str, ...] = ()

    def load(self, image: LabelledImage, background: Colour = MID_GREY) -> Image:
        """Decodes one image to RGB, transparent pixels over `background`.

        Raises:
            UnreadableImage: the row has no image; its image cannot be decoded.
        """
        value = self.dataset[self.rows[image.image_id].row][self.column]
        if value is None or value.get("bytes") is None:
            raise UnreadableImage("has no bytes in the dataset")
        return decode(value["bytes"], background)

    def fingerprint(self) -> str:
        """Computes the SHA-256 of classes, labels, and every file's name, size in bytes and time of change."""
        digest = hashlib.sha256()
        for label in self.classes:
            digest.update(repr((label.class_id, label.class_name, label.synset, label.group)).encode())
        for row in self.rows:
            digest.update(repr((row.class_id, row.row)).encode())
        for path in sorted(self.root.glob("*.arrow")):
            digest.update(repr((to_printable(path.name), *read_size_and_time(path))).encode())
        return digest.hexdigest()


def is_saved_dataset(folder: Path) -> bool:
    """Checks if `save_to_disk` wrote a folder, for one dataset or a dictionary of splits."""
    return (folder / _SPLITS).is_file() or ((folder / _STATE).is_file() and (folder / _INFO).is_file())


def open_huggingface(root: Path, limit_per_class: int | None = None) -> HuggingFaceImages:
    """Opens a dataset saved on disk; reads labels, decodes nothing.

    Labels of the type ClassLabel are the dataset's own numbers: they may be the model's outputs only if the model has
    as many outputs as the type declares names.

    Raises:
        InputError: the library is not installed; the folder is damaged, or a dictionary of splits; a column is missing
            or ambiguous; a row has no label.
    """
    _require_library()
    if (root / _SPLITS).is_file():
        splits = sorted(path.name for path in root.iterdir() if is_saved_dataset(path))
        raise InputError(
            _RULE,
            f"{root} is a dictionary of splits: {', '.join(splits) or 'none'}.",
            f"Name one of them: {root / splits[0]}." if splits else "Save the dataset again.",
        )
    datasets = importlib.import_module("datasets")
    try:
        dataset = datasets.load_from_disk(str(root))
    except Exception as problem:  # a damaged folder makes the library raise nearly anything
        reason = (str(problem).splitlines() or [type(problem).__name__])[0].rstrip(".")
        raise InputError(_RULE, f"{root}: {reason}.", "Save the dataset again.") from problem
    image = _find_image_column(root, dataset.features, datasets.Image)
    label = _find_label_column(root, dataset.features, datasets.ClassLabel)
    labels = _read_labels(root, dataset, label)
    classes, ids = build_classes(str(root), labels)
    rows = [_Row(class_id, row) for row, class_id in enumerate(ids)]
    kept = tuple(take_first(sorted(rows, key=lambda r: (r.class_id, r.row)), limit_per_class))
    names = getattr(dataset.features[label], "names", None)
    numbered = labels[0].class_id is not None
    return HuggingFaceImages(
        name=to_printable(root.resolve().name),
        root=root,
        classes=tuple(classes),
        rows=kept,
        images=tuple(LabelledImage(i, r.class_id, f"row {r.row:07d}") for i, r in enumerate(kept)),
        labels_are_outputs=True if numbered and names is None else None,
        n_labels=len(classes) if names is None else len(names),
        dataset=dataset.select_columns([image]).cast_column(image, datasets.Image(decode=False)),
        column=image,
    )


def _require_library() -> None:
    if importlib.util.find_spec("datasets") is None:
        raise InputError(
            "Reading a Hugging Face dataset needs the library datasets.",
            "It is not installed here.",
            "pip install 'summit-dash[precompute,huggingface]'",
        )


def _find_image_column(root: Path, features: Mapping[str, Any], kind: type) -> str:
    found = [name for name, feature in features.items() if isinstance(feature, kind)]
    return _choose_column(root, found, ("image",), "images", features)


def _find_label_column(root: Path, features: Mapping[str, Any], kind: type) -> str:
    found = [name for name, feature in features.items() if isinstance(feature, kind)]
    if not found:
        found = [name for name in _LABEL_NAMES if getattr(features.get(name), "dtype", "") in _LABEL_TYPES][:1]
    return _choose_column(root, found, _LABEL_NAMES, "labels", features)


_LABEL_TYPES = frozenset({"string", "large_string", *(f"{sign}int{n}" for sign in ("", "u") for n in (8, 16, 32, 64))})


def _choose_column(
    root: Path, found: Sequence[str], usual: Sequence[str], what: str, features: Mapping[str, Any]
) -> str:
    if len(found) == 1:
        return found[0]
    for name in usual:
        if name in found:
            return name
    if found:
        raise InputError(_RULE, f"{root} has several columns of {what}: {', '.join(found)}.", f"Name one {usual[0]}.")
    columns = ", ".join(features) or "none"
    raise InputError(_RULE, f"{root} has no column of {what}; its columns are {columns}.", f"Add one named {usual[0]}.")


def _read_labels(root: Path, dataset: Any, column: str) -> list[Label]:
    """Reads the label of every row, with `synset` and `group` if the dataset has text columns of these names."""
    extra = [name for name in ("synset", "group") if getattr(dataset.features.get(name), "dtype", "") == "string"]
    names = getattr(dataset.features[column], "names", None)
    table = dataset.select_columns([column, *extra]).with_format("arrow")[:]
    values = table.column(column).to_pylist()
    others = {name: table.column(name).to_pylist() for name in extra}
    if not values:
        raise InputError(_RULE, f"{root} has no rows.", "Save a dataset with images.")
    labels = []
    for row, value in enumerate(values):
        if value is None or (isinstance(value, int) and value < 0) or (isinstance(value, str) and not value.strip()):
            shown = "no label" if value is None or value == "" else f"the label {value!r}, which stands for none"
            raise InputError(_RULE, f"{root}, row {row}, has {shown}.", "Keep labelled rows only: dataset.filter(...).")
        said = {name: (others[name][row] or "").strip() or None for name in extra}
        class_name, class_id = (value.strip(), None) if isinstance(value, str) else (names and names[value], value)
        labels.append(Label(f"row {row}", class_name, class_id, said.get("synset"), said.get("group")))
    return labels


def _open(request: OpenRequest) -> ImageSource:
    return open_huggingface(request.path, request.limit_per_class)


SOURCE = ImageSourceKind(
    key="huggingface",
    rank=40,
    usage="a Hugging Face dataset saved on disk",
    recognises=lambda request: request.path.is_dir() and is_saved_dataset(request.path),
    open=_open,
)
