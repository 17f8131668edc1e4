"""The model and settings that the pictures of a run are drawn with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from precompute.feature_visualization.ascent.config import PRECISIONS, VisualizationConfig
from precompute.feature_visualization.ascent.forwards import Forwards
from precompute.feature_visualization.ascent.optimize import LayerForward, Normalize
from precompute.feature_visualization.ascent.precision import choose_precision
from precompute.feature_visualization.channels.time_limit import TimeLimit
from precompute.feature_visualization.storage.picture_store import NoteFacts

__all__ = ["Drawing", "set_step_precision"]


@dataclass(frozen=True)
class Drawing:
    """The model and settings of a drawing.

    Attributes:
        forward: function from a layer and a kind of picture to the forward pass.
        normalize: function from colours in [0, 1] to model input.
        layers: layers of the run, in order from the input.
        config: settings; its precision is that of `step_forward`.
        facts: the manifest's `visualizations` so far.
        note: see `NoteFacts`.
        step_forward: like `forward`, for the steps, see `VisualizationRequest`; None: `forward`.
        same: other configs whose pictures are as good, so that they are not drawn again.
        limit: time limit; None: no limit.
        bytes_each: an estimate of the memory that a picture takes; 0: unknown.
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
    bytes_each: int = 0


def set_step_precision(drawing: Drawing, forwards: Forwards) -> Drawing:
    """Sets the precision of a drawing's steps as its config asks, and the memory that a picture takes.

    With `auto`, pictures that the run has in the other precision are as good.

    Raises:
        InputError: the model does not compute in the precision that was asked for by name.
    """
    asked = drawing.config.precision
    precision = choose_precision(asked, forwards, drawing.layers[-1])
    others = [name for name in PRECISIONS if name not in ("auto", precision)] if asked == "auto" else []
    return replace(
        drawing,
        config=replace(drawing.config, precision=precision),
        step_forward=forwards.build_in_bfloat16 if precision == "bfloat16" else None,
        bytes_each=forwards.bytes_each,
        same=tuple(replace(drawing.config, precision=name) for name in others),
    )
