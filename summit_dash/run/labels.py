"""Labels that people give to channels: a file in the run's folder, written by one writer at a time."""

from __future__ import annotations

import errno
import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from precompute.contract.atomic import replace_file
from precompute.contract.errors import InputError
from precompute.contract.lock import hold_file
from summit_dash.run.graphs import Channel
from summit_dash.run.store import RunStore

__all__ = ["LABELS", "LONGEST", "build_labels", "check_label", "read_labels", "save_label"]

LABELS = "labels.json"
"""Name of the file in a run's folder. No stage of precompute reads, writes or removes it."""
LONGEST = 80
"""Greatest number of characters of a label."""

Labels = dict[str, dict[str, str]]
"""Label by layer and channel number."""

_writing = threading.Lock()


def build_labels(store: RunStore) -> dict[str, Any]:
    """Builds the payload: `labels` by layer and channel number; `editable` says that the folder can be written."""
    return {"labels": read_labels(store), "editable": os.access(store.path, os.W_OK)}


def read_labels(store: RunStore) -> Labels:
    """Reads the labels of the run's model, of channels that the run has.

    Raises:
        InputError: the file is damaged.
    """
    found = _read_file(store.path / LABELS).get(_name_model(store), {})
    return {
        layer: kept
        for layer, labels in found.items()
        if (kept := {n: text for n, text in labels.items() if _is_channel(store, layer, n)})
    }


def check_label(store: RunStore, given: Any) -> tuple[Channel, str]:
    """Returns the channel and the label of a request, `{"layer": ..., "channel": ..., "label": ...}`.

    White space in the label becomes single spaces.

    Raises:
        InputError: it names no channel of the run, or its label is no text or too long.
    """
    layer, channel, text = (
        given.get(key) if isinstance(given, dict) else None for key in ("layer", "channel", "label")
    )
    if not isinstance(layer, str) or type(channel) is not int or not _is_channel(store, layer, str(channel)):
        raise InputError(
            "A label belongs to a channel of the run.", f"Asked for {layer}-{channel}.", "Choose a channel."
        )
    if not isinstance(text, str):
        raise InputError("A label is a text.", f"Found {type(text).__name__}.", "Send a text; an empty one removes it.")
    label = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if len(label) > LONGEST:
        raise InputError(f"A label has at most {LONGEST} characters.", f"This one has {len(label)}.", "Shorten it.")
    return Channel(layer, channel), label


def save_label(store: RunStore, channel: Channel, label: str) -> None:
    """Sets the label of a channel; an empty one removes it. Other writers, of this process or another, wait.

    Raises:
        InputError: the file is damaged, or the folder cannot be written.
    """
    path = store.path / LABELS
    try:
        with _writing, hold_file(path):
            of_models = _read_file(path)
            labels = of_models.setdefault(_name_model(store), {})
            labels.setdefault(channel.layer, {}).pop(str(channel.channel), None)
            if label:
                labels[channel.layer][str(channel.channel)] = label
            _write_file(path, of_models)
    except OSError as problem:
        raise _describe(problem, path) from problem


def _describe(problem: OSError, path: Path) -> InputError:
    """Says why a label was not saved. A full disk leaves the labels as they were."""
    found = f"{problem.filename or path.name}: {problem.strerror}."
    if problem.errno in (errno.ENOSPC, errno.EDQUOT):
        return InputError(
            "Labels are saved beside the run, so its disk must have room.",
            found,
            "Make room on it, and save the label again; those before are kept.",
        )
    return InputError(
        "Labels are saved beside the run, so its folder must be writable.",
        found,
        "Serve a copy of the run that may be written.",
    )


def _is_channel(store: RunStore, layer: str, number: str) -> bool:
    info = store.layers.get(layer)
    return info is not None and number.isdecimal() and int(number) < info.n_channels


def _name_model(store: RunStore) -> str:
    """Names the model with its weights: a run made again with other weights keeps its labels but shows none of them."""
    model = store.manifest.get("model") or {}
    return " ".join([store.model_name, *filter(None, [str(model.get("weights_sha256") or "")[:16]])])


def _read_file(path: Path) -> dict[str, Labels]:
    """Reads the labels of every model; none where there is no file."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except OSError as problem:
        fix = _ALLOW if isinstance(problem, PermissionError) else _MOVE
        raise InputError(f"{LABELS} is a file that can be read.", f"{LABELS}: {problem.strerror}.", fix) from problem
    try:
        return _parse(json.loads(text))
    except (ValueError, TypeError, KeyError, AttributeError) as problem:
        raise InputError(f"{LABELS} is JSON as the dashboard writes it.", f"Found {problem}.", _MOVE) from problem


_ALLOW = "Let the user that runs the server read it."
_MOVE = f"Repair {LABELS} in the run's folder or move it away."


def _parse(content: Any) -> dict[str, Labels]:
    return {
        str(model): {layer: {str(int(n)): str(text) for n, text in of.items()} for layer, of in labels.items()}
        for model, labels in content["models"].items()
    }


def _write_file(path: Path, of_models: Mapping[str, Labels]) -> None:
    """Replaces the file at once, so that a reader sees either the old or the new one."""
    text = json.dumps({"models": _sort(of_models)}, indent=2, ensure_ascii=False)
    with replace_file(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def _sort(of_models: Mapping[str, Labels]) -> dict[str, Labels]:
    return {
        model: {layer: dict(sorted(of.items(), key=lambda each: int(each[0]))) for layer, of in labels.items() if of}
        for model, labels in of_models.items()
    }
