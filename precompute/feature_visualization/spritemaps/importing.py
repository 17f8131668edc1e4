"""Import of sheets: all are read, cut and checked first, then stored under the run's lock."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from precompute.contract.errors import InputError
from precompute.contract.lock import hold_run, require_no_writer
from precompute.contract.manifest import build_note, remove_leftovers
from precompute.contract.progress import Progress
from precompute.contract.schema import read_manifest
from precompute.feature_visualization.spritemaps.cutting import CutSheet, cut_source
from precompute.feature_visualization.spritemaps.example_rows import Examples, add_examples, find_channels_with_examples
from precompute.feature_visualization.spritemaps.layers import read_run
from precompute.feature_visualization.spritemaps.sources import ImportRequest, find_sources
from precompute.feature_visualization.storage.picture_store import NoteFacts, PictureKey, PictureStore

__all__ = ["ImportReport", "ImportRequest", "import_spritemaps"]


@dataclass(frozen=True)
class ImportReport:
    """The result of an import.

    Attributes:
        sheets: the files, as they were read.
        n_pictures, n_replaced: number of pictures that were stored, and of those among them that replaced others.
        n_empty: number of cells without a picture.
        n_examples: number of dataset examples that were stored.
        n_examples_there: number of examples left out because their channels have some already.
        n_examples_unknown: number of examples left out because the run is not an imported one: there every example
            names image and activation.
        n_least: number of examples in the lower lines.
        strangers: names of files in the folders that are no strips.
    """

    sheets: tuple[CutSheet, ...]
    n_pictures: int
    n_replaced: int
    n_empty: int
    n_examples: int
    n_examples_there: int
    n_examples_unknown: int
    n_least: int
    strangers: tuple[str, ...]


def import_spritemaps(request: ImportRequest, progress: Progress) -> ImportReport:
    """Stores the pictures of sheets in a run. A second import of the same sheets changes nothing.

    Raises:
        InputError: an option or name that means nothing, a file that is no such sheet, or pictures that would replace
            drawn ones; the run is then as it was.
    """
    _, layers = read_run(request.run)
    require_no_writer(request.run)
    sources, strangers = find_sources(request, layers)
    sheets: list[CutSheet] = []
    with (
        ThreadPoolExecutor(min(8, os.cpu_count() or 1), thread_name_prefix="sheet") as pool,
        progress.open_stage("Sheets", total=len(sources), unit="sheets") as advance,
    ):
        for source in sources:
            sheets.append(cut_source(source, request, layers[source.layer], pool))
            advance(1)
    pictures = _collect_keys(sheets)
    with hold_run(request.run):
        remove_leftovers(request.run)
        manifest = read_manifest(request.run)  # another process may have written it before the lock was free
        note = build_note(request.run, manifest, "visualizations")
        store = PictureStore(request.run, tuple(layers), manifest.get("visualizations", {}), note)
        n_replaced = _require_free(store, pictures, request.overwrite)
        n_all = sum(len(images) for sheet in sheets for images in sheet.examples.values())
        is_imported = isinstance(manifest.get("imported"), dict)
        examples = _select_new_examples(request.run, sheets) if is_imported else {}
        add_examples(request.run, examples, tuple(layers))
        _store_pictures(store, sheets, note)
    n_examples = sum(len(images) for images in examples.values())
    return ImportReport(
        tuple(sheets),
        len(pictures),
        n_replaced,
        sum(sheet.n_empty for sheet in sheets),
        n_examples,
        n_all - n_examples if is_imported else 0,
        0 if is_imported else n_all,
        sum(sheet.n_least for sheet in sheets),
        tuple(strangers),
    )


def _collect_keys(sheets: Sequence[CutSheet]) -> set[PictureKey]:
    """Collects the keys of all pictures.

    Raises:
        InputError: two files show the same picture, or no file shows any.
    """
    shown: dict[PictureKey, Path] = {}
    for sheet in sheets:
        for key in sheet.pictures:
            if key in shown:
                raise InputError(
                    "A picture comes from one sheet.",
                    f"{shown[key]} and {sheet.source.path} both show channel {key.channel} of {key.layer} "
                    f"({key.kind}).",
                    "Leave one of them out, or correct --kind.",
                )
            shown[key] = sheet.source.path
    if not shown:
        raise InputError(
            "A sheet shows pictures.",
            f"Every cell of {', '.join(str(sheet.source.path) for sheet in sheets)} is of one colour.",
            "Name other sheets, or correct --cell and --columns.",
        )
    return set(shown)


def _require_free(store: PictureStore, pictures: set[PictureKey], overwrite: bool) -> int:
    """Counts the pictures that will be replaced.

    Raises:
        InputError: some of them were drawn for the run, and `overwrite` is false.
    """
    there = store.find_drawn()
    drawn = sorted(key for key in pictures if there.get(key))
    if drawn and not overwrite:
        names = ", ".join(f"{key.layer}-{key.channel} ({key.kind})" for key in drawn[:3])
        more = f" and {len(drawn) - 3:,} more" if len(drawn) > 3 else ""
        raise InputError(
            "Pictures that were drawn for a run are kept.",
            f"Of the {len(pictures):,} on the sheets, {len(drawn):,} would take their place: {names}{more}.",
            "Replace them with --overwrite, or import into a copy of the run.",
        )
    return len(pictures & there.keys())


def _select_new_examples(run: Path, sheets: Sequence[CutSheet]) -> Examples:
    """Selects the examples of channels that have none in the run."""
    there = find_channels_with_examples(run)
    return {
        (sheet.source.layer, channel): images
        for sheet in sheets
        for channel, images in sheet.examples.items()
        if images and (sheet.source.layer, channel) not in there
    }


def _store_pictures(store: PictureStore, sheets: Sequence[CutSheet], note: NoteFacts) -> None:
    settings = dict(sheet.settings for sheet in sheets)
    # First, because the next process merges the pictures that a killed import stored, and needs their settings.
    note({**store.facts, "settings": {**store.facts.get("settings", {}), **settings}})
    for sheet in sheets:
        if rows := [
            {**key._asdict(), "image": image, **_UNKNOWN, "settings": sheet.settings[0]}
            for key, image in sheet.pictures.items()
        ]:
            store.keep(rows)
    store.fold(settings)


_UNKNOWN = dict.fromkeys(("objective_value", "n_steps", "initial_objective_value", "excitation"))
