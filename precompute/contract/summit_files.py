"""Summit's files of a run: the file `run.json` that is put beside them.

Summit's own files (Hohman et al. 2020) name neither the model nor the sizes of its layers, and hold one synset, one
short name and no super-class for a class. `run.json` states these facts. Summit's web app never asks for it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from precompute.contract.tables import HISTOGRAM_BINS

__all__ = ["N_EXAMPLES", "N_LISTED", "RUN_FACTS", "RecordedLayer", "RunFacts", "StatedClass"]

RUN_FACTS = "run.json"
"""The name of the file, beside `imagenet.json`."""
N_EXAMPLES = 10
"""Dataset examples of a channel that Summit's app asks for, numbered from 0."""
N_LISTED = 3
"""Entries of `attr_channels`: the strongest influences on a channel."""
_FORMAT = 1


@dataclass(frozen=True)
class RecordedLayer:
    """A recorded layer, with the columns of the table `layers`.

    Attributes:
        layer: name in the run.
        file_name: name in Summit's files: a letter, then letters, digits and underscores.
        module_type: Python class of the recorded module.
        n_channels: channels of its output.
        height: rows of its output.
        width: columns of its output.
        stride: input pixels between neighbouring positions.
        receptive_field: input pixels, along one side, that a position can see.
    """

    layer: str
    file_name: str
    module_type: str
    n_channels: int
    height: int
    width: int
    stride: int
    receptive_field: int


@dataclass(frozen=True)
class StatedClass:
    """The facts about a class that `imagenet.json` has no field for, or states in another form.

    Attributes:
        class_id: number of the class, `target_class` in `imagenet.json`.
        class_name: with all of its names, in its own spelling.
        synset: WordNet's identifier; None where the run has none.
        group: super-class; None where the run has none.
        top5_accuracy: fraction of its images; None where it is unknown.
        probability_histogram: its images per twentieth of its own probability; None where it is unknown.
    """

    class_id: int
    class_name: str
    synset: str | None = None
    group: str | None = None
    top5_accuracy: float | None = None
    probability_histogram: Sequence[int] | None = None


@dataclass(frozen=True)
class RunFacts:
    """The content of `run.json`.

    Attributes:
        model: entry of the run's manifest.
        dataset: entry of the run's manifest.
        layers: in order from the input.
        links: entry of the run's manifest: the measure of the influences on each layer.
        aggregate: entry of the config in the run's manifest: the settings of the counts.
        classes: in order of their ids.
    """

    model: Mapping[str, Any]
    dataset: Mapping[str, Any]
    layers: Sequence[RecordedLayer]
    links: Sequence[Mapping[str, Any]] = ()
    aggregate: Mapping[str, Any] = field(default_factory=dict)
    classes: Sequence[StatedClass] = ()

    def to_json(self) -> str:
        """Returns the text of the file."""
        return json.dumps({"format": _FORMAT, **asdict(self)}, indent=1, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> RunFacts:
        """Reads the text of the file.

        Raises:
            ValueError: it is no JSON, or not of this form.
        """
        entry = _require(json.loads(text), dict, "the whole")
        if entry.get("format") != _FORMAT:
            raise ValueError(f"its format is {entry.get('format')!r}, and {_FORMAT} is read")
        layers = [_read_layer(_require(e, dict, "a layer")) for e in _require(entry.get("layers"), list, "layers")]
        for name, names in (("layer", [e.layer for e in layers]), ("file_name", [e.file_name for e in layers])):
            if not names or len(set(names)) < len(names):
                raise ValueError(f"layers have no {name}, or one twice")
        classes = [_read_class(_require(e, dict, "a class")) for e in _require(entry.get("classes"), list, "classes")]
        return cls(
            model=_require(entry.get("model"), dict, "model"),
            dataset=_require(entry.get("dataset"), dict, "dataset"),
            layers=tuple(layers),
            links=tuple(_require(e, dict, "a link") for e in _require(entry.get("links"), list, "links")),
            aggregate=_require(entry.get("aggregate"), dict, "aggregate"),
            classes=tuple(classes),
        )


def _require(value: Any, kind: type, what: str) -> Any:
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ValueError(f"{what} is {type(value).__name__}, and no {kind.__name__}")
    return value


def _read_layer(entry: Mapping[str, Any]) -> RecordedLayer:
    names = ("layer", "file_name", "module_type")
    sizes = ("n_channels", "height", "width", "stride", "receptive_field")
    layer = RecordedLayer(
        **{name: _require(entry.get(name), str, f"{name} of a layer") for name in names},
        **{name: _require(entry.get(name), int, f"{name} of a layer") for name in sizes},
    )
    if layer.n_channels < 1:
        raise ValueError(f"{layer.layer} has {layer.n_channels} channels")
    return layer


def _read_class(entry: Mapping[str, Any]) -> StatedClass:
    accuracy, histogram = entry.get("top5_accuracy"), entry.get("probability_histogram")
    if accuracy is not None and not 0 <= float(accuracy) <= 1:
        raise ValueError(f"a top5_accuracy is {accuracy}")
    if histogram is not None and (
        len(_require(histogram, list, "probability_histogram")) != HISTOGRAM_BINS
        or any(_require(n, int, "a number of images") < 0 for n in histogram)
    ):
        raise ValueError(f"a probability_histogram has other than {HISTOGRAM_BINS} numbers of images")
    texts = {
        name: None if entry.get(name) is None else _require(entry[name], str, name) for name in ("synset", "group")
    }
    return StatedClass(
        class_id=_require(entry.get("class_id"), int, "class_id"),
        class_name=_require(entry.get("class_name"), str, "class_name"),
        top5_accuracy=None if accuracy is None else float(accuracy),
        probability_histogram=histogram,
        **texts,
    )
