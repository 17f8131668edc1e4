"""The run's manifest as it grows: the run's identity, the state of its stages, and the files that belong to it."""

from __future__ import annotations

import contextlib
import datetime
import importlib.metadata
import platform
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from precompute.contract.errors import InputError
from precompute.contract.schema import MANIFEST, read_manifest, write_manifest

_LIBRARIES = ("summit-dash", "torch", "torchvision", "timm", "numpy", "pyarrow", "pillow", "scipy", "umap-learn")


_MEANINGS = {
    "dataset.fingerprint": "the images are others, or their labels, names, sizes or times have changed",
    "model.weights_sha256": "the file of weights is another",
    "model.parameters_sha256": "the model's parameters are others",
    "model.code_sha256": "the code of the model file has changed, or of what it imports",
}
"""The meaning, for a person, of a hash that differs."""


def open_manifest(run: Path, contents: Mapping[str, Any], stages: Sequence[str], overwrite: bool) -> dict[str, Any]:
    """Starts a run, or continues one of the same model, images and config.

    Args:
        run: the output folder; made if absent.
        contents: the facts on which the tables depend, under `identity`, `model`, `dataset`, `layers` and `config`.
        stages: names of the stages, in order; all of a new run are pending.
        overwrite: throw away another run in the folder.

    Returns:
        The manifest, as it is now in the folder.

    Raises:
        InputError: the folder holds another run, or files that are no run.
    """
    if require_replaceable(run, contents["identity"], overwrite):
        remove_leftovers(run)
        return read_manifest(run)
    clear(run)
    remove_leftovers(run)
    run.mkdir(parents=True, exist_ok=True)
    manifest = {
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        **contents,
        "stages": {stage: {"state": "pending", "seconds": None} for stage in stages},
        "versions": read_library_versions(),
    }
    write_manifest(run, manifest)
    return manifest


def require_replaceable(run: Path, identity: Mapping[str, Any], overwrite: bool) -> bool:
    """Returns True if the folder holds the run of this identity; False if it holds none, or one to be thrown away.

    Args:
        run: the output folder, which need not exist.
        identity: of the run to be made: nested mappings, as in the manifest.
        overwrite: throw away another run in the folder.

    Raises:
        InputError: the folder holds another run, or files that are no run.
    """
    if (run / MANIFEST).is_file():
        changed = _list_differences(read_manifest(run).get("identity", {}), identity)
        if changed and not overwrite:
            raise InputError(
                "A run is resumed with the model, images and config it was begun with.",
                f"{run} holds another run: {'; '.join(changed[:5])}.",
                "Choose another --out, or replace the run with --overwrite.",
            )
        return not changed
    if run.is_dir() and any(p for p in run.iterdir() if not p.name.startswith(".")):
        raise InputError(
            "A run is written into a folder of its own.",
            f"{run} exists, is not empty and holds no run.",
            "Choose another --out.",
        )
    return False


def replace_run(run: Path, staging: Path, manifest: Mapping[str, Any]) -> None:
    """Moves the tables of a finished run out of a folder beside the run, in place of the run's former ones.

    The manifest is written first, with its stages pending, and again at the end. After an interruption the same call
    starts over.
    """
    remove_leftovers(run)
    pending = {stage: {"state": "pending", "seconds": None} for stage in manifest["stages"]}
    write_manifest(run, {**manifest, "stages": pending})
    shutil.rmtree(run / "parts", ignore_errors=True)
    for path in run.glob("*.parquet"):
        path.unlink()
    for path in sorted(staging.glob("*.parquet")):
        path.replace(run / path.name)
    write_manifest(run, manifest)


def remove_leftovers(run: Path) -> None:
    """Removes the temporary files that a killed process left behind. The caller holds the run's lock."""
    for path in (*run.glob(".*.parquet.*.tmp"), *run.glob(f".{MANIFEST}.*.tmp"), *run.glob("parts/*/.*.tmp")):
        path.unlink()


def build_note(run: Path, manifest: dict[str, Any], key: str) -> Callable[[Mapping[str, Any]], None]:
    """Returns a function that writes facts into a run's manifest under a key. Its caller holds the run's lock."""

    def note(facts: Mapping[str, Any]) -> None:
        manifest[key] = dict(facts)
        write_manifest(run, manifest)

    return note


def remove_if_empty(folder: Path) -> None:
    """Removes a folder if it is empty."""
    with contextlib.suppress(OSError):
        folder.rmdir()


def clear(run: Path) -> None:
    """Removes a run's own files, and nothing else that may be in the folder."""
    if not (run / MANIFEST).is_file():
        return
    shutil.rmtree(run / "parts", ignore_errors=True)
    for path in run.glob("*.parquet"):
        path.unlink()
    (run / MANIFEST).unlink()  # last: without it, what is left would be no run and could not be cleared


def _list_differences(found: Mapping[str, Any], wanted: Mapping[str, Any], path: str = "") -> list[str]:
    """Returns readable differences of two nested mappings, such as `config.top_k is 5, asked for 3`."""
    changes = []
    for key in sorted({*found, *wanted}):
        name = f"{path}{key}"
        before, after = found.get(key), wanted.get(key)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            changes += _list_differences(before, after, f"{name}.")
        elif _to_lists(before) != _to_lists(after):
            changes.append(_MEANINGS.get(name) or f"{name} is {_shorten(before)}, asked for {_shorten(after)}")
    return changes


def _to_lists(value: Any) -> Any:
    return [_to_lists(v) for v in value] if isinstance(value, list | tuple) else value


def _shorten(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def read_library_versions() -> dict[str, str]:
    """Reads the versions of Python and of the libraries that a run depends on, as far as they are installed."""
    versions = {"python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions
