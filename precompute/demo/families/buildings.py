"""Buildings: house, windmill, lighthouse, castle. They share walls, windows, door and roof."""

import numpy as np

from precompute.demo.drawing import Brush, Stage
from precompute.demo.shapes import Pose, Rgb, darken, lighten, make_block, make_oval, make_sector, pick
from precompute.demo.subject import Subject

_WALLS = [(240, 226, 200), (222, 190, 160), (206, 216, 222), (236, 204, 190), (196, 190, 180), (226, 214, 150)]
_ROOFS = [(190, 80, 62), (120, 84, 74), (86, 104, 134), (160, 66, 70), (84, 120, 104)]
_STONE = [(176, 172, 168), (200, 186, 160), (156, 160, 172)]


def _draw_window(stage: Stage, pose: Pose, x: float, y: float, size: float = 0.13) -> None:
    window = stage.start_part("window", pose)
    glass = (255, 222, 130) if stage.make_rng("lamps").random() < 0.35 else (120, 168, 196)
    window.fill(make_block(x - size * 1.25, y - size * 1.25, x + size * 1.25, y + size * 1.25), (246, 240, 228))
    window.fill(make_block(x - size, y - size, x + size, y + size), glass, 0.3)
    window.draw_line([(x, y - size), (x, y + size)], 0.035, (246, 240, 228))
    window.draw_line([(x - size, y), (x + size, y)], 0.035, (246, 240, 228))


def _draw_door(stage: Stage, pose: Pose, x: float, base: float, size: tuple[float, float] = (0.15, 0.42)) -> None:
    wide, tall = size
    door = stage.start_part("door", pose)
    tone = pick(door.rng, [(140, 90, 60), (96, 70, 60), (70, 110, 120), (170, 70, 60)])
    door.fill(make_block(x - wide, base - tall, x + wide, base), tone, 0.3)
    door.fill(make_sector((x, base - tall, wide, wide * 0.9), 180, 360), tone)
    door.fill(make_oval(x + wide * 0.55, base - tall * 0.45, 0.03), (250, 210, 110))


def _draw_bricks(brush: Brush, area: tuple[float, float, float, float], colour: Rgb, count: int = 9) -> None:
    x0, y0, x1, y1 = area
    for x, y in brush.rng.uniform((x0, y0), (x1 - 0.1, y1 - 0.06), (count, 2)):
        brush.fill(make_block(x, y, x + 0.1, y + 0.05), darken(colour, 0.14))


def _draw_shadow(brush: Brush, wide: float) -> None:
    brush.add_glow((0, 0.97, wide * 1.3, 0.15), (18, 28, 30), 0.75)


def draw_house(stage: Stage, pose: Pose) -> None:
    rng = stage.make_rng("style")
    wall, roof = pick(rng, _WALLS), pick(rng, _ROOFS)
    chimney = stage.start_part("chimney", pose)
    side = rng.choice([-0.45, 0.45])
    chimney.fill(make_block(side - 0.1, -0.72, side + 0.1, -0.1), darken(roof, 0.2), 0.3)
    for nth in range(3):
        chimney.fill(make_oval(side + 0.06 * nth, -0.82 - 0.13 * nth, 0.07 + 0.03 * nth), (226, 226, 230))
    walls = stage.start_part("walls", pose)
    _draw_shadow(walls, 0.8)
    walls.fill(make_block(-0.72, -0.06, 0.72, 0.98), wall, 0.28)
    _draw_bricks(walls, (-0.7, 0, 0.7, 0.95), wall)
    gable = stage.start_part("roof", pose)
    gable.fill(
        np.array([(-0.94, 0.04), (-0.5, -0.62), (0.5, -0.62), (0.94, 0.04)])
        if rng.random() < 0.5
        else np.array([(-0.94, 0.04), (0, -0.76), (0.94, 0.04)]),
        roof,
        0.35,
    )
    gable.draw_line([(-0.9, 0.03), (0.9, 0.03)], 0.06, darken(roof, 0.3))
    _draw_door(stage, pose, 0.0, 0.98)
    for x in (-0.44, 0.44):
        _draw_window(stage, pose, x, 0.42)


def draw_windmill(stage: Stage, pose: Pose) -> None:
    rng = stage.make_rng("style")
    wall, roof = pick(rng, _WALLS), pick(rng, _ROOFS)
    walls = stage.start_part("walls", pose)
    _draw_shadow(walls, 0.55)
    walls.fill([(-0.3, -0.3), (0.3, -0.3), (0.48, 0.98), (-0.48, 0.98)], wall, 0.35)
    _draw_bricks(walls, (-0.3, -0.2, 0.3, 0.9), wall, 7)
    cap = stage.start_part("roof", pose)
    cap.fill(make_sector((0, -0.26, 0.38, 0.42), 180, 360), roof, 0.3)
    _draw_door(stage, pose, 0.0, 0.98, (0.13, 0.3))
    _draw_window(stage, pose, 0.0, 0.3, 0.1)
    turn = rng.uniform(0, 90)
    cloth = pick(rng, [(250, 244, 230), (236, 190, 150), (240, 226, 180)])
    for quarter in range(4):
        sail = stage.start_part("sails", pose.make_child(0, -0.3, 0.86, turn + 90 * quarter))
        sail.fill(make_block(0.18, 0.02, 0.98, 0.24), cloth, 0.2)
        for x in (0.36, 0.54, 0.72, 0.9):
            sail.draw_line([(x, 0.0), (x, 0.25)], 0.025, (150, 116, 84))
        sail.draw_line([(0, 0), (1.0, 0)], 0.06, (104, 76, 58))
    hub = stage.start_part("hub", pose)
    hub.fill(make_oval(0, -0.3, 0.08), (80, 60, 52))


def draw_lighthouse(stage: Stage, pose: Pose) -> None:
    rng = stage.make_rng("style")
    stripe, roof = pick(rng, [(206, 62, 56), (58, 90, 150), (60, 62, 72), (70, 130, 120)]), pick(rng, _ROOFS)
    rock = stage.start_part("rock", pose)
    tone = pick(rng, _STONE)
    rock.fill_blob(
        [(-0.8, 1.0), (-0.66, 0.74), (-0.2, 0.68), (0.3, 0.7), (0.7, 0.8), (0.86, 1.02), (0, 1.08)],
        darken(tone, 0.2),
        0.4,
    )
    walls = stage.start_part("walls", pose)
    tower = np.array([(-0.2, -0.5), (0.2, -0.5), (0.36, 0.9), (-0.36, 0.9)])
    walls.fill(tower, (246, 240, 230), 0.3)
    with walls.clip(tower):
        for y in (-0.34, 0.02, 0.38, 0.74):
            walls.fill([(-0.5, y), (0.5, y + 0.05), (0.5, y + 0.23), (-0.5, y + 0.18)], stripe, 0.3)
    _draw_door(stage, pose, 0.0, 0.9, (0.11, 0.2))
    _draw_window(stage, pose, 0.0, 0.12, 0.07)
    lantern = stage.start_part("lantern", pose)
    lantern.add_glow((0, -0.64, 0.8, 0.5), (255, 244, 180), 0.7)
    if rng.random() < 0.5:
        lantern.add_glow((0.9, -0.62, 0.9, 0.2), (255, 246, 200), 0.6)
    lantern.fill(make_block(-0.26, -0.54, 0.26, -0.47), (60, 62, 72))
    lantern.fill(make_block(-0.16, -0.76, 0.16, -0.54), (255, 236, 150))
    for x in (-0.15, 0.0, 0.15):
        lantern.draw_line([(x, -0.76), (x, -0.54)], 0.03, (60, 62, 72))
    cap = stage.start_part("roof", pose)
    cap.fill([(-0.24, -0.75), (0, -1.0), (0.24, -0.75)], roof, 0.35)


def _draw_turret(stage: Stage, pose: Pose, x: float, top: float, colours: tuple[Rgb, Rgb]) -> None:
    stone, roof = colours
    tower = stage.start_part("tower", pose)
    tower.fill(make_block(x - 0.2, top, x + 0.2, 0.98), stone, 0.35)
    _draw_bricks(tower, (x - 0.19, top + 0.1, x + 0.2, 0.9), stone, 5)
    cone = stage.start_part("roof", pose)
    cone.fill([(x - 0.27, top + 0.03), (x, top - 0.48), (x + 0.27, top + 0.03)], roof, 0.4)
    flag = stage.start_part("flag", pose)
    flag.draw_line([(x, top - 0.44), (x, top - 0.68)], 0.03, (90, 70, 60))
    flag.fill([(x, top - 0.68), (x + 0.24, top - 0.6), (x, top - 0.5)], lighten(roof, 0.3))
    _draw_window(stage, pose, x, top + 0.3, 0.07)


def draw_castle(stage: Stage, pose: Pose) -> None:
    rng = stage.make_rng("style")
    stone, roof = pick(rng, _STONE), pick(rng, _ROOFS)
    walls = stage.start_part("walls", pose)
    _draw_shadow(walls, 0.9)
    if rng.random() < 0.6:
        _draw_turret(stage, pose, 0.0, rng.uniform(-0.4, -0.24), (darken(stone, 0.12), roof))
    walls.fill(make_block(-0.7, 0.2, 0.7, 0.98), stone, 0.25)
    for x in np.arange(-0.66, 0.62, 0.22):
        walls.fill(make_block(x, 0.08, x + 0.12, 0.22), stone)
    _draw_bricks(walls, (-0.5, 0.28, 0.5, 0.95), stone, 8)
    tall = rng.uniform(-0.16, 0.1, 2)
    for x, top in zip((-0.72, 0.72), tall, strict=True):
        _draw_turret(stage, pose, x, float(top), (stone, roof))
    _draw_door(stage, pose, 0.0, 0.98, (0.19, 0.3))


_SHARED = ("walls", "window", "door", "roof")
_LAND = ("meadow", "mountains", "forest", "beach")
SUBJECTS = (
    Subject("house", "buildings", (*_SHARED, "chimney"), (*_LAND, "snowfield"), draw_house, (0.24, 0.42), tilt=2),
    Subject(
        "windmill", "buildings", (*_SHARED, "sails", "hub"), (*_LAND, "snowfield"), draw_windmill, (0.27, 0.44), tilt=2
    ),
    Subject(
        "lighthouse",
        "buildings",
        (*_SHARED, "rock", "lantern"),
        ("sea", "beach", "meadow"),
        draw_lighthouse,
        (0.3, 0.46),
        tilt=2,
    ),
    Subject(
        "castle", "buildings", (*_SHARED, "tower", "flag"), (*_LAND, "snowfield"), draw_castle, (0.27, 0.42), tilt=2
    ),
)
