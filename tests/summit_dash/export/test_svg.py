from __future__ import annotations

import base64
import io
import re
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
from PIL import Image

from summit_dash.export.fit import Size
from summit_dash.export.scene import build_scene
from summit_dash.export.subject import Subject
from summit_dash.export.svg import write_svg
from summit_dash.graph.theme import COLOR_A, COLOR_B, COLOR_SHARED, PALETTES
from tests.summit_dash.export.subjects import FOX, PICTURES, WOLF, make_subject
from tests.support.drawn_graphs import draw_graph

SVG = "{http://www.w3.org/2000/svg}"
ROOM = Size(800, 500)
HREF = "{http://www.w3.org/1999/xlink}href"


def draw(subject: Subject, theme: str = "light", room: Size = ROOM) -> Element:
    return ElementTree.fromstring(write_svg(build_scene(subject, PICTURES, theme, room)))


def list_words(svg: Element) -> list[str]:
    return [text.text or "" for text in svg.iter(f"{SVG}text")]


def find_ring(svg: Element, node: str) -> Element:
    group = svg.find(f".//{SVG}g[@id='{node}']")
    assert group is not None
    return next(rect for rect in group.iter(f"{SVG}rect") if rect.get("stroke"))


def test_one_node_and_edge_for_each_of_the_graph() -> None:
    svg = draw(make_subject())
    nodes = svg.findall(f".//{SVG}g[@class='node']")
    assert [node.get("id") for node in nodes] == ["b-1", "b-2", "a-1"]
    assert len(svg.findall(f".//{SVG}path[@class='edge']")) == 2
    assert nodes[0].findtext(f"{SVG}title") == "b-1\nused by 90 of 100 images (90.0 %)"


def test_it_says_which_class_layer_and_channel() -> None:
    said = list_words(draw(make_subject()))
    assert {"fox", "100 images", "75.0 %", "a", "b", "1", "2", "traced", "1 channel", "2 channels"} <= set(said)
    assert any("Model Net" in text and "run r" in text for text in said)


def test_it_has_a_title_and_a_description_for_those_who_cannot_see_it() -> None:
    svg = draw(make_subject(FOX, WOLF))
    assert svg.get("role") == "img"
    for id_ in (svg.get("aria-labelledby") or "").split():
        assert svg.find(f"*[@id='{id_}']") is not None
    assert svg.findtext(f"{SVG}title") == "Comparison of fox and wolf"
    assert "1 only fox, 2 shared, 1 only wolf" in (svg.findtext(f"{SVG}desc") or "")


def test_areas_are_proportional_to_the_activation_count() -> None:
    svg = draw(make_subject())
    side = {name: float(find_ring(svg, name).get("width") or 0) for name in ("a-1", "b-1")}
    assert side["a-1"] ** 2 / side["b-1"] ** 2 == pytest.approx(40 / 90, rel=0.01)


def test_pictures_lie_in_the_file_as_other_programs_read_them() -> None:
    images = draw(make_subject()).findall(f".//{SVG}image")
    assert len(images) == 3
    for image in images:
        head, _, data = (image.get(HREF) or "").partition(",")
        assert head == "data:image/jpeg;base64"
        with Image.open(io.BytesIO(base64.b64decode(data))) as opened:
            assert opened.format == "JPEG"
            assert opened.size == (48, 48)
    assert len(draw(make_subject()).findall(f".//{SVG}g[@class='example-mark']")) == 1


def test_a_channel_without_a_picture_is_drawn_bare() -> None:
    svg = draw(make_subject(draw_graph("b | 3:5")))
    assert svg.find(f".//{SVG}image") is None
    assert find_ring(svg, "b-3") is not None


def test_it_refers_to_nothing_outside_and_every_clip_exists() -> None:
    text = write_svg(build_scene(make_subject(FOX, WOLF), PICTURES)).decode()
    ids = re.findall(r' id="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r"url\(#([^)]+)\)", text)) <= set(ids)
    assert not re.search(r'(href|src)="(?!data:)', text)
    assert "@import" not in text


def test_the_three_parts_differ_by_more_than_colour() -> None:
    svg = draw(make_subject(FOX, WOLF))
    a, b, shared = (find_ring(svg, name) for name in ("b-2", "b-3", "b-1"))
    assert (a.get("stroke"), a.get("stroke-dasharray")) == (COLOR_A, None)
    assert b.get("stroke") == COLOR_B and b.get("stroke-dasharray")
    assert (shared.get("stroke"), shared.get("stroke-dasharray")) == (COLOR_SHARED, None)
    assert float(shared.get("stroke-width") or 0) < float(a.get("stroke-width") or 0)
    assert {"only fox", "shared", "only wolf"} <= set(list_words(svg))


def test_the_layer_where_two_part_is_marked() -> None:
    a = draw_graph("b | 1:9 2:9\na | 1:9", "a1>b1")
    b = draw_graph("b | 3:9 4:9\na | 1:9", "a1>b3")
    svg = draw(make_subject(a, b))
    assert "they part here ↑" in list_words(svg)
    assert any(text.startswith("They part at b") for text in list_words(svg))
    assert "they part here ↑" not in list_words(draw(make_subject(a, a)))


def test_the_filter_leaves_the_others_where_they_are() -> None:
    every, some = draw(make_subject()), draw(make_subject(covers=80))
    assert [node.get("id") for node in some.findall(f".//{SVG}g[@class='node']")] == ["b-1", "a-1"]
    assert len(some.findall(f".//{SVG}path[@class='edge']")) == 1
    assert find_ring(every, "b-1").attrib == find_ring(some, "b-1").attrib
    assert "2 of 3" in list_words(some) and "1 of 2" in list_words(some)


def test_themes_change_colours_and_nothing_else() -> None:
    light, dark = (write_svg(build_scene(make_subject(FOX, WOLF), PICTURES, theme)).decode() for theme in PALETTES)
    assert PALETTES["dark"].paper in dark and PALETTES["light"].paper not in dark

    def remove_colours(text: str) -> str:
        return re.sub(r'(fill|stroke)="#\w+"', "", text)

    assert remove_colours(light) == remove_colours(dark)


def test_a_wide_graph_gets_a_larger_picture() -> None:
    wide = draw_graph("b | " + " ".join(f"{i}:5" for i in range(4, 40)))
    svg = draw(make_subject(wide), room=Size(300, 300))
    width = float(svg.get("width") or 0)
    assert width > 300
    assert all(0 < float(rect.get("x") or 0) < width for rect in svg.iter(f"{SVG}rect") if rect.get("stroke"))


def test_markup_in_names_is_text() -> None:
    assert '<b>"x" & y' in list_words(draw(make_subject(name='<b>"x" & y')))
    assert draw(make_subject(name="\x01")) is not None


def test_words_in_other_scripts_are_set_in_other_typefaces() -> None:
    texts = {text.text: text for text in draw(make_subject(name="волк")).iter(f"{SVG}text")}
    assert "Inter" not in (texts["волк"].get("font-family") or "Inter")
    assert texts["100 images"].get("font-family") is None


def test_long_names_are_cut() -> None:
    assert any(text.endswith("…") for text in list_words(draw(make_subject(name="fox " * 80))))
