from __future__ import annotations

import base64
import io
import re
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from PIL import Image

from summit_dash.export.fit import Size
from summit_dash.export.scene import build_scene
from summit_dash.export.subject import Subject
from summit_dash.export.svg import write_svg
from summit_dash.graph.theme import PALETTES
from tests.summit_dash.export.subjects import FOX, PICTURES, WOLF, make_subject
from tests.support.drawn_graphs import draw_graph

SVG = "{http://www.w3.org/2000/svg}"
ROOM = Size(800, 500)
HREF = "{http://www.w3.org/1999/xlink}href"


def draw(subject: Subject) -> Element:
    return ElementTree.fromstring(write_svg(build_scene(subject, PICTURES, room=ROOM)))


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


def test_it_has_a_title_and_a_description_for_those_who_cannot_see_it() -> None:
    svg = draw(make_subject(FOX, WOLF))
    assert svg.get("role") == "img"
    for id_ in (svg.get("aria-labelledby") or "").split():
        assert svg.find(f"*[@id='{id_}']") is not None
    assert svg.findtext(f"{SVG}title") == "Comparison of fox and wolf"
    assert "1 only fox, 2 shared, 1 only wolf" in (svg.findtext(f"{SVG}desc") or "")


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


def test_themes_change_colours_and_nothing_else() -> None:
    light, dark = (write_svg(build_scene(make_subject(FOX, WOLF), PICTURES, theme)).decode() for theme in PALETTES)
    assert PALETTES["dark"].paper in dark and PALETTES["light"].paper not in dark

    def remove_colours(text: str) -> str:
        return re.sub(r'(fill|stroke)="#\w+"', "", text)

    assert remove_colours(light) == remove_colours(dark)


def test_markup_in_names_is_text() -> None:
    assert '<b>"x" & y' in list_words(draw(make_subject(name='<b>"x" & y')))
    assert draw(make_subject(name="\x01")) is not None


def test_words_in_other_scripts_are_set_in_other_typefaces() -> None:
    texts = {text.text: text for text in draw(make_subject(name="волк")).iter(f"{SVG}text")}
    assert "Inter" not in (texts["волк"].get("font-family") or "Inter")
    assert texts["100 images"].get("font-family") is None
