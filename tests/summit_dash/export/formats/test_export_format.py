from __future__ import annotations

import pytest

from summit_dash.export.formats import FORMATS
from summit_dash.export.formats.export_format import GraphContent
from summit_dash.export.scene import build_scene
from summit_dash.export.tables import build_tables
from tests.summit_dash.export.subjects import PICTURES, make_subject


@pytest.mark.parametrize("name", ["svg", "png"])
def test_a_picture_that_was_not_drawn_is_a_mistake_of_the_caller(name: str) -> None:
    assert FORMATS[name].needs_drawing
    with pytest.raises(ValueError, match="needs_drawing"):
        FORMATS[name].write(GraphContent(build_tables(make_subject())))


def test_the_picture_is_the_scene_that_was_drawn() -> None:
    scene = build_scene(make_subject(), PICTURES)
    assert GraphContent(build_tables(make_subject()), scene).drawing is scene
