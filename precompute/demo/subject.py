"""What a class is, as its family module declares it."""

from collections.abc import Callable
from dataclasses import dataclass

from precompute.demo.drawing import Stage
from precompute.demo.shapes import IMAGE_SIZE, Pose

_FAR, _FAR_RATE = 0.55, 0.3
ANYWHERE = ("meadow", "forest", "mountains")


@dataclass(frozen=True)
class Subject:
    """A class of the demo: its object, where it is found, and how freely it is placed.

    `size` is the range of the object's half-size, `base` that of its lowest edge (local y = 1), `across` that of its
    middle, all as shares of the image; `tilt` in degrees. Three subjects in ten stand farther off, at 0.55 times the
    size. Subjects of one `stream` draw the same random numbers, so that equal scene numbers give equal scenes up to
    the `attribute`.
    """

    class_name: str
    group: str
    parts: tuple[str, ...]
    places: tuple[str, ...]
    draw: Callable[[Stage, Pose], None]
    size: tuple[float, float] = (0.24, 0.4)
    base: tuple[float, float] = (0.8, 0.97)
    across: tuple[float, float] = (0.3, 0.7)
    tilt: float = 4.0
    stream: str = ""
    attribute: str = ""

    def choose_pose(self, stage: Stage) -> Pose:
        """The object's frame in this scene."""
        rng = stage.make_rng("pose")
        size = rng.uniform(*self.size) * IMAGE_SIZE * (_FAR if rng.random() < _FAR_RATE else 1.0)
        x, y = rng.uniform(*self.across) * IMAGE_SIZE, rng.uniform(*self.base) * IMAGE_SIZE - size
        return Pose(
            float(x), float(y), float(size), float(rng.uniform(-self.tilt, self.tilt)), bool(rng.random() < 0.5)
        )
