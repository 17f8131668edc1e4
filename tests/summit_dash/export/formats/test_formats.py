from __future__ import annotations

from summit_dash.export.fit import Size
from summit_dash.export.formats import FORMATS
from summit_dash.export.formats.export_format import GraphContent
from summit_dash.export.scene import build_scene
from summit_dash.export.tables import build_tables
from tests.summit_dash.export.subjects import PICTURES, make_subject


def test_messages_list_pictures_first_and_then_tables() -> None:
    assert list(FORMATS) == ["svg", "png", "graphml", "json", "csv"]
    assert [name for name, each in FORMATS.items() if each.name != name] == []


def test_no_two_files_of_one_graph_have_the_same_name() -> None:
    endings = [ending for each in FORMATS.values() for ending in each.endings]
    assert len(endings) == len(set(endings)) == 6


def test_each_format_writes_the_files_that_it_declares() -> None:
    subject = make_subject()
    content = GraphContent(build_tables(subject), build_scene(subject, PICTURES, room=Size(400, 300)), scale=0.5)
    assert {name: tuple(each.write(content)) for name, each in FORMATS.items()} == {
        name: each.endings for name, each in FORMATS.items()
    }
