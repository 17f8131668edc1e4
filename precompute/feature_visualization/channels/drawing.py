"""With what and how the pictures of a run are drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from precompute.feature_visualization.ascent.config import PRECISIONS, VisualizationConfig
from precompute.feature_visualization.ascent.forwards import Forwards
from precompute.feature_visualization.ascent.optimize import LayerForward, Normalize
from precompute.feature_visualization.ascent.precision import step_precision
from precompute.feature_visualization.channels.time_limit import TimeLimit
from precompute.feature_visualization.storage.picture_store import NoteFacts

__all__ = ["Drawing", "with_step_precision"]


@dataclass(frozen=True)
class Drawing:
    """What pictures are drawn with.

    Attributes:
        forward: of a layer and a kind of picture.
        step_forward: see `VisualizationRequest`; None: the same.
        normalize: from colours in [0, 1] to model input.
        layers: of the run, in order from the input.
        config: how they are drawn; its precision is that of `step_forward`.
        same: other configs whose pictures are as good: they are not drawn again.
        limit: the time there is; None: as long as it takes.
        facts: the manifest's `visualizations` so far.
        note: see `NoteFacts`.
    """

    forward: Callable[[str, str], LayerForward]
    normalize: Normalize
    layers: tuple[str, ...]
    config: VisualizationConfig
    facts: Mapping[str, Any]
    note: NoteFacts
    step_forward: Callable[[str, str], LayerForward] | None = None
    same: tuple[VisualizationConfig, ...] = ()
    limit: TimeLimit | None = None


def with_step_precision(drawing: Drawing, forwards: Forwards) -> Drawing:
    """The drawing in the precision that its config asks for; where that is left open, pictures of either are as good.

    Raises:
        InputError: the model does not compute in that precision.
    """
    asked = drawing.config.precision
    precision = step_precision(asked, forwards, drawing.layers[-1])
    others = [name for name in PRECISIONS if name not in ("auto", precision)] if asked == "auto" else []
    return replace(
        drawing,
        config=replace(drawing.config, precision=precision),
        step_forward=forwards.in_bfloat16 if precision == "bfloat16" else None,
        same=tuple(replace(drawing.config, precision=name) for name in others),
    )
