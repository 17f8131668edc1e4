"""Brushes, which record the extent of parts, and stages, whose parts do not depend on each other."""

import numpy as np

from precompute.demo.drawing import Stage
from precompute.demo.shapes import Pose, make_block

POSE = Pose(48, 48, 10)


def draw_two_parts(include: set[str] | None = None, exclude: tuple[str, ...] = ()) -> Stage:
    """Draws two parts whose positions follow from their random streams."""
    stage = Stage((1, 2, 3), include, exclude)
    for name in ("wheel", "window", "wheel"):
        brush = stage.start_part(name, POSE)
        x, y = brush.rng.uniform(-2, 2, 2)
        brush.fill(make_block(x, y, x + 0.5, y + 0.5), (200, 100, 50))
    return stage


def test_a_part_has_the_box_of_its_shapes() -> None:
    stage = Stage((1, 2, 3), None, ())
    brush = stage.start_part("body", POSE)
    assert brush.box is None

    brush.fill(make_block(-1, -0.5, 1, 0.5), (9, 9, 9))
    assert brush.box == (38, 43, 58, 53)
    brush.draw_line([(0, 0), (0, 2)], 0.4, (9, 9, 9))
    assert brush.box == (38, 43, 58, 70), "the width of a stroke counts"
    brush.fill(make_block(4, 0, 9, 0.5), (9, 9, 9))
    assert brush.box == (38, 43, 96, 70), "cut to the image"


def test_glows_and_clipped_shapes_do_not_count_towards_the_box() -> None:
    brush = Stage((1, 2, 3), None, ()).start_part("body", POSE)
    brush.add_glow((0, 0, 3, 3), (255, 255, 255))
    with brush.clip(make_block(-1, -1, 1, 1)):
        brush.fill(make_block(-2, -2, 2, 2), (9, 9, 9))

    assert brush.box is None


def test_a_part_outside_of_the_image_has_no_box() -> None:
    brush = Stage((1, 2, 3), None, ()).start_part("body", Pose(-50, 48, 10))
    brush.fill(make_block(-1, -1, 1, 1), (9, 9, 9))

    assert brush.box is None


def test_a_part_that_is_left_out_moves_no_other() -> None:
    whole, without = draw_two_parts(), draw_two_parts(exclude=("window",))

    assert [name for name, _ in without.brushes] == ["wheel", "window", "wheel"]
    assert [brush.box for name, brush in whole.brushes if name == "wheel"] == [
        brush.box for name, brush in without.brushes if name == "wheel"
    ]
    assert dict(without.brushes)["window"].box is None


def test_parts_of_one_name_have_streams_of_their_own() -> None:
    first, _, third = (brush.box for _, brush in draw_two_parts().brushes)

    assert first != third


def test_only_included_parts_show() -> None:
    assert [brush.active for _, brush in draw_two_parts({"window"}).brushes] == [False, True, False]
    assert not np.asarray(draw_two_parts(set()).canvas.image).any()


def test_a_stream_starts_again_on_every_call() -> None:
    stage = Stage((1, 2, 3), None, ())

    assert stage.make_rng("a").random() == stage.make_rng("a").random() != stage.make_rng("b").random()


def test_a_stage_beside_shares_light_and_canvas_and_ignores_left_out_parts() -> None:
    stage = Stage((1, 2, 3), set(), ())
    aside = stage.start_beside(77)

    assert aside.canvas is stage.canvas and aside.light_from_left == stage.light_from_left
    assert aside.start_part("body", POSE).active
    assert aside.make_rng("pose").random() != stage.make_rng("pose").random()


def test_scenery_is_drawn_always_and_recorded_never() -> None:
    stage = Stage((1, 2, 3), set(), ())
    stage.start_scenery("stone").fill(make_block(0, 0, 1, 1), (9, 9, 9))

    assert stage.brushes == [] and np.asarray(stage.canvas.image).all()
