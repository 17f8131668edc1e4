"""The report of a run at its end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["RunReport", "build_report"]


@dataclass(frozen=True)
class RunReport:
    """The facts that a person wants to know at the end.

    Attributes:
        manifest: as written.
        n_images: images read; None where the stage aggregate has not run.
        skipped: path and reason of every image that is unreadable, or without finite numbers.
        n_with_accuracy: the images that the accuracies are over.
        without_outputs: names of the classes that the file of class outputs leaves out; empty without such a file.
        notes: on the model, such as a conversion to float32, on what was left out of the images, and on their labels.
    """

    manifest: dict[str, Any]
    n_images: int | None
    skipped: dict[str, str]
    top1_accuracy: float | None
    top5_accuracy: float | None
    n_with_accuracy: int | None = None
    without_outputs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def build_report(manifest: dict[str, Any], without_outputs: tuple[str, ...], notes: tuple[str, ...]) -> RunReport:
    """Builds the report from the manifest's facts on the images; the notes on labels come last."""
    images: Mapping[str, Any] = manifest.get("images", {})
    return RunReport(
        manifest,
        images.get("n_read"),
        images.get("skipped", {}),
        images.get("top1_accuracy"),
        images.get("top5_accuracy"),
        images.get("n_with_accuracy"),
        without_outputs,
        (*notes, *images.get("label_notes", ())),
    )
