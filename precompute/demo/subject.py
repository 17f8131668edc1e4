"""The declaration of a class, made by the module of its family."""

from collections.abc import Callable
from dataclasses import dataclass

from precompute.demo.drawing import Stage
from precompute.demo.shapes import IMAGE_SIZE, Pose

_FAR, _FAR_RATE = 0.55, 0.3
ANYWHERE = ("meadow", "forest", "mountains")


@dataclass(frozen=True)
class Subject:
    """A class of the demo: its object, the places where it is found, and the ranges of its pose.

    Attributes:
        class_name: shown to the user.
        group: name of the family.
        parts: names of the parts that its drawing may have.
        places: names of backgrounds; one that is named twice is twice as frequent.
        draw: draws the object in its frame.
        size: range of the object's half-size, as shares of the image. Three objects in ten are farther off, at 0.55
            times the size.
        base: range of the height of its lowest edge (local y = 1), as shares of the image.
        across: range of the position of its middle, as shares of the image.
        tilt: greatest angle to either side, in degrees.
        stream: subjects of one stream take the same random numbers, so that equal scene numbers give equal scenes,
            except for the attribute. Empty: the class's own stream.
        attribute: the colour of the fur, for bears; otherwise empty.
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
        """Chooses the object's frame in this scene."""
        rng = stage.make_rng("pose")
        size = rng.uniform(*self.size) * IMAGE_SIZE * (_FAR if rng.random() < _FAR_RATE else 1.0)
        x, y = rng.uniform(*self.across) * IMAGE_SIZE, rng.uniform(*self.base) * IMAGE_SIZE - size
        return Pose(
            float(x), float(y), float(size), float(rng.uniform(-self.tilt, self.tilt)), bool(rng.random() < 0.5)
        )
