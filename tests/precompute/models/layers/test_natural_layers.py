"""The layers that `--layers auto` chooses for networks of no known family; `test_known_families` has the others."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from precompute.contract.errors import InputError
from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.selection import RecordedLayer, select_layers


def choose_layers(module: nn.Module, side: int = 32) -> list[RecordedLayer]:
    return list(select_layers(ExportedModel(module, (3, side, side))))


def make_unit(n_in: int, n_out: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(n_in, n_out, 3, stride, 1), nn.BatchNorm2d(n_out), nn.ReLU())


class Head(nn.Module):
    def __init__(self, body: nn.Module, n_channels: int) -> None:
        super().__init__()
        self.body, self.head = body, nn.Linear(n_channels, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x).mean((2, 3)))


def test_three_convolutions_are_three_layers() -> None:
    model = Head(nn.Sequential(make_unit(3, 4), make_unit(4, 6), make_unit(6, 8)), 8)
    assert [layer.name for layer in choose_layers(model)] == ["body.0", "body.1", "body.2"]


def test_a_stage_with_its_pooling_is_recorded_before_the_pooling() -> None:
    def make_stage(n_in: int, n_out: int) -> nn.Sequential:
        return nn.Sequential(nn.Conv2d(n_in, n_out, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))

    layers = choose_layers(
        Head(nn.Sequential(make_stage(3, 4), make_stage(4, 4), make_stage(4, 4), make_stage(4, 8)), 8)
    )
    assert [layer.name for layer in layers] == ["body.0.0", "body.1.0", "body.2.0", "body.3.0"]
    assert [layer.height for layer in layers] == [32, 16, 8, 4]


def test_many_equal_blocks_are_thinned_evenly() -> None:
    model = Head(nn.Sequential(make_unit(3, 4), *(make_unit(4, 4) for _ in range(39))), 4)
    layers = choose_layers(model, 8)
    assert [layer.name for layer in layers] == [f"body.{index}" for index in range(0, 40, 3)]


class Cell(nn.Module):
    """Reads the last cell and the last but one, as NASNet's do: no value alone carries the image."""

    def __init__(self, n: int) -> None:
        super().__init__()
        self.left, self.right = make_unit(n, n // 2), make_unit(n, n // 2)

    def forward(self, last: Tensor, before: Tensor) -> Tensor:
        return torch.cat([self.left(last), self.right(before)], 1)


class Cells(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = make_unit(3, 8)
        self.cell_0, self.cell_1, self.cell_2, self.cell_3 = Cell(8), Cell(8), Cell(8), Cell(8)
        self.head = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        before = last = self.stem(x)
        for cell in (self.cell_0, self.cell_1, self.cell_2, self.cell_3):
            before, last = last, cell(last, before)
        return self.head(last.mean((2, 3)))


def test_cells_that_read_the_last_but_one_are_layers() -> None:
    assert [layer.name for layer in choose_layers(Cells())] == ["stem", "cell_0", "cell_1", "cell_2", "cell_3"]


def test_nothing_to_record_is_said() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 3))
    with pytest.raises(InputError, match="This model has none that is a module"):
        choose_layers(model)


def test_vectors_can_be_named() -> None:
    model = nn.Sequential(make_unit(3, 4), nn.Flatten(), nn.Linear(4 * 32 * 32, 6), nn.ReLU(), nn.Linear(6, 3))
    (layer,) = select_layers(ExportedModel(model, (3, 32, 32)), ["2"])
    assert (layer.n_channels, layer.height, layer.width) == (6, 1, 1)


def test_receptive_fields_of_long_kernels_are_those_of_each_axis() -> None:
    body = nn.Sequential(
        nn.Conv2d(3, 4, (1, 7), padding=(0, 3)), nn.Conv2d(4, 4, (7, 1), padding=(3, 0)), make_unit(4, 4, 2)
    )
    field = choose_layers(Head(body, 4))[-1].receptive_field
    assert field is not None
    assert (field.rows.size, field.columns.size, field.stride) == (9, 9, 2)


def test_receptive_fields_follow_the_main_path_of_a_gate_and_paddings() -> None:
    class Gated(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.squeeze, self.last = make_unit(3, 4), nn.Conv2d(4, 4, 1), nn.Conv2d(4, 4, 3, 2)

        def forward(self, x: Tensor) -> Tensor:
            x = self.first(x)
            x = x * torch.sigmoid(self.squeeze(x.mean((2, 3), keepdim=True)))
            return self.last(nn.functional.pad(x, (0, 1, 0, 1)))

    field = choose_layers(Head(Gated(), 4))[-1].receptive_field
    assert field is not None
    assert (field.rows.low, field.rows.high, field.stride) == (-1, 3, 2)
