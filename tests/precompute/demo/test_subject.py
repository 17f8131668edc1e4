"""The declarations of classes, and the poses of their objects."""

import numpy as np
import pytest

from precompute.demo.drawing import Stage
from precompute.demo.subject import Subject
from tests.support.objects import SUBJECTS


@pytest.mark.parametrize("name", ["carp", "car", "kite"])
def test_poses_stay_within_the_declared_ranges(name: str) -> None:
    subject = SUBJECTS[name]
    poses = [subject.choose_pose(Stage((1, 2, index), None, ())) for index in range(60)]

    for pose in poses:
        assert subject.across[0] * 96 <= pose.x <= subject.across[1] * 96
        assert subject.base[0] * 96 <= pose.y + pose.size <= subject.base[1] * 96
        assert 0.55 * subject.size[0] * 96 <= pose.size <= subject.size[1] * 96
        assert abs(pose.angle) <= subject.tilt
    assert {pose.flip for pose in poses} == {True, False}


def test_some_objects_are_farther_off() -> None:
    subject = SUBJECTS["house"]
    sizes = [subject.choose_pose(Stage((1, 2, index), None, ())).size / 96 for index in range(60)]

    assert 0.1 < np.mean([size < subject.size[0] for size in sizes]) < 0.5, "three in ten"


def test_one_stage_gives_one_pose_however_often() -> None:
    stage = Stage((1, 2, 3), None, ())

    assert SUBJECTS["owl"].choose_pose(stage) == SUBJECTS["owl"].choose_pose(stage)


def test_only_the_two_bears_share_a_stream() -> None:
    shared: dict[str, list[Subject]] = {}
    for subject in SUBJECTS.values():
        shared.setdefault(subject.stream, []).append(subject)

    assert {stream: len(subjects) for stream, subjects in shared.items()} == {"": len(SUBJECTS) - 2, "bear": 2}
    assert {subject.attribute for subject in shared["bear"]} == {"black fur", "brown fur"}
