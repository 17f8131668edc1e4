"""Opening a run's images again, from the places that its manifest names or that a person gives."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from precompute.contract.errors import InputError
from precompute.contract.schema import read_table
from precompute.datasets.images import ImageSource
from precompute.datasets.sources.open import open_images

__all__ = ["open_again", "record_place"]

_RULE = "A run's images are opened again from where they were."
_ON_PAGE = "Put the images back where the run was made from, or make the run again."
"""The next step for the reader of a page, who cannot name another place."""


def record_place(spec: str, limit_per_class: int | None, allow_outside: bool) -> dict[str, Any]:
    """Returns the manifest's entries on where images are, with an absolute path.

    Args:
        spec: as `open_images` takes it.
        limit_per_class: the same.
        allow_outside: the same.
    """
    source = spec if spec == "demo" else str(Path(spec).expanduser().resolve())
    return {"source": source, "limit_per_class": limit_per_class, "allow_outside": allow_outside}


def open_again(run: Path, manifest: Mapping[str, Any], spec: str | None = None) -> ImageSource:
    """Opens the images of a run, and checks by number, class and path that they are the same ones.

    Args:
        run: the run's folder, whose stage `aggregate` is done.
        manifest: of the run.
        spec: where the images are now; None: where the manifest says that they were.

    Raises:
        InputError: the run was imported or made by an earlier version, the images are gone, or they are others.
    """
    dataset = manifest.get("dataset", {})
    if "imported" in manifest:
        raise InputError(
            _RULE, "This run was imported, and knows no images.", "Make a run with `summit-dash precompute`."
        )
    place = spec or dataset.get("source")
    if place is None:
        raise InputError(
            _RULE,
            "This run was made by an earlier version, which did not note where.",
            "Name them: --images IMAGES.",
            on_page="Make the run again.",
        )
    try:
        source = open_images(place, dataset.get("limit_per_class"), bool(dataset.get("allow_outside")))
    except InputError as problem:
        fix = "Name where they are now: --images IMAGES."
        raise InputError(_RULE, problem.found, fix, on_page=_ON_PAGE) from problem
    _require_same(run, source, place)
    return source


def _require_same(run: Path, source: ImageSource, place: str) -> None:
    """Checks that every image that the run has read is in the source, under the same number."""
    rows = read_table(run, "images", ["image_id", "class_id", "path"]).to_pydict()
    known = {image.image_id: (image.class_id, image.path) for image in source.images}
    for image_id, class_id, path in zip(rows["image_id"], rows["class_id"], rows["path"], strict=True):
        if known.get(image_id) != (class_id, path):
            raise InputError(
                "A run's images are the same as when it was made, in names, classes and number.",
                f"{path} is not image {image_id} of class {class_id} in {place}.",
                "Name the images that the run was made of: --images IMAGES.",
                on_page=_ON_PAGE,
            )
