"""The payloads of a transfer result: what every view needs, the result itself, its images, and one cut."""

from __future__ import annotations

import itertools
import json
import shlex
from pathlib import Path
from typing import Any

from precompute.contract.errors import InputError
from summit_dash.figures.transfer import AXES, build_cuts, find_front
from summit_dash.graph.theme import PALETTES
from summit_dash.payloads.numbers import shorten
from summit_dash.payloads.transfer_page import build_transfer_blocks
from summit_dash.run.transfer_store import TransferStore

__all__ = ["build_transfer_payload"]

_NO_CLASSES: dict[str, list[Any]] = {"id": [], "name": [], "mark": [], "full": []}
_SHARES = {"accuracy", "ci_low", "ci_high", "macro_f1"}
_OF_LEARNED = (
    "model", "cut", "head", "n_unfrozen", "n_images", "accuracy", "ci_low", "ci_high", "n_gained", "n_lost",
    "macro_f1", "n_trained", "multiply_adds", "mean_epochs",
)  # fmt: skip


def build_transfer_payload(store: TransferStore, key: str, names_folders: bool = True) -> dict[str, Any] | None:
    """Returns the payload of a key: `run`, `transfer`, `images` or `cut/3`; None where there is no such kind.

    Args:
        store: the result.
        key: `run` is what a page reads first of everything that it shows.
        names_folders: commands name the folders of this machine, which a static site does not.

    Raises:
        InputError: the result has no such cut.
    """
    if key == "run":
        return _build_overview(store)
    if key == "transfer":
        found = _build_result(store, names_folders)
        return {**found, "blocks": build_transfer_blocks(found)}
    if key == "images":
        return _build_images(store)
    kind, _, number = key.partition("/")
    if kind == "cut" and number.isdecimal() and len(number) < 10:
        return _build_cut(store, int(number))
    return None


def _build_overview(store: TransferStore) -> dict[str, Any]:
    """Builds the overview, which has the form of that of a run without classes and layers."""
    return {
        "kind": "transfer",
        "name": store.name,
        "facts": {
            "model": store.model_name,
            "dataset": store.dataset_name,
            "n_classes": len(store.classes),
            "n_images": store.n_images,
            "n_images_of_classes": store.n_images,
        },
        "has": {},
        "layers": [],
        "groups": None,
        "classes": _NO_CLASSES,
    }


def _build_result(store: TransferStore, names_folders: bool) -> dict[str, Any]:
    manifest, config = store.manifest, store.manifest["config"]
    return {
        "sentence": manifest["advice"]["sentence"],
        "advice": {name: manifest["advice"][name] for name in ("model", "cut", "cost")},
        "n_images": store.n_images,
        "n_skipped": len(manifest.get("skipped", ())),
        "config": {name: config[name] for name in ("pooling", "n_folds", "n_inner_folds", "seed")},
        "estimate": manifest["estimate"],
        "has_pictures": store.has_pictures,
        "models": {
            name: {"published": entry.get("published_top1"), "n_parameters": entry["n_parameters"]}
            for name, entry in manifest["models"].items()
        },
        "cuts": [{name: _round(name, value) for name, value in row.items()} for row in store.cuts],
        "fronts": {cost: find_front(store.cuts, cost) for cost in AXES if cost != "depth"},
        "learned": [{name: _round(name, row[name]) for name in _OF_LEARNED} for row in store.learned],
        "classes": [{"id": row["class_id"], "name": row["class_name"], "n": row["n_images"]} for row in store.classes],
        "heads": _list_heads(store, names_folders),
        "folder": str(store.path) if names_folders else store.path.name,
        "figures": {
            theme: {axis: json.loads(build_cuts(store.cuts, axis, theme).to_json()) for axis in AXES}
            for theme in PALETTES
        },
    }


def _round(name: str, value: Any) -> Any:
    """Rounds what is not whole; shares keep as many digits as they are written with elsewhere need."""
    if not isinstance(value, float):
        return value
    return round(value, 6) if name in _SHARES else shorten(value)


def _list_heads(store: TransferStore, names_folders: bool) -> list[dict[str, Any]]:
    """Lists the saved heads, each with the command that makes a run of it."""
    return [
        {
            "name": name,
            "model": head["model"],
            "cut": head["cut"],
            "kind": head["kind"],
            "is_whole": head["fingerprint"] is not None,
            "command": _place_files(head["command"], name, store.path, names_folders),
        }
        for name, head in store.manifest.get("heads", {}).items()
    ]


def _place_files(command: str, head: str, folder: Path, names_folders: bool) -> str:
    """Names a head's files in its command where they are now: the folder of a result may have moved.

    Args:
        command: as it was written beside the head.
        head: the name of its folder.
        folder: of the result.
        names_folders: files are named with the folders of this machine; else from the result's folder on, and those
            of others by their last part.
    """

    def place(word: str) -> str:
        path = Path(word)
        pairs = list(itertools.pairwise(path.parts))
        if ("heads", head) not in pairs:
            return path.name if path.is_absolute() and not names_folders else word
        within = Path(*path.parts[pairs.index(("heads", head)) :])
        if not names_folders:
            return str(folder.name / within)
        return word if path.resolve() == folder / within else str(folder / within)

    return shlex.join(place(word) for word in shlex.split(command))


def _build_images(store: TransferStore) -> dict[str, Any]:
    rows = store.read_images()
    return {
        "image_id": [row["image_id"] for row in rows],
        "class_id": [row["class_id"] for row in rows],
        "path": [row["path"] for row in rows],
        "fold": [row["fold"] for row in rows],
    }


def _build_cut(store: TransferStore, place: int) -> dict[str, Any]:
    if place >= len(store.cuts):
        raise InputError(
            "A cut is one of the table.", f"There are {len(store.cuts)}; the link says {place}.", "Choose one of them."
        )
    found = store.cut(place)
    return {
        "image_id": found["image_id"],
        "predicted": found["predicted_class_id"],
        "probability": [round(value, 4) for value in found["predicted_probability"]],
    }
