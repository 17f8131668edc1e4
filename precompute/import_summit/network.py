"""The network that Summit's files describe: InceptionV1, or, by a `run.json` beside them, any other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

from precompute.contract.errors import InputError
from precompute.contract.summit_files import RUN_FACTS, RecordedLayer, RunFacts, StatedClass
from precompute.import_summit.inception import COMPOSED, INCEPTION, INPUT_SIZE

__all__ = ["SUMMITS", "Network", "read_network"]

_RULE = f"{RUN_FACTS} beside imagenet.json is as `summit-dash export --as summit` wrote it."
_SUMMITS_REASON = (
    "no other is published; counts on channels of the 3x3 and 5x5 branches are the lesser of two steps, into a "
    "bottleneck and out of it, so equal counts are no sign of equal influence"
)


@dataclass(frozen=True)
class Network:
    """The network, its layers in order from the input, and all else that the manifest says of it.

    Attributes:
        layers: in order from the input.
        model: entry of the manifest.
        links: entry of the manifest: the measure of the influences on each layer.
        source: entries of the manifest about the origin of the data.
        aggregate: settings of the counts, as far as they are known.
        dataset: entry of the manifest; empty for Summit's own data.
        classes: stated facts about classes by id; empty for Summit's own data.
        is_summits: it is Summit's InceptionV1, in which channels behind a bottleneck have no direct inputs.
    """

    layers: Sequence[RecordedLayer]
    model: Mapping[str, Any]
    links: Sequence[Mapping[str, Any]]
    source: Mapping[str, str]
    aggregate: Mapping[str, Any]
    dataset: Mapping[str, Any] = field(default_factory=dict)
    classes: Mapping[int, StatedClass] = field(default_factory=dict)
    is_summits: bool = False

    @cached_property
    def indices(self) -> Mapping[str, int]:
        """Position of each layer in `layers`, by its name in the files."""
        return {layer.file_name: index for index, layer in enumerate(self.layers)}

    def is_composed(self, layer: int, channel: int) -> bool:
        """Returns True for a channel behind a bottleneck, whose counts are composed of two steps."""
        return self.is_summits and INCEPTION[layer].find_branch(channel) in COMPOSED


SUMMITS = Network(
    layers=tuple(
        RecordedLayer(
            layer=layer.name,
            file_name=layer.name,
            module_type="inception module",
            n_channels=layer.n_channels,
            height=layer.side,
            width=layer.side,
            stride=layer.stride,
            receptive_field=layer.receptive_field,
        )
        for layer in INCEPTION
    ),
    model={"name": "InceptionV1", "source": "summit", "weights_sha256": None, "input_size": list(INPUT_SIZE)},
    links=tuple(
        {"target": target.name, "sources": [source.name], "influence": "summit", "reason": _SUMMITS_REASON}
        for source, target in pairwise(INCEPTION)
    ),
    source={
        "source": "github.com/fredhohman/summit-data, MIT licence",
        "paper": "Hohman, Park, Robinson, Chau: Summit, IEEE TVCG 2020",
    },
    # Section 6 of the paper states these settings; the data itself does not.
    aggregate={"influence": "summit", "activation_mass": 0.03, "top_k": 5},
    is_summits=True,
)
"""The network of Summit's published data."""


def read_network(data: Path) -> Network:
    """Reads the network from `run.json`; Summit's own where there is no such file.

    Raises:
        InputError: the file cannot be read, or is not as `summit-dash export --as summit` wrote it.
    """
    path = data / RUN_FACTS
    if not path.is_file():
        return SUMMITS
    try:
        facts = RunFacts.from_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError, RecursionError) as problem:
        found = f"{path}: {getattr(problem, 'strerror', None) or problem}."
        raise InputError(_RULE, found, "Write the folder again, or take the file out of it.") from problem
    names = (str(entry.get("name", "unnamed")) for entry in (facts.model, facts.dataset))
    return Network(
        layers=facts.layers,
        model=facts.model,
        links=facts.links,
        source={"source": f"Summit's files of a run ({' on '.join(names)}), by summit-dash export"},
        aggregate=facts.aggregate,
        dataset=facts.dataset,
        classes={known.class_id: known for known in facts.classes},
    )
