"""Fish: the carp is held by hands, the trout never, and the two share body and colours."""

from __future__ import annotations

import numpy as np
import pytest

from precompute.demo.families import fish
from precompute.demo.subject import Subject
from tests.support.objects import compute_mean_colour, draw_object, find_mask, require_sound_drawings


@pytest.mark.parametrize("subject", fish.SUBJECTS, ids=lambda subject: subject.class_name)
def test_every_part_shows_and_a_drawing_can_be_repeated(subject: Subject) -> None:
    require_sound_drawings(subject)


def test_a_carp_is_held_in_nearly_every_drawing_and_a_trout_in_none() -> None:
    hands = [len(draw_object("carp", index, {"hand"}).list_boxes("hand")) for index in range(40)]

    # Three standard errors of the rate over 40 drawings.
    assert abs(np.mean([n > 0 for n in hands]) - fish.HAND_RATE) < 0.12
    assert {1, 2} <= set(hands), "one hand or two"
    assert not any(draw_object("trout", index).list_boxes("hand") for index in range(5))


def test_the_hand_closes_over_the_body() -> None:
    index = next(i for i in range(20) if draw_object("carp", i).list_boxes("hand"))
    whole, without = draw_object("carp", index), draw_object("carp", index, None, {"hand"})

    covered = (whole.pixels != without.pixels).any(axis=2) & find_mask("carp", "body", index)
    assert covered.sum() > 0.02 * find_mask("carp", "body", index).sum()


def test_the_colours_of_carp_and_trout_overlap() -> None:
    carp, trout = (
        np.array([compute_mean_colour(name, "tail", index)[0] for index in range(8)]) for name in ("carp", "trout")
    )

    assert trout.max() > carp.min() and abs(carp.mean() - trout.mean()) < carp.std() + trout.std()


def test_a_clownfish_is_orange_with_white_bands() -> None:
    red, green, blue = compute_mean_colour("clownfish", "body")
    assert red > green > blue and red - blue > 100
    bands = draw_object("clownfish", 0, {"bands"}).pixels[find_mask("clownfish", "bands")]
    assert (bands.min(axis=1) > 200).mean() > 0.3, "white"
    assert (bands.max(axis=1) < 80).mean() > 0.1, "and black beside it"


def test_bands_stay_within_the_body() -> None:
    assert not (find_mask("clownfish", "bands") & ~find_mask("clownfish", "body")).any()


def test_only_the_carp_has_a_barbel() -> None:
    found = {name: len(draw_object(name).list_boxes("barbel")) for name in ("carp", "trout", "clownfish")}
    assert found == {"carp": 1, "trout": 0, "clownfish": 0}
