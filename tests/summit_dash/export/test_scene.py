"""The picture of a graph as plain shapes, before it is written in any format."""

from __future__ import annotations

import dataclasses
from math import ceil

import pytest

from summit_dash.export.fit import Size
from summit_dash.export.scene import PictureSource, build_scene
from summit_dash.export.shapes import GraphScene, SceneNode
from summit_dash.export.subject import Subject
from summit_dash.export.svg import write_svg
from summit_dash.graph.theme import COLOR_A, COLOR_B, COLOR_SHARED, PALETTES
from summit_dash.graph.ways import Way
from summit_dash.run.graphs import Channel
from summit_dash.run.pictures import PictureKind
from tests.summit_dash.export.subjects import FOX, PICTURES, WOLF, list_texts, make_subject
from tests.support.drawn_graphs import draw_graph

ROOM = Size(800, 500)


def draw(subject: Subject, theme: str = "light", room: Size = ROOM) -> GraphScene:
    return build_scene(subject, PICTURES, theme, room)


def find_nodes(scene: GraphScene) -> dict[str, SceneNode]:
    return {node.channel_id: node for node in scene.nodes}


def test_areas_are_proportional_to_the_activation_count() -> None:
    nodes = find_nodes(draw(make_subject()))
    a, b = (nodes[name].frame.size[0] for name in ("a-1", "b-1"))
    assert b == 96
    assert a**2 / b**2 == pytest.approx(40 / 90, rel=0.01)


def test_the_number_of_a_channel_is_above_the_middle_of_its_node() -> None:
    for node in draw(make_subject()).nodes:
        assert node.number.text == node.channel_id.partition("-")[2]
        assert node.number.is_centred
        assert node.number.position.x == pytest.approx(node.frame.position.x + node.frame.size[0] / 2)
        assert node.number.position.y < node.frame.position.y
        top, height = node.backing.position.y, node.backing.size[1]
        assert top < node.number.position.y < top + height


def test_edges_rise_from_the_ring_of_the_source_to_that_of_the_target() -> None:
    scene = draw(make_subject())
    nodes = find_nodes(scene)
    assert [(edge.source, edge.target) for edge in scene.edges] == [("a-1", "b-1"), ("a-1", "b-2")]
    for edge in scene.edges:
        source, target = nodes[edge.source].frame, nodes[edge.target].frame
        assert source.stroke is not None and target.stroke is not None
        start, end = edge.points[0], edge.points[-1]
        assert start.x == pytest.approx(source.position.x + source.size[0] / 2)
        assert start.y == pytest.approx(source.position.y - source.stroke.width / 2)
        assert end.y == pytest.approx(target.position.y + target.size[1] + target.stroke.width / 2)
        assert start.y > end.y


def test_pictures_are_read_with_four_pixels_for_each_that_is_drawn() -> None:
    asked: dict[Channel, int] = {}

    def read(channel: Channel, side: int) -> bytes:
        asked[channel] = side
        return b"picture"

    scene = build_scene(make_subject(), PictureSource(PICTURES.kind, read), room=ROOM)
    assert {node.picture for node in scene.nodes} == {b"picture"}
    assert {channel.channel_id: side for channel, side in asked.items()} == {
        node.channel_id: ceil(4 * node.frame.size[0]) for node in scene.nodes
    }


def test_a_channel_without_a_picture_is_drawn_bare_and_not_asked_for_one() -> None:
    def refuse(channel: Channel, side: int) -> bytes:
        raise AssertionError(channel)

    scene = build_scene(make_subject(), PictureSource(lambda channel: PictureKind.NONE, refuse), room=ROOM)
    assert {(node.picture, node.example_mark) for node in scene.nodes} == {(None, 0)}


def test_only_an_example_has_the_dark_corner_and_the_footing_explains_it() -> None:
    scene = draw(make_subject())
    assert {node.channel_id: node.example_mark for node in scene.nodes} == {"a-1": 0, "b-1": 0, "b-2": 16}
    assert "dark corner" in list_texts(scene.shapes)[-1]
    without = draw(make_subject(draw_graph("b | 1:5")))
    assert "dark corner" not in list_texts(without.shapes)[-1]


def test_the_three_parts_differ_by_more_than_colour() -> None:
    nodes = find_nodes(draw(make_subject(FOX, WOLF)))
    a, b, shared = (nodes[name].frame.stroke for name in ("b-2", "b-3", "b-1"))
    assert a is not None and b is not None and shared is not None
    assert (a.color, a.dash) == (COLOR_A, ())
    assert b.color == COLOR_B and b.dash
    assert (shared.color, shared.dash) == (COLOR_SHARED, ())
    assert shared.width < a.width


def test_the_filter_leaves_the_others_where_they_are() -> None:
    every, some = draw(make_subject()), draw(make_subject(covers=80))
    assert list(find_nodes(some)) == ["b-1", "a-1"]
    assert [(edge.source, edge.target) for edge in some.edges] == [("a-1", "b-1")]
    assert find_nodes(every)["b-1"].frame == find_nodes(some)["b-1"].frame


def test_the_layer_where_two_part_is_marked() -> None:
    a = draw_graph("b | 1:9 2:9\na | 1:9", "a1>b1")
    b = draw_graph("b | 3:9 4:9\na | 1:9", "a1>b3")
    said = list_texts(draw(make_subject(a, b)).shapes)
    assert "they part here ↑" in said
    assert any(text.startswith("They part at b") for text in said)
    assert "they part here ↑" not in list_texts(draw(make_subject(a, a)).shapes)


def test_the_dark_theme_moves_nothing() -> None:
    light, dark = (draw(make_subject(FOX, WOLF), theme) for theme in PALETTES)
    assert (light.paper, dark.paper) == (PALETTES["light"].paper, PALETTES["dark"].paper)
    assert light.size == dark.size
    assert [node.frame.position for node in light.nodes] == [node.frame.position for node in dark.nodes]
    assert [edge.points for edge in light.edges] == [edge.points for edge in dark.edges]
    assert list_texts(light.shapes) == list_texts(dark.shapes)


def test_a_small_graph_has_the_width_of_its_room_and_more_than_its_height() -> None:
    width, height = draw(make_subject()).size
    assert (width, height) == (800, 62 + 500 + 30)  # heading, room, footing


def test_a_wide_graph_gets_a_larger_picture() -> None:
    wide = draw_graph("b | " + " ".join(f"{i}:5" for i in range(4, 40)))
    scene = draw(make_subject(wide), room=Size(300, 300))
    assert scene.size[0] > 300
    for node in scene.nodes:
        assert node.frame.position.x > 0 and node.frame.position.x + node.frame.size[0] < scene.size[0]


def test_the_title_names_the_classes_with_their_marks() -> None:
    subject = make_subject()
    marked = dataclasses.replace(subject, sides=[subject.sides[0]._replace(mark="n4")])
    assert draw(marked).title == "Attribution graph of fox n4"
    assert draw(make_subject(FOX, WOLF)).title == "Comparison of fox and wolf"


def test_a_way_up_is_dotted_beneath_the_edges_and_the_footing_says_what_it_is() -> None:
    way = Way(Channel("a", 1), Channel("b", 2), (Channel("m", 7),), 5)
    subject = dataclasses.replace(make_subject(draw_graph("b | 1:90 2:10\na | 1:40", "a1>b1")), found_ways=[way])
    scene = draw(subject)
    dotted, edge = scene.edges
    assert (dotted.part, dotted.through, edge.part) == ("way", ("m-7",), "")
    assert dotted.stroke.dash and dotted.stroke.opacity < 0.5
    assert any("dotted: strongest way up" in text for text in list_texts(scene.shapes))
    assert b"a-1 to b-2, the strongest way up, through m-7, not in the graph" in write_svg(scene)
    hidden = dataclasses.replace(subject, covers=50)
    assert [each.part for each in draw(hidden).edges if each.part == "way"] == []
