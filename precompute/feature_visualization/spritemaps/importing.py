"""From sheets into a run: everything is read, cut and checked first, then put in under the run's lock."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from precompute.contract.errors import InputError
from precompute.contract.lock import only_writer, require_no_writer
from precompute.contract.manifest import noting, remove_leftovers
from precompute.contract.progress import Progress
from precompute.contract.schema import read_manifest
from precompute.feature_visualization.spritemaps.cutting import CutSheet, cut_source
from precompute.feature_visualization.spritemaps.example_rows import Examples, add_examples, channels_with_examples
from precompute.feature_visualization.spritemaps.layers import read_run
from precompute.feature_visualization.spritemaps.sources import ImportRequest, find_sources
from precompute.feature_visualization.storage.picture_store import NoteFacts, PictureKey, PictureStore

__all__ = ["ImportReport", "ImportRequest", "import_spritemaps"]


@dataclass(frozen=True)
class ImportReport:
    """What came of it.

    Attributes:
        sheets: what each file was taken for.
        n_pictures, n_replaced: pictures that were put in, and those of them that took the place of others.
        n_empty: cells without a picture.
        n_examples: dataset examples that were put in.
        n_examples_there: those of channels that have examples.
        n_examples_unknown: those of a run that is not imported, where every example names image and activation.
        n_least: examples of the lower rows.
        strangers: files in the folders that are no strips.
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
    """Puts the pictures of sheets into a run; the same sheets once more change nothing.

    Raises:
        InputError: bad input of any kind; nothing is half-written.
    """
    _, layers = read_run(request.run)
    require_no_writer(request.run)
    sources, strangers = find_sources(request, layers)
    sheets: list[CutSheet] = []
    with (
        ThreadPoolExecutor(min(8, os.cpu_count() or 1), thread_name_prefix="sheet") as pool,
        progress.stage("Sheets", total=len(sources), unit="sheets") as advance,
    ):
        for source in sources:
            sheets.append(cut_source(source, request, layers[source.layer], pool))
            advance(1)
    pictures = _together(sheets)
    with only_writer(request.run):
        remove_leftovers(request.run)
        manifest = read_manifest(request.run)  # whoever wrote it last has let go of it by now
        note = noting(request.run, manifest, "visualizations")
        store = PictureStore(request.run, tuple(layers), manifest.get("visualizations", {}), note)
        n_replaced = _require_free(store, pictures, request.overwrite)
        n_all = sum(len(images) for sheet in sheets for images in sheet.examples.values())
        is_imported = isinstance(manifest.get("imported"), dict)
        examples = _without_any(request.run, sheets) if is_imported else {}
        add_examples(request.run, examples, tuple(layers))
        _put_in(store, sheets, note)
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


def _together(sheets: Sequence[CutSheet]) -> set[PictureKey]:
    """Every picture.

    Raises:
        InputError: two files show the same one, or none shows any.
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
    """How many pictures will be replaced.

    Raises:
        InputError: some of them were drawn for the run.
    """
    there = store.drawn()
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


def _without_any(run: Path, sheets: Sequence[CutSheet]) -> Examples:
    """Examples of the channels that have none."""
    there = channels_with_examples(run)
    return {
        (sheet.source.layer, channel): images
        for sheet in sheets
        for channel, images in sheet.examples.items()
        if images and (sheet.source.layer, channel) not in there
    }


def _put_in(store: PictureStore, sheets: Sequence[CutSheet], note: NoteFacts) -> None:
    settings = dict(sheet.settings for sheet in sheets)
    # First of all: whoever finds the pictures of a killed import puts them in, and must find what they are.
    note({**store.facts, "settings": {**store.facts.get("settings", {}), **settings}})
    for sheet in sheets:
        if rows := [
            {**key._asdict(), "image": image, **_UNKNOWN, "settings": sheet.settings[0]}
            for key, image in sheet.pictures.items()
        ]:
            store.keep(rows)
    store.fold(settings)


_UNKNOWN = dict.fromkeys(("objective_value", "n_steps", "initial_objective_value", "excitation"))
