"""The entry of a format in the registry, and the content that a format writes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from summit_dash.export.shapes import GraphScene
    from summit_dash.export.tables import GraphTables

__all__ = ["ExportFormat", "GraphContent"]


@dataclass(frozen=True)
class GraphContent:
    """A graph, or the comparison of two, ready to be written.

    Attributes:
        tables: nodes and edges as rows.
        scene: the picture; None where no format asked for needs it.
        scale: pixels of a bitmap for each pixel of the scene.
    """

    tables: GraphTables
    scene: GraphScene | None = None
    scale: float = 2.0

    @property
    def drawing(self) -> GraphScene:
        """The picture.

        Raises:
            ValueError: it was not drawn, because no format was said to need it.
        """
        if self.scene is None:
            raise ValueError("There is no picture: the format must be declared with needs_drawing=True.")
        return self.scene


@dataclass(frozen=True)
class ExportFormat:
    """A kind of file.

    Attributes:
        name: as `--format` takes it.
        endings: of its files, put after their common stem.
        needs_drawing: the format shows the picture, so it must be drawn.
        write: returns the bytes of each file by its ending.
        rank: order among the formats in messages, smallest first.
    """

    name: str
    endings: tuple[str, ...]
    needs_drawing: bool
    write: Callable[[GraphContent], dict[str, bytes]]
    rank: int = 100
