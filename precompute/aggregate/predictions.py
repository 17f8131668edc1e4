"""The model's predictions for the images of a batch, which may be of several classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from torch import Tensor

from precompute.aggregate.units import ImageRows
from precompute.devices.transfers import copy_to_device
from precompute.models.graph.probabilities import Probabilities, rank_outputs

__all__ = ["PredictedRows", "Predictions"]


class PredictedRows(NamedTuple):
    """The columns of `ImageRows` but for the image_ids, `(image,)` each, on the device of the logits."""

    predicted_class_id: Tensor
    predicted_probability: Tensor
    true_probability: Tensor
    in_top5: Tensor

    def select(self, image_ids: Sequence[int], rows: Sequence[int]) -> ImageRows:
        """Copies out some rows, with their image_ids."""
        columns = [one.cpu().numpy()[list(rows)] for one in self]
        return ImageRows(np.asarray(image_ids, np.int32), *columns)


class Predictions:
    """The predictions of a model.

    Args:
        probabilities: of its outputs.
        class_outputs: by class_id, the outputs that mean the class; a class without any is absent.
    """

    def __init__(self, probabilities: Probabilities, class_outputs: Mapping[int, tuple[int, ...]]) -> None:
        self._probabilities, self._class_outputs = probabilities, class_outputs

    def compute(self, logits: Tensor, class_ids: Sequence[int]) -> PredictedRows:
        """Computes the rows of a batch.

        Args:
            logits: `(batch, output)`.
            class_ids: of the images.
        """
        chosen = np.zeros(logits.shape, np.bool_)
        for row, class_id in enumerate(class_ids):
            chosen[row, list(self._class_outputs.get(class_id, ()))] = True
        outputs, ranked = copy_to_device(chosen, logits.device), rank_outputs(logits)[:, :5]
        probability = self._probabilities.compute_for_outputs(logits.double())
        return PredictedRows(
            ranked[:, 0].int(),
            probability.gather(1, ranked[:, :1])[:, 0].float(),
            self._probabilities.choose_for_classes(probability, outputs).float(),
            outputs.gather(1, ranked).any(1),
        )
