"""A user's files about the model's outputs: the outputs that mean each class, and the names of the outputs."""

from __future__ import annotations

import csv
import difflib
import io
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from precompute.contract.errors import InputError
from precompute.contract.labelled import LabelledClass
from precompute.datasets.labels.classes import parse_whole_number

__all__ = ["read_class_outputs", "read_output_names"]

_MAPPING_RULE = (
    "--class-outputs is auto, name, id, text or none, or names a .csv with the columns class_name and output_index (a "
    'line per output), or a .json such as {"dog": [151, 152]}.'
)
_NAMES_RULE = (
    "--output-names names a .txt with a name per line, a .json list, or a .csv with the columns output_index (or "
    "class_id) and name (or class_name)."
)


def read_class_outputs(path: Path, classes: Sequence[LabelledClass], n_outputs: int) -> dict[int, tuple[int, ...]]:
    """Reads the outputs that mean each class, ascending, by class_id; classes that the file does not name are absent.

    An output may belong to several classes, such as `dog` and `animal` of one set.

    Raises:
        InputError: the file cannot be read; a name is no class of the images, or that of several; an output does not
            exist.
    """
    ids = _index_by_name(path, classes)
    outputs: dict[int, set[int]] = defaultdict(set)
    for position, class_name, value in _read_mapping_rows(path):
        if class_name not in ids:
            nearest = difflib.get_close_matches(class_name, ids, n=3, cutoff=0.4) or sorted(ids)[:3]
            raise InputError(
                "--class-outputs names classes of the images.",
                f"{path}, {position}: {class_name} is none of them; the nearest are {', '.join(nearest)}.",
                "Correct the name, or remove it.",
            )
        class_id = ids[class_name]
        if class_id is None:
            raise InputError(
                "--class-outputs knows a class by its name.",
                f"{path}, {position}: {class_name} is the name of several classes of the images.",
                "Give the classes different names.",
            )
        index = parse_whole_number(value)
        if index is None or index >= n_outputs:
            raise InputError(
                f"The model's outputs are numbered from 0 to {n_outputs - 1:,}.",
                f"{path}, {position}, gives {class_name} the output {value}.",
                "Correct it.",
            )
        outputs[class_id].add(index)
    if not outputs:
        raise InputError(_MAPPING_RULE, f"{path} names no class.", "Add one, or leave --class-outputs out.")
    return {class_id: tuple(sorted(indices)) for class_id, indices in sorted(outputs.items())}


def read_output_names(path: Path, n_outputs: int) -> tuple[str, ...]:
    """Reads the name of every output, in order.

    Raises:
        InputError: the file cannot be read; it does not name each output once.
    """
    kind = path.suffix.lower()
    if kind == ".txt":
        names = [line.strip() for line in _read_text(path, _NAMES_RULE).split("\n")]
        while names and not names[-1]:
            names.pop()
    elif kind == ".json":
        names = _read_json(path, _NAMES_RULE)
        if not isinstance(names, list):
            raise InputError(_NAMES_RULE, f"{path} is no list.", 'Write ["tench", "goldfish", ...].')
    elif kind == ".csv":
        names = _read_names_in_order(path, n_outputs)
    else:
        raise InputError(_NAMES_RULE, f"{path} is a file of another kind.", "Name a .txt, a .json or a .csv.")
    for index, name in enumerate(names):
        if not isinstance(name, str) or not name.strip():
            raise InputError(_NAMES_RULE, f"{path} has no name for output {index}, but {name!r}.", "Add it.")
    if len(names) != n_outputs:
        raise InputError(
            "--output-names names every output of the model.",
            f"{path} has {len(names):,} names, the model {n_outputs:,} outputs.",
            "Give a name for each output, in order.",
        )
    return tuple(name.strip() for name in names)


# --- mapping --------------------------------------------------------------------------------------------------------


def _index_by_name(path: Path, classes: Iterable[LabelledClass]) -> dict[str, int | None]:
    """Returns the class_id of each name; None for a name that several classes share."""
    ids: dict[str, int | None] = {}
    for labelled in classes:
        ids[labelled.class_name] = None if labelled.class_name in ids else labelled.class_id
    return ids


def _read_mapping_rows(path: Path) -> Iterable[tuple[str, str, Any]]:
    """Yields the position in the file, the class name, and the output index as written."""
    kind = path.suffix.lower()
    if kind == ".csv":
        for line, row in _read_csv_rows(path, _MAPPING_RULE, ("class_name",), ("output_index",)):
            yield line, row[0], row[1]
    elif kind == ".json":
        mapping = _read_json(path, _MAPPING_RULE)
        if not isinstance(mapping, dict):
            raise InputError(_MAPPING_RULE, f"{path} is no object.", 'Write {"dog": [151, 152]}.')
        for class_name, indices in mapping.items():
            if isinstance(indices, list) and not indices:
                raise InputError(_MAPPING_RULE, f"{path} gives {class_name} no output.", "Add one, or remove the name.")
            for index in indices if isinstance(indices, list) else [indices]:
                yield class_name, class_name.strip(), index
    else:
        raise InputError(_MAPPING_RULE, f"{path} is a file of another kind.", "Name a .csv or a .json.")


def _read_names_in_order(path: Path, n_outputs: int) -> list[str]:
    names: dict[int, str] = {}
    for line, row in _read_csv_rows(path, _NAMES_RULE, ("output_index", "class_id"), ("name", "class_name")):
        index = parse_whole_number(row[0])
        if index is None or index >= n_outputs:
            raise InputError(
                f"The model's outputs are numbered from 0 to {n_outputs - 1:,}.",
                f"{path}, {line}, has {row[0]}.",
                "Correct it.",
            )
        # A list of labelled images, with the same class in many lines, is a list of names too.
        if names.setdefault(index, row[1]) != row[1]:
            raise InputError(
                _NAMES_RULE, f"{path}, {line}, calls output {index} {row[1]}, and before {names[index]}.", "Correct it."
            )
    missing = [index for index in range(n_outputs) if index not in names]
    if missing:
        raise InputError(
            "--output-names names every output of the model.",
            f"{path} has no name for {len(missing):,} of {n_outputs:,} outputs, such as {missing[0]}.",
            "Add them.",
        )
    return [names[index] for index in range(n_outputs)]


# --- files ----------------------------------------------------------------------------------------------------------


def _read_text(path: Path, rule: str) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as problem:
        raise InputError(rule, f"{path}: {problem.strerror}.", "Check the path.") from problem
    except UnicodeDecodeError as problem:
        raise InputError(rule, f"{path} is no UTF-8.", "Save it as UTF-8 text.") from problem


def _read_json(path: Path, rule: str) -> Any:
    try:
        return json.loads(
            _read_text(path, rule), object_pairs_hook=lambda pairs: _require_unique_keys(path, rule, pairs)
        )
    except ValueError as problem:
        raise InputError(rule, f"{path}: {problem}.", "Correct the JSON.") from problem


def _require_unique_keys(path: Path, rule: str, pairs: Sequence[tuple[str, Any]]) -> Mapping[str, Any]:
    """Builds an object of JSON; the parser itself would silently keep the last of two equal keys.

    Raises:
        InputError: a key is there twice.
    """
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise InputError(rule, f"{path} has {key} twice.", "Put the two together.")
        result[key] = value
    return result


def _read_csv_rows(
    path: Path, rule: str, first: Sequence[str], second: Sequence[str]
) -> Iterable[tuple[str, tuple[str, str]]]:
    """Yields `line N` and the cells of two columns, each under any of its names."""
    reader = csv.reader(io.StringIO(_read_text(path, rule)), strict=True)
    try:
        header = [cell.strip() for cell in next(reader, [])]
        positions = []
        for names in (first, second):
            known = [header.index(name) for name in names if name in header]
            if not known:
                found = (
                    f"{path} has no column {' or '.join(names)}; its first line has {', '.join(header) or 'nothing'}."
                )
                raise InputError(rule, found, "Add it; cells are separated by commas.")
            positions.append(known[0])
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            line = f"line {reader.line_num}"
            if len(cells) != len(header):
                found = f"{path}, {line}, has {len(cells)} cells, the header {len(header)}."
                raise InputError(rule, found, "Correct or remove it.")
            yield line, (cells[positions[0]].strip(), cells[positions[1]].strip())
    except csv.Error as problem:
        raise InputError(rule, f"{path}, line {reader.line_num}: {problem}.", "Save it as comma-separated text.") from (
            problem
        )
