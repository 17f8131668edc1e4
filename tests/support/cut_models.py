"""A model of a known answer, cut behind its second layer, with twelve images of two classes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from precompute.datasets.images import ImageSource
from precompute.datasets.sources.open import open_images
from precompute.transfer.config import HeadConfig, TransferConfig
from precompute.transfer.head_modules import HeadPlan
from precompute.transfer.material import Lesson
from precompute.transfer.opened import open_model
from precompute.transfer.saving import CutModel, cut_model
from precompute.transfer.training import Task
from tests.support.separable import write_separable

__all__ = ["FEATURES", "Cuts", "write_cuts"]

FEATURES = np.random.default_rng(0).normal(3, 2, (12, 2)).astype(np.float32)


@dataclass(frozen=True)
class Cuts:
    """Images, and the model that heads are put on.

    Attributes:
        source: of the images.
        entry: of the model, as a result has it.
        task: labels and folds.
    """

    source: ImageSource
    entry: dict[str, object]
    task: Task

    def cut(self, kind: str) -> CutModel:
        """Cuts the model behind its layer `second`, with a new head that is always the same."""
        torch.manual_seed(0)
        return cut_model("late", self.entry, "second", HeadPlan(kind, 2, 2, "mean", 5))

    def build_lesson(self, head: HeadConfig) -> Lesson:
        """Builds a lesson on all images."""
        return Lesson(self.task, FEATURES, TransferConfig(), head, torch.device("cpu"))


def write_cuts(folder: Path) -> Cuts:
    """Writes images and model into an empty folder."""
    images, models = write_separable(folder, 6)
    source = open_images(images)
    opened = open_model(models["late"], source)
    labels = np.array([image.class_id for image in source.images])
    task = Task(np.arange(12), labels, np.arange(12) % 2, 2)
    return Cuts(source, opened.describe("f" * 64, torch.device("cpu"), None), task)
