from __future__ import annotations

from summit_dash.export.fit import Size
from summit_dash.export.formats import FORMATS
from summit_dash.export.formats.export_format import GraphContent
from summit_dash.export.scene import build_scene
from summit_dash.export.svg import write_svg
from summit_dash.export.tables import build_tables
from tests.summit_dash.export.subjects import PICTURES, make_subject


def test_the_file_is_the_drawing() -> None:
    scene = build_scene(make_subject(), PICTURES, room=Size(400, 300))
    content = GraphContent(build_tables(make_subject()), scene)
    assert FORMATS["svg"].write(content) == {".svg": write_svg(scene)}
