"""Receptive fields: arithmetic of windows, and operators that see more."""

from __future__ import annotations

import pytest
from torch import Tensor, nn

from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.selection import RecordedLayer, select_layers
from tests.support.between import Between, Deformed, Volume


def compute_field(second: nn.Module, n_out: int) -> RecordedLayer:
    return select_layers(ExportedModel(Between(second, n_out), (3, 8, 8)), ["second"])[0]


class Along(nn.Module):
    """A convolution along rows that are put one behind another, or across turned maps."""

    def __init__(self, is_turned: bool) -> None:
        super().__init__()
        self.is_turned, self.along, self.across = is_turned, nn.Conv1d(8, 6, 3, padding=1), nn.Conv2d(8, 6, 1)

    def forward(self, x: Tensor) -> Tensor:
        if self.is_turned:
            return self.across(x.transpose(2, 3))
        return self.along(x.flatten(2)).unflatten(2, (8, 8))


@pytest.mark.parametrize("second", [Deformed(), Volume(), Along(is_turned=False), Along(is_turned=True)])
def test_crops_are_whole_images_where_positions_see_more_or_move(second: nn.Module) -> None:
    assert compute_field(second, 6).receptive_field is None


def test_the_field_of_a_transposed_convolution_without_stride_is_a_window() -> None:
    field = compute_field(nn.ConvTranspose2d(8, 6, 3, padding=1), 6).receptive_field
    assert field is not None
    assert (field.rows.low, field.rows.high) == (-2, 2)
