"""The stories that the dashboard shows: their classes, their links, and what the scenes really plant."""

import json
import re

import pytest

from precompute.demo.images import DemoImages
from precompute.demo.scenes import CLASSES, DISCRIMINABLE, UNEXPECTED
from precompute.demo.stories import STORIES


def test_the_stories_are_about_the_classes_that_the_scenes_plant() -> None:
    hand, bears = STORIES

    assert (hand["class"], hand["vs"]) == tuple(
        CLASSES[i].class_name for i in (UNEXPECTED.class_id, UNEXPECTED.sibling_class_id)
    )
    assert (bears["class"], bears["vs"]) == tuple(
        CLASSES[i].class_name for i in (DISCRIMINABLE.class_a, DISCRIMINABLE.class_b)
    )


def test_the_manifest_can_hold_them() -> None:
    assert tuple(json.loads(json.dumps(DemoImages(1).stories))) == STORIES


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story["id"])
def test_links_and_gaps_are_those_that_a_reader_knows(story: dict[str, object]) -> None:
    steps = story["steps"]
    assert isinstance(steps, list)
    for step in steps:
        assert set(re.findall(r"\]\((\w+)\)", step)) <= {"class", "compare", "parting"}
        assert set(re.findall(r"\{(\w+)\}", step)) <= {"own_channels", "other_channels", "parting_layer"}
        assert step == " ".join(step.split())
    assert any("](compare)" in step for step in steps)


def test_the_first_step_shows_the_class_by_its_own_name() -> None:
    assert STORIES[0]["steps"][0].startswith("In nearly every scene of the [carp](class) a hand holds the fish.")
