"""Receptive fields: arithmetic of windows, and operators that see more."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from precompute.models.graph.exported import ExportedModel
from precompute.models.graph.receptive_field import Axis, ReceptiveField, compute_receptive_fields
from precompute.models.layers.selection import RecordedLayer, select_layers
from tests.support.between import Between, Deformed, Volume

PIXEL = Axis()


@pytest.mark.parametrize(
    ("kernel", "stride", "padding", "dilation", "expected"),
    [
        (1, 1, 0, 1, Axis(1, 0, 0)),
        (3, 1, 1, 1, Axis(1, -1, 1)),
        (7, 2, 3, 1, Axis(2, -3, 3)),
        (3, 1, 2, 2, Axis(1, -2, 2)),
        (2, 2, 0, 1, Axis(2, 0, 1)),
    ],
)
def test_one_window(kernel: int, stride: int, padding: int, dilation: int, expected: Axis) -> None:
    assert PIXEL.apply_window(kernel, stride, padding, dilation) == expected


def test_the_stem_of_a_resnet_sees_eleven_pixels_at_every_fourth() -> None:
    stem = PIXEL.apply_window(7, 2, 3).apply_window(3, 2, 1)
    assert (stem, stem.size) == (Axis(4, -5, 5), 11)


WINDOWS = st.lists(st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(0, 2), st.integers(1, 2)), max_size=4)


@settings(max_examples=30)
@given(WINDOWS, st.integers(-3, 6))
def test_windows_after_one_another_see_what_they_read_step_by_step(
    windows: list[tuple[int, int, int, int]], position: int
) -> None:
    axis, seen = PIXEL, {position}
    for window in windows:
        axis = axis.apply_window(*window)
    for kernel, stride, padding, dilation in reversed(windows):
        seen = {one * stride - padding + tap * dilation for one in seen for tap in range(kernel)}
    assert (position * axis.stride + axis.low, position * axis.stride + axis.high) == (min(seen), max(seen))


def test_branches_of_one_stride_are_united_and_others_have_no_window() -> None:
    assert Axis(2, -3, 1).unite(Axis(2, 0, 4)) == Axis(2, -3, 4)
    assert Axis(2, -3, 1).unite(Axis(1, 0, 4)) is None


@pytest.mark.parametrize(
    ("position", "expected"), [(0, (0, 3)), (2, (6, 11)), (5, (18, 20)), (-9, (0, 1)), (90, (19, 20))]
)
def test_a_window_is_clipped_to_the_image_and_never_empty(position: int, expected: tuple[int, int]) -> None:
    assert Axis(4, -2, 2).compute_window(position, 20) == expected


def test_the_size_and_the_stride_of_a_field_are_those_of_the_longer_axis() -> None:
    field = ReceptiveField(Axis(2, -1, 1), Axis(3, -4, 0))
    assert (field.size, field.stride) == (5, 3)


class Branches(nn.Module):
    """Windows, a slice, a padding, a gate and branches, each in a layer of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.pool = nn.Conv2d(3, 4, 3, 2, 1), nn.AvgPool2d(2)
        self.same, self.side = nn.Conv2d(4, 4, (1, 5), padding="same"), nn.Conv2d(4, 4, 1)
        self.sum, self.sliced, self.padded = nn.ReLU(), nn.Conv2d(4, 4, 1), nn.Conv2d(4, 4, 1)
        self.gate, self.gated, self.head = nn.Linear(4, 4), nn.Conv2d(4, 4, 1), nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(self.stem(x))
        x = self.sum(self.same(x) + self.side(x))
        x = self.sliced(x[:, :, 1::2])
        x = self.padded(functional.pad(x, (1, 0, 2, 0)))
        x = self.gated(x * self.gate(x.mean((2, 3))).sigmoid()[:, :, None, None])
        return self.head(x.mean((2, 3)))


@pytest.fixture(scope="module")
def fields() -> dict[str, ReceptiveField | None]:
    model = ExportedModel(Branches(), (3, 32, 32))
    found = compute_receptive_fields(model)
    return {name: found[node] for name, node in model.find_outputs_of_modules().items()}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("stem", ReceptiveField(Axis(2, -1, 1), Axis(2, -1, 1))),
        ("pool", ReceptiveField(Axis(4, -1, 3), Axis(4, -1, 3))),
        ("same", ReceptiveField(Axis(4, -1, 3), Axis(4, -9, 11))),
        ("sum", ReceptiveField(Axis(4, -1, 3), Axis(4, -9, 11))),
        ("sliced", ReceptiveField(Axis(8, 3, 7), Axis(4, -9, 11))),
        ("padded", ReceptiveField(Axis(8, -13, -9), Axis(4, -13, 7))),
        ("gated", ReceptiveField(Axis(8, -13, -9), Axis(4, -13, 7))),
        ("gate", None),
        ("head", None),
    ],
)
def test_every_layer_sees_its_windows(
    name: str, expected: ReceptiveField | None, fields: dict[str, ReceptiveField | None]
) -> None:
    assert fields[name] == expected


# --- operators that see more ----------------------------------------------------------------------------------------


def compute_field(second: nn.Module, n_out: int) -> RecordedLayer:
    """Selects the second layer of a network, with its receptive field."""
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
