"""The model's outputs that mean each class of the images, and the reason for this reading."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from precompute.contract.errors import InputError
from precompute.contract.labelled import LabelledClass
from precompute.datasets.images import ImageSource
from precompute.datasets.labels.classes import number_names
from precompute.datasets.labels.output_match import ModelOutputs, NameMatch, match_names
from precompute.datasets.labels.outputs import read_class_outputs

__all__ = ["AUTO", "WAYS", "Meaning", "find_other_readings", "read_meaning"]

AUTO = "auto"
ClassOutputs = Mapping[int, tuple[int, ...]]
_MOST = 5


@dataclass(frozen=True)
class Meaning:
    """A reading of the labels: the outputs that mean each class.

    Attributes:
        outputs: by class_id, ascending for each class. A class without an output is absent and has no accuracy.
        known_by: the reason: `stated` by the images' source; `file`, `name`, `id` or `text` as the user asked for;
            found without a request: `name`, `number` (class names are numbers) or `order` (there are as many classes as
            outputs); `none`.
        notes: sentences for the user.
    """

    outputs: ClassOutputs
    known_by: str
    notes: tuple[str, ...] = ()

    @property
    def is_guess(self) -> bool:
        """True if the reading rests on numbers alone."""
        return self.known_by in ("number", "order")

    def are_class_ids(self, classes: Sequence[LabelledClass]) -> bool:
        """Checks if each class means exactly the output with the number of its class_id."""
        return self.known_by != "file" and all(self.outputs.get(c.class_id) == (c.class_id,) for c in classes)


def read_meaning(source: ImageSource, outputs: ModelOutputs, way: str = AUTO) -> Meaning:
    """Finds the outputs that mean the classes of a source.

    `auto` tries in turn: the class_id that the source states; the names, if each is an output's name; class names that
    are the numbers from 0, as many as outputs; the order of the labels, if there are as many labels as outputs.

    Args:
        source: the labelled images.
        outputs: of the model.
        way: `auto`, one of `WAYS`, or a file that `read_class_outputs` reads.

    Raises:
        InputError: the way does not fit the classes; by `auto`, the name of a class is that of several outputs.
    """
    if way == AUTO:
        return _read_automatically(source, outputs)
    if way in WAYS:
        return WAYS[way](source, outputs)
    return Meaning(read_class_outputs(Path(way), source.classes, outputs.number), "file")


def find_other_readings(source: ImageSource, outputs: ModelOutputs, used: Meaning) -> dict[str, ClassOutputs]:
    """Finds the different readings by every other way that fits the classes, by the name of the way."""
    found: dict[str, ClassOutputs] = {}
    for name in ("name", "id", "text"):
        try:
            reading = WAYS[name](source, outputs).outputs
        except InputError:
            continue
        if reading != used.outputs and reading not in found.values():
            found[name] = reading
    return found


# --- ways that the user names --------------------------------------------------------------------------------------


def _read_by_name(source: ImageSource, outputs: ModelOutputs) -> Meaning:
    if outputs.names is None and outputs.synsets is None:
        raise InputError(
            "--class-outputs name finds classes among the names of the outputs.",
            "Nobody has named the outputs of this model.",
            "Name them by --output-names FILE.",
        )
    match = match_names(source.classes, outputs)
    if not match.outputs:
        names = [labelled.class_name for labelled in source.classes]
        raise InputError(
            "--class-outputs name finds classes among the names of the outputs.",
            f"No output has the name of a class: {_join_names(names)}.{_suggest_names(names[0], outputs)}",
            "Say which outputs mean them by --class-outputs FILE.",
        )
    return Meaning(_wrap_outputs(match.outputs), "name", tuple(_describe_match(match)))


def _read_by_id(source: ImageSource, outputs: ModelOutputs) -> Meaning:
    ids = [labelled.class_id for labelled in source.classes]
    first = 1 if _counts_from_one(source, outputs) else 0
    if max(ids) - first >= outputs.number:
        raise InputError(
            f"The model's outputs are numbered from 0 to {outputs.number - 1:,}.",
            f"There is a class {max(ids)}, {source.classes[-1].class_name}.",
            "Say which outputs mean the classes by --class-outputs FILE.",
        )
    notes = ("Classes are numbered from 1, outputs from 0: class 1 means output 0.",) if first else ()
    return Meaning(_wrap_outputs({class_id: class_id - first for class_id in ids}), "id", notes)


def _read_by_text(source: ImageSource, outputs: ModelOutputs) -> Meaning:
    if len(source.classes) != outputs.number:
        raise InputError(
            "The order of the names tells the outputs where there are as many of both.",
            f"There are {len(source.classes):,} classes and {outputs.number:,} outputs.",
            "Say which outputs mean the classes by --class-outputs FILE.",
        )
    return Meaning(_wrap_outputs(_compute_text_order(source)), "text")


def _read_none(source: ImageSource, outputs: ModelOutputs) -> Meaning:
    del source, outputs  # no class means an output
    return Meaning({}, "none")


WAYS: Mapping[str, Callable[[ImageSource, ModelOutputs], Meaning]] = {
    "name": _read_by_name,
    "id": _read_by_id,
    "text": _read_by_text,
    "none": _read_none,
}
"""The words that `--class-outputs` accepts besides `auto` and a file, with the function that reads by each."""


# --- the way auto ---------------------------------------------------------------------------------------------------


def _read_automatically(source: ImageSource, outputs: ModelOutputs) -> Meaning:
    match = match_names(source.classes, outputs)
    if source.labels_are_outputs:
        return _read_stated(source, outputs, match)
    if not match.unknown:
        _require_unambiguous(match, outputs)
        is_plain = all(class_id == output for class_id, output in match.outputs.items())
        return Meaning(_wrap_outputs(match.outputs), "name", () if is_plain else tuple(_describe_match(match)))
    if source.n_labels != outputs.number:
        return Meaning({}, "none", tuple(_list_hints(source, outputs, match)))
    if _has_names_from_zero(source):
        return Meaning(
            _wrap_outputs({c.class_id: c.class_id for c in source.classes}), "number", (_build_number_note(source),)
        )
    return _read_by_order(source, match)


def _read_stated(source: ImageSource, outputs: ModelOutputs, match: NameMatch) -> Meaning:
    """Takes each class_id as the output index; none if one of them is no output, because the labels are then others."""
    highest = max(source.classes, key=lambda c: c.class_id)
    if highest.class_id >= outputs.number:
        return Meaning({}, "none", tuple(_list_hints(source, outputs, match)))
    return Meaning(
        _wrap_outputs({c.class_id: c.class_id for c in source.classes}), "stated", _list_contradictions(source, match)
    )


def _read_by_order(source: ImageSource, match: NameMatch) -> Meaning:
    """Guesses the outputs from the order of the labels; reads by name if a name contradicts the order."""
    by_text = _has_number_names(source) and len(source.classes) == source.n_labels
    order = _compute_text_order(source) if by_text else {c.class_id: c.class_id for c in source.classes}
    if any(order[class_id] != output for class_id, output in match.outputs.items()):
        return Meaning(_wrap_outputs(match.outputs), "name", tuple(_describe_match(match)))
    if by_text:
        first = ", ".join(sorted(c.class_name for c in source.classes)[:3])
        note = f"in the order of text, as ImageFolder sorts them ({first}, ...); --class-outputs says otherwise."
        return Meaning(
            _wrap_outputs(order), "order", (f"Class names are numbers, taken for the model's outputs {note}",)
        )
    note = (
        f"The {len(order):,} classes are taken for the model's outputs in the order of their labels, because there are "
        "as many. If accuracy is no better than chance, the order is another: name the outputs by --output-names FILE, "
        "or say which mean each class by --class-outputs."
    )
    return Meaning(_wrap_outputs(order), "order", (note,))


def _list_hints(source: ImageSource, outputs: ModelOutputs, match: NameMatch) -> list[str]:
    """Lists the way that would give outputs to labels that have none as they are."""
    if _counts_from_one(source, outputs):
        return ["Classes are numbered from 1 to the number of outputs; if class 1 means output 0: --class-outputs id."]
    if match.outputs:
        number, classes = len(match.outputs), len(source.classes)
        return [f"{number:,} of {classes:,} classes have the name of an output; to take these: --class-outputs name."]
    if _has_number_names(source) and max(c.class_id for c in source.classes) < outputs.number:
        return ["Class names are numbers; if class 3 means output 3: --class-outputs id."]
    return []


def _require_unambiguous(match: NameMatch, outputs: ModelOutputs) -> None:
    for labelled, indices in match.ambiguous.items():
        raise InputError(
            "A class means the one output that has its name.",
            f"{labelled.class_name} is the name of {_join_outputs(indices, outputs)}.",
            "Say which it means by --class-outputs FILE, or leave it out of accuracy by --class-outputs name.",
        )


def _list_contradictions(source: ImageSource, match: NameMatch) -> tuple[str, ...]:
    others = [c for c in source.classes if match.outputs.get(c.class_id, c.class_id) != c.class_id]
    if not others:
        return ()
    first = others[0]
    return (
        f"The class_id of {_format_classes(len(others))} is not the output of its name, such as {first.class_name}: "
        f"class_id {first.class_id}, output {match.outputs[first.class_id]}. The class_id is taken; to take the names: "
        "--class-outputs name.",
    )


def _describe_match(match: NameMatch) -> list[str]:
    """Describes the number of classes that mean the output of their name, and the classes that do not."""
    left = [*match.unknown, *match.ambiguous]
    if not left:
        return ["Each class means the output of its name."]
    number = len(match.outputs)
    means = "means the output of its name" if number == 1 else "mean the output of their name"
    names = _join_names([labelled.class_name for labelled in left])
    known = f"{number:,} of {number + len(left):,} classes {means}"
    return [f"{known}; without accuracy, as no one output has their name: {names}."]


def _build_number_note(source: ImageSource) -> str:
    note = "Class names are numbers: class 3 means output 3."
    if all(_compute_text_order(source)[c.class_id] == c.class_id for c in source.classes):
        return note
    return f"{note} For a model trained on ImageFolder's order (0, 1, 10, ...): --class-outputs text."


# --- numbers and words ----------------------------------------------------------------------------------------------


def _wrap_outputs(outputs: Mapping[int, int]) -> ClassOutputs:
    return {class_id: (output,) for class_id, output in sorted(outputs.items())}


def _has_number_names(source: ImageSource) -> bool:
    """Checks if all class names are numbers and equal to the class_ids."""
    numbers = number_names(c.class_name for c in source.classes)
    return all(c.class_name.isdecimal() and numbers[c.class_name] == c.class_id for c in source.classes)


def _has_names_from_zero(source: ImageSource) -> bool:
    return _has_number_names(source) and [c.class_id for c in source.classes] == list(range(source.n_labels))


def _counts_from_one(source: ImageSource, outputs: ModelOutputs) -> bool:
    return [c.class_id for c in source.classes] == list(range(1, outputs.number + 1))


def _compute_text_order(source: ImageSource) -> dict[int, int]:
    ordered = sorted(source.classes, key=lambda c: (c.class_name, c.class_id))
    return {labelled.class_id: index for index, labelled in enumerate(ordered)}


def _format_classes(number: int) -> str:
    return f"{number:,} class{'' if number == 1 else 'es'}"


def _join_names(names: Sequence[str]) -> str:
    return ", ".join(names[:_MOST]) + (f" and {len(names) - _MOST:,} more" if len(names) > _MOST else "")


def _join_outputs(indices: Sequence[int], outputs: ModelOutputs) -> str:
    named = [f"{i} ({outputs.synsets[i]})" if outputs.synsets else str(i) for i in indices]
    return f"{len(indices)} outputs: {', '.join(named)}"


def _suggest_names(name: str, outputs: ModelOutputs) -> str:
    nearest = difflib.get_close_matches(name, outputs.names or (), n=3, cutoff=0.5)
    return f" Near {name}: {', '.join(nearest)}." if nearest else ""
