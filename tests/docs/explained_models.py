"""`python -m tests.docs.explained_models [DATA]` runs every method of explanation on many models.

It writes the table of docs/explanations.md, which says for each pair: holds, error, or does not apply and why. It takes
some minutes. Models with weights of their own are the demo, and GoogLeNet and ResNet-20 of the folder DATA, by default
../shared/data; all others have random weights, with batch norms that know the statistics of random images.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torchvision import models

from precompute.contract.errors import InputError
from precompute.explanations.backward.presets import PRESETS
from precompute.explanations.explainer import Explainer
from precompute.explanations.input_range import InputRange
from precompute.explanations.method import Explanation, Method
from precompute.explanations.registry import find_methods
from precompute.explanations.target import Target
from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.selection import select_layers
from precompute.models.sources.loading import ModelConfig, load_model
from precompute.models.sources.preprocess import Preprocess

__all__ = ["TABLE_FILE", "build_table", "judge", "list_rows", "randomize"]

ROOT = Path(__file__).parents[2]
DATA = ROOT / "../shared/data"
TABLE_FILE = ROOT / "docs/explanations.md"
START = "<!-- This table is written by `python -m tests.docs.explained_models`. -->"
END = "<!-- The table ends here. -->"
SIDE = 64
RANDOM: Mapping[str, Callable[[], nn.Module]] = {
    "VGG16-BN": lambda: models.vgg16_bn(num_classes=10),
    "ResNet-50": lambda: models.resnet50(num_classes=10),
    "DenseNet121": lambda: models.densenet121(num_classes=10),
    "MobileNetV3": lambda: models.mobilenet_v3_large(num_classes=10),
    "EfficientNet-B0": lambda: models.efficientnet_b0(num_classes=10),
    "ConvNeXt tiny": lambda: models.convnext_tiny(num_classes=10),
    "ViT-B/16": lambda: models.vit_b_16(num_classes=10, image_size=SIDE),
    "Swin tiny": lambda: models.swin_t(num_classes=10),
}
QUICK: Mapping[str, Mapping[str, Any]] = {"integrated_gradients": {"max_points": 64}, "smoothgrad": {"samples": 8}}
"""Options that save time."""


@dataclass(frozen=True)
class Case:
    """A model with one image, and its most probable class."""

    explainer: Explainer
    images: Tensor
    targets: list[Target]


def list_rows() -> list[tuple[str, Method, Mapping[str, Any]]]:
    """Lists the rows of the table: title, method and options; LRP has one for each preset."""
    rows: list[tuple[str, Method, Mapping[str, Any]]] = []
    for name, method in find_methods().items():
        if name == "lrp":
            rows += [(f"`lrp`, {preset}", method, {"preset": preset}) for preset in PRESETS]
        else:
            rows.append((f"`{name}`", method, QUICK.get(name, {})))
    return rows


def judge(method: Method, found: Explanation, case: Case) -> str:
    """Says in one or two words what is true of a map."""
    maps = found.map
    if not torch.isfinite(maps).all():
        return "error: not finite"
    if not maps.any():
        return "error: all zero"
    gradient, _ = case.explainer.differentiate(case.images, case.targets)
    if method.name in {"gradient", "sensitivity"}:
        expected = gradient if method.name == "gradient" else gradient**2
        return _say(torch.allclose(maps, expected, rtol=1e-3, atol=1e-6 * float(expected.abs().max())))
    if method.name in {"lrp", "deep_taylor"}:
        return _judge_relevance(method, found)
    if method.name == "cam":
        last = find_methods()["grad_cam"].explain(case.explainer, case.images, case.targets)
        one, other = (each.clamp_min(0).flatten() for each in (maps, last.map))
        return _say(one.shape != other.shape or torch.cosine_similarity(one, other, 0) > 0.999 or not other.any())
    if found.error is None:
        return "holds"
    error = float(found.error.max())
    limits = {"deeplift": 1e-3, "integrated_gradients": 1e-2}
    if method.name not in limits:
        return f"error {_format(error)}"
    return f"holds, {_format(error)}" if error < limits[method.name] else f"error {_format(error)}"


def _judge_relevance(method: Method, found: Explanation) -> str:
    """Checks that what reaches the image, and what was absorbed on the way, sum to the score."""
    absorbed = torch.tensor([entry["absorbed"] for entry in found.facts["conservation"]]).double()
    reached = found.map.double().flatten(1).sum(1) / found.scores.abs()
    size = torch.maximum(absorbed.abs().sum(0), found.map.double().abs().flatten(1).sum(1) / found.scores.abs())
    missing = float(((reached + absorbed.sum(0) - found.scores.sign()).abs() / size.clamp_min(1)).max())
    share = float((reached - found.scores.sign()).abs().max())
    if missing > 1e-2:
        return f"error {_format(missing)}"
    if method.name == "deep_taylor" and found.map.min() < 0:
        return "error: negative"
    return f"holds, absorbed {_format(share)}"


def _say(holds: object) -> str:
    return "holds" if holds else "error"


def _format(share: float) -> str:
    """Writes a share as a percentage."""
    if share < 1e-4:
        return "< 0.01 %"
    return f"{share * 100:.2g} %" if share < 0.995 else f"{share * 100:,.0f} %"


def randomize(module: nn.Module, side: int) -> nn.Module:
    """Gives a module with random weights activations of ordinary size."""
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.train().momentum = None
    if isinstance(module, models.VisionTransformer):
        nn.init.normal_(module.heads.head.weight, std=0.1)  # zero as it is built
    with torch.no_grad():
        module(torch.randn(8, 3, side, side))
    return module.eval()


def _list_cases(data: Path) -> Iterator[tuple[str, Case]]:
    """Makes every model with an image, in the order of the table."""
    yield "demo", _load(ModelConfig("demo"), 0)
    if data.is_dir():
        for title, name, weights in (
            ("GoogLeNet", "googlenet", "bvlc_googlenet.safetensors"),
            ("ResNet-20", "cifar10", "resnet20.safetensors"),
        ):
            folder = data / name
            config = ModelConfig(f"{folder}/model.py:build", str(folder / weights), str(folder / "preprocess.toml"))
            yield title, _load(config, 32 if name == "cifar10" else 224)
    for title, make in RANDOM.items():
        torch.manual_seed(0)
        yield title, _make_case(randomize(make(), SIDE), Preprocess(), SIDE)


def _load(config: ModelConfig, side: int) -> Case:
    loaded = load_model(config)
    return _make_case(loaded.module, loaded.preprocess, loaded.input_size[1] if loaded.input_size else side)


def _make_case(module: nn.Module, preprocess: Preprocess, side: int) -> Case:
    model = ExportedModel(module, (3, side, side))
    layers = {layer.name: layer.node for layer in select_layers(model)}
    explainer = Explainer(model, InputRange.from_preprocess(preprocess), layers)
    light = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    images = preprocess.normalize(nn.functional.interpolate(light, (side, side), mode="bicubic").clamp(0, 1))
    return Case(explainer, images, [Target(int(explainer.compute_logits(images)[0].argmax()))])


def build_table(data: Path = DATA) -> str:
    """Runs every method on every model; returns the table and its notes."""
    rows = list_rows()
    cells: dict[str, list[str]] = {title: [] for title, _, _ in rows}
    notes: list[str] = []
    titles = []
    for model, case in _list_cases(data):
        print(model, file=sys.stderr)
        titles.append(model)
        for title, method, options in rows:
            try:
                cell = judge(method, method.explain(case.explainer, case.images, case.targets, options), case)
            except InputError as problem:
                note = f"`{method.name}`, {model}: {problem.found}"
                notes += [note] if note not in notes else []
                cell = f"does not apply [{notes.index(note) + 1}]"
            cells[title].append(cell)
    head = f"| method | {' | '.join(titles)} |\n|---|{'---|' * len(titles)}\n"
    body = "".join(f"| {title} | {' | '.join(line)} |\n" for title, line in cells.items())
    listed = "".join(f"{number}. {note}\n" for number, note in enumerate(notes, 1))
    return head + body + "\n" + listed


def main() -> None:
    """Writes the table into its file, between its marks."""
    text = TABLE_FILE.read_text(encoding="utf-8")
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    TABLE_FILE.write_text(
        f"{before}{START}\n\n{build_table(*map(Path, sys.argv[1:2]))}\n{END}{after}", encoding="utf-8"
    )


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
