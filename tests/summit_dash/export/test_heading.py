from __future__ import annotations

import dataclasses

from summit_dash.export.heading import (
    MARGIN,
    build_footing,
    build_heading,
    describe,
    describe_accuracy,
    describe_parting,
)
from summit_dash.export.lettering import measure_width
from summit_dash.export.setting import LINE
from summit_dash.export.shapes import Box, Point, Words
from summit_dash.export.subject import Subject
from summit_dash.graph.comparison import compare
from summit_dash.graph.theme import COLOR_A, COLOR_B, PALETTES
from tests.summit_dash.export.subjects import FOX, WOLF, list_texts, make_subject

LIGHT = PALETTES["light"]
AREAS = "A channel's area is its activation count, an edge's width its influence count."


def remove_accuracy(subject: Subject) -> Subject:
    """Returns the subject of a class whose accuracy is unknown."""
    (side,) = subject.sides
    return dataclasses.replace(subject, sides=[side._replace(info=side.info._replace(top1_accuracy=None))])


def list_heading(subject: Subject) -> list[str]:
    return list_texts(build_heading(subject, LIGHT, 1200)[0])


def test_the_heading_of_one_class_names_it_and_counts() -> None:
    assert list_heading(make_subject()) == [
        "fox", "100 images", "75.0 %", "3", "channels", "2", "influences", "traced",
    ]  # fmt: skip


def test_a_filter_is_named_with_the_counts_of_what_it_keeps() -> None:
    said = list_heading(make_subject(covers=80))
    assert said[3:7] == ["2 of 3", "channels", "1 of 2", "influences"]
    assert said[-1] == "Only the channels that cover 80 % of activation"


def test_the_heading_of_two_classes_has_badges_and_a_legend() -> None:
    said = list_heading(make_subject(FOX, WOLF))
    assert said[:8] == ["A", "fox", "100 images", "75.0 %", "B", "wolf", "200 images", "75.0 %"]
    assert said[8:14] == ["1", "only fox", "2", "shared", "1", "only wolf"]
    assert said[-1] == "They part at b: from there on, less than half is shared."


def test_badges_differ_by_more_than_colour() -> None:
    shapes, _ = build_heading(make_subject(FOX, WOLF), LIGHT, 1200)
    badges = [shape for shape in shapes if isinstance(shape, Box) and shape.size[0] == 16]
    a, b = (badge.stroke for badge in badges)
    assert a is not None and (a.color, a.dash) == (COLOR_A, ())
    assert b is not None and b.color == COLOR_B and b.dash


def test_an_unknown_measure_of_influence_has_no_frame() -> None:
    subject = make_subject()
    unknown = dataclasses.replace(subject, origin=subject.origin._replace(influence=""))
    assert list_heading(unknown) == list_heading(subject)[:-1]


def test_a_mark_follows_the_name_that_it_distinguishes() -> None:
    subject = make_subject()
    marked = dataclasses.replace(subject, sides=[subject.sides[0]._replace(mark="n4")])
    assert list_heading(marked)[:2] == ["fox", "n4"]


def test_long_names_are_cut() -> None:
    name = list_heading(make_subject(name="fox " * 80))[0]
    assert name.endswith("…") and measure_width(name, 15, 600) <= 360


def test_the_height_counts_the_lines_that_are_needed() -> None:
    assert build_heading(make_subject(), LIGHT, 1200)[1] == 26 + LINE + LINE / 2
    shapes, height = build_heading(make_subject(FOX, WOLF), LIGHT, 320)
    baselines = {shape.position.y for shape in shapes if isinstance(shape, Words) and not shape.is_centred}
    assert height == max(baselines) + LINE / 2 > 26 + 2 * LINE


def test_the_footing_names_the_source_and_explains_the_dark_corner_where_there_is_one() -> None:
    subject = make_subject()
    (plain,), (explained,) = (
        list_texts(build_footing(subject, has_examples, LIGHT, Point(MARGIN, 0), 1200))
        for has_examples in (False, True)
    )
    assert plain == "Model Net  ·  dataset Animals  ·  run r"
    assert explained == f"{plain}  ·  dark corner: best dataset example, no visualization"


def test_the_footing_is_cut_to_the_width() -> None:
    (words,) = list_texts(build_footing(make_subject(), True, LIGHT, Point(MARGIN, 0), 200))
    assert words.endswith("…") and measure_width(words, 11) <= 200 - 2 * MARGIN


def test_one_class_in_words() -> None:
    assert describe(make_subject()) == (
        "fox: 100 images, 75.0 % top-1 accuracy. 3 channels and 2 influences. "
        f"A row per layer, from b on top down to a. {AREAS}"
    )


def test_a_filtered_class_in_words() -> None:
    said = describe(make_subject(covers=80))
    assert "2 channels and 1 influence." in said
    assert said.endswith(f"down to a. Only the channels that cover 80 % of activation. {AREAS}")


def test_two_classes_in_words() -> None:
    assert describe(make_subject(FOX, WOLF)) == (
        "fox: 100 images, 75.0 % top-1 accuracy. wolf: 200 images, 75.0 % top-1 accuracy. "
        "4 channels and 3 influences. A row per layer, from b on top down to a. "
        "Of the channels 1 only fox, 2 shared, 1 only wolf. "
        f"They part at b: from there on, less than half is shared. {AREAS}"
    )


def test_no_accuracy_is_said_and_is_no_zero() -> None:
    subject = remove_accuracy(make_subject())
    assert describe_accuracy(subject.sides[0]) == "no accuracy"
    assert "no accuracy" in list_heading(subject)
    assert describe(subject).startswith("fox: 100 images, no accuracy. 3 channels")


def test_two_that_never_part_are_said_to_share() -> None:
    assert describe_parting(compare(FOX, FOX)) == "They share half or more of their channels up to the last layer."
