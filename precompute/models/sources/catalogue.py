"""The models that a person can name without writing code, and facts about them that need no building.

`FAMILIES` is a selection of well-known architectures. Their layers and channels, which are known only once a model is
built, are shipped in `catalogue.json`: one object per source, with the fields of `ModelFacts`.
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from precompute.contract.atomic import replace_file
from precompute.contract.errors import InputError

if TYPE_CHECKING:
    from precompute.models.graph.exported import ExportedModel
    from precompute.models.layers.selection import RecordedLayer

__all__ = [
    "CATALOGUE",
    "FAMILIES",
    "Family",
    "LayerFacts",
    "ModelFacts",
    "collect_facts",
    "describe",
    "find_family",
    "find_matching",
    "list_sources",
    "look_up_facts",
    "read_catalogue",
    "write_catalogue",
]  # fmt: skip

CATALOGUE = Path(__file__).with_name("catalogue.json")


@dataclass(frozen=True)
class Family:
    """Architectures of one name, e.g. `Family("VGG", ("torchvision:vgg16",))`."""

    name: str
    sources: tuple[str, ...]


FAMILIES = (
    Family("AlexNet", ("torchvision:alexnet",)),
    Family("VGG", ("torchvision:vgg16", "torchvision:vgg19")),
    Family("Inception", ("torchvision:googlenet", "torchvision:inception_v3", "timm:inception_v4")),
    Family("Inception-ResNet", ("timm:inception_resnet_v2",)),
    Family("NASNet", ("timm:nasnetalarge", "timm:pnasnet5large")),
    Family("ResNet", ("torchvision:resnet50", "torchvision:resnet101", "torchvision:resnet152")),
    Family("ResNet v2", ("timm:resnetv2_50", "timm:resnetv2_101", "timm:resnetv2_152")),
    Family(
        "MobileNet",
        (
            "timm:mobilenetv1_100",
            "torchvision:mobilenet_v2",
            "torchvision:mobilenet_v3_large",
            "torchvision:mobilenet_v3_small",
        ),
    ),
    Family("SqueezeNet", ("torchvision:squeezenet1_1",)),
    Family("DenseNet", ("torchvision:densenet121",)),
    Family("EfficientNet", ("torchvision:efficientnet_b0",)),
    Family("RegNet", ("torchvision:regnet_y_400mf",)),
    Family("ShuffleNet", ("torchvision:shufflenet_v2_x1_0",)),
    Family("ConvNeXt", ("torchvision:convnext_tiny",)),
    Family("ViT", ("torchvision:vit_b_16",)),
    Family("Swin", ("torchvision:swin_t",)),
)


@dataclass(frozen=True)
class LayerFacts:
    """One recorded layer; sizes in positions."""

    name: str
    n_channels: int
    height: int
    width: int


@dataclass(frozen=True)
class ModelFacts:
    """The facts about a model; None where a fact is not known.

    Args:
        source: the name, as on the command line.
        input_size: `(channel, height, width)` in pixels.
        published_top1: accuracy on ImageNet of the default weights as their publisher states it, in [0, 1].
        layers: the layers that `--layers auto` records, in order from the input.
        output_layer: the module that makes the logits.
        n_outputs: the number of logits.
    """

    source: str
    input_size: tuple[int, int, int] | None = None
    published_top1: float | None = None
    layers: tuple[LayerFacts, ...] | None = None
    output_layer: str | None = None
    n_outputs: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Returns plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ModelFacts:
        """Rebuilds facts from what `to_dict` returns, or from its JSON."""
        size, layers = values["input_size"], values["layers"]
        return cls(
            source=values["source"],
            input_size=(size[0], size[1], size[2]) if size is not None else None,
            published_top1=values["published_top1"],
            layers=tuple(LayerFacts(**layer) for layer in layers) if layers is not None else None,
            output_layer=values["output_layer"],
            n_outputs=values["n_outputs"],
        )


def find_family(source: str) -> str:
    """Finds the family of a source of the selection; returns an empty text for any other source."""
    return next((family.name for family in FAMILIES if source in family.sources), "")


def list_sources(tagged: bool = False) -> list[str]:
    """Lists every model of torchvision and timm, in alphabetical order within each library.

    Args:
        tagged: whether timm's names with the tags of published weights are listed as well.

    Raises:
        InputError: torchvision or timm is not installed.
    """
    from precompute.models.sources import timm_models, torchvision_models

    names = sorted({*timm_models.list_architectures(), *(timm_models.list_tagged_names() if tagged else ())})
    return [*(f"torchvision:{n}" for n in torchvision_models.list_names()), *(f"timm:{n}" for n in names)]


def find_matching(pattern: str, sources: Sequence[str]) -> list[str]:
    """Finds the sources that contain `pattern`, or match it where it has `*`, `?` or `[`; case does not count.

    A pattern with `*`, `?` or `[` but without a colon is compared with the name behind `torchvision:` or `timm:`.
    """
    wanted = pattern.lower()
    if not any(sign in wanted for sign in "*?["):
        return [source for source in sources if wanted in source.lower()]
    whole = ":" in wanted
    return [s for s in sources if fnmatch.fnmatchcase((s if whole else s.partition(":")[2]).lower(), wanted)]


def look_up_facts(source: str, catalogue: Mapping[str, ModelFacts]) -> ModelFacts:
    """Returns the facts about a source that need no building: shipped ones, else its published input size and accuracy.

    Raises:
        InputError: its library is not installed.
    """
    if source in catalogue:
        return catalogue[source]
    from precompute.models.sources import timm_models, torchvision_models

    library, _, name = source.partition(":")
    if library == "torchvision":
        size, top1 = torchvision_models.read_published_facts(name)
        return ModelFacts(source, size, top1)
    return ModelFacts(source, timm_models.read_published_input_size(name))


def describe(source: str) -> dict[str, Any]:
    """Builds a model with random weights, exports it and lists what `--layers auto` records.

    It takes from a second to half a minute, and downloads nothing.

    Returns:
        `ModelFacts.to_dict()`.

    Raises:
        InputError: the source is unknown, or the model cannot be exported.
    """
    from precompute.models.graph.exported import ExportedModel
    from precompute.models.layers.selection import select_layers
    from precompute.models.sources.loading import ModelConfig, load_model

    loaded = load_model(ModelConfig(source, weights="random"))
    assert loaded.input_size is not None  # torchvision and timm state theirs
    exported = ExportedModel(loaded.module, loaded.input_size)
    return collect_facts(source, exported, select_layers(exported)).to_dict()


def collect_facts(source: str, exported: ExportedModel, layers: Sequence[RecordedLayer]) -> ModelFacts:
    """Collects the facts about a source that is built and whose layers are chosen."""
    return ModelFacts(
        source=source,
        input_size=exported.input_size,
        published_top1=look_up_facts(source, {}).published_top1,
        layers=tuple(LayerFacts(layer.name, layer.n_channels, layer.height, layer.width) for layer in layers),
        output_layer=exported.output_layer,
        n_outputs=exported.n_outputs,
    )


def read_catalogue(path: Path = CATALOGUE) -> dict[str, ModelFacts]:
    """Reads the shipped facts by source.

    Raises:
        InputError: the file is missing or damaged.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        return {entry["source"]: ModelFacts.from_dict(entry) for entry in entries}
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise InputError(
            "The catalogue of models is a JSON list of facts.",
            f"{path}: {type(problem).__name__}: {problem}.",
            "Install summit-dash again.",
        ) from problem


def write_catalogue(entries: Sequence[Mapping[str, Any]], path: Path = CATALOGUE) -> None:
    """Writes what `describe` returned, one model a line, in the order of `FAMILIES`.

    Raises:
        ValueError: a source is not of the selection.
    """
    order = [source for family in FAMILIES for source in family.sources]
    ordered = sorted(entries, key=lambda entry: order.index(entry["source"]))
    lines = ",\n".join(json.dumps(entry) for entry in ordered)
    with replace_file(path) as temporary:
        temporary.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
