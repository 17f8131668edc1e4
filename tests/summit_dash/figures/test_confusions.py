from __future__ import annotations

import pytest

from precompute.contract.errors import InputError
from summit_dash.figures.confusions import build_confusion_figure, name_sides
from summit_dash.figures.look import RAMPS
from summit_dash.run.confusion_map import map_classes, map_groups
from summit_dash.run.store import RunStore


def test_each_cell_is_a_square_in_its_row_and_column(store: RunStore) -> None:
    found = map_classes(store)
    cells = build_confusion_figure(store, found).data[0]
    assert list(cells.x) == [cell.column for cell in found.cells]
    assert [base + 0.5 for base in cells.base] == [cell.row for cell in found.cells]
    assert (set(cells.y), cells.width) == ({1}, 1)
    assert [tuple(pair) for pair in cells.customdata] == [(cell.class_id, cell.taken_for) for cell in found.cells]
    assert list(cells.text) == [str(cell.n_images) for cell in found.cells]


def test_the_greatest_share_has_the_last_colour_of_the_theme(store: RunStore) -> None:
    found = map_classes(store)
    shares = [cell.n_images / found.sides[cell.row].n_images for cell in found.cells]
    for theme in ("light", "dark"):
        cells, scale = build_confusion_figure(store, found, theme=theme).data
        assert cells.marker.color[shares.index(max(shares))] == RAMPS[theme][-1]
        assert scale.marker.cmax == pytest.approx(100 * max(shares))


def test_hover_says_count_share_and_number_in_words(store: RunStore) -> None:
    found = map_classes(store)
    names = name_sides(store, found, False)
    words = build_confusion_figure(store, found).data[0].hovertext[0]
    cell = found.cells[0]
    assert f"{names[cell.row]} taken for {names[cell.column]}" in words
    assert f"{cell.n_images} of 200 images ({cell.n_images / 2:.1f} %)" in words


def test_a_folded_map_names_groups_and_the_strongest_pair(store: RunStore) -> None:
    found = map_groups(store)
    assert found is not None
    figure = build_confusion_figure(store, found, folded=True)
    assert list(figure.layout.yaxis.ticktext) == ["family 0", "family 1", "family 2"]
    cell = found.cells[0]
    first, second = (store.classes[each].short_name for each in (cell.class_id, cell.taken_for))
    assert f"most often {first} for {second} ({cell.n_strongest})" in figure.data[0].hovertext[0]


def test_a_theme_that_is_not_there_is_an_error(store: RunStore) -> None:
    with pytest.raises(InputError, match="theme"):
        build_confusion_figure(store, map_classes(store), theme="sepia")
