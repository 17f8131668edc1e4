"""Readable names for the layers of known families, such as `mixed4d` where the module is called `inception4d`.

The class of the model decides, so a fine-tuned copy has the same names. Families whose modules already have readable
names are not listed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

_ModuleTypes = Mapping[str, str]

_SLIM_INCEPTION_V4 = (
    "conv2d_1a", "conv2d_2a", "conv2d_2b", "mixed_3a", "mixed_4a", "mixed_5a", "mixed_5b", "mixed_5c",
    "mixed_5d", "mixed_5e", "mixed_6a", "mixed_6b", "mixed_6c", "mixed_6d", "mixed_6e", "mixed_6f",
    "mixed_6g", "mixed_6h", "mixed_7a", "mixed_7b", "mixed_7c", "mixed_7d",
)  # fmt: skip


def find_aliases(module_types: _ModuleTypes) -> dict[str, str]:
    """Finds the alias of every module path that has one.

    Args:
        module_types: class name by module path; the model itself has the path "".

    Returns:
        The alias by path, without those that are paths of other modules.
    """
    family = _FAMILIES.get(module_types.get("", ""))
    if family is None:
        return {}
    found = family(module_types)
    taken = set(module_types)
    return {path: alias for path, alias in found.items() if alias not in taken}


def _make_family(*rules: tuple[str, str]) -> Callable[[_ModuleTypes], dict[str, str]]:
    """Makes a function that names paths by regular expressions; the first that matches a whole path counts."""

    def name_paths(module_types: _ModuleTypes) -> dict[str, str]:
        found = {}
        for path in module_types:
            for pattern, template in rules:
                if match := re.fullmatch(pattern, path):
                    found[path] = match.expand(template)
                    break
        return found

    return name_paths


def _name_alexnet(module_types: _ModuleTypes) -> dict[str, str]:
    convolutions = [path for path in _list_children(module_types, "features") if module_types[path] == "Conv2d"]
    return {path: f"conv{number}" for number, path in enumerate(convolutions, 1)}


def _name_vgg(module_types: _ModuleTypes) -> dict[str, str]:
    """Names layers as Simonyan and Zisserman (2015, section 2.1) do: `conv3_2` is the second of the third block."""
    found, block, number = {}, 1, 0
    for path in _list_children(module_types, "features"):
        if module_types[path] == "MaxPool2d":
            block, number = block + 1, 0
        elif module_types[path].startswith("Conv2d"):
            number += 1
            found[path] = f"conv{block}_{number}"
    return found


def _name_squeezenet(module_types: _ModuleTypes) -> dict[str, str]:
    """Names layers as Iandola et al. (2016, section 3.3) do: conv1, fire2 to fire9, conv10."""
    found: dict[str, str] = {}
    for path in (*_list_children(module_types, "features"), *_list_children(module_types, "classifier")):
        if module_types[path] in {"Conv2d", "Fire"}:
            kind = "conv" if module_types[path] == "Conv2d" else "fire"
            found[path] = f"{kind}{len(found) + 1}"
    return found


def _name_mobile(module_types: _ModuleTypes) -> dict[str, str]:
    """Names a stem, blocks numbered from 1, and a last convolution."""
    last = len(_list_children(module_types, "features")) - 1
    names = {0: "stem", last: "head"}
    return {f"features.{i}": names.get(i, f"block{i}") for i in range(last + 1)}


def _name_efficientnet(module_types: _ModuleTypes) -> dict[str, str]:
    # What is one block of a MobileNet is a stage of several blocks here.
    return {path: alias.replace("block", "stage") for path, alias in _name_mobile(module_types).items()}


def _name_inception_v4(module_types: _ModuleTypes) -> dict[str, str]:
    paths = _list_children(module_types, "features")
    return dict(zip(paths, _SLIM_INCEPTION_V4, strict=True)) if len(paths) == len(_SLIM_INCEPTION_V4) else {}


def _list_children(module_types: _ModuleTypes, parent: str) -> list[str]:
    return [path for path in module_types if path.startswith(f"{parent}.") and path.count(".") == parent.count(".") + 1]


def _name_stages(module_types: _ModuleTypes) -> dict[str, str]:
    """Names torchvision's ConvNeXt and Swin: stages have odd indices, and the layers between them shrink the maps."""
    found = {}
    for path in module_types:
        if match := re.fullmatch(r"features\.(\d+)(\.\d+)?", path):
            index, block = int(match[1]), match[2] or ""
            if index % 2:
                found[path] = f"stage{index // 2 + 1}{block}"
            elif not block:
                found[path] = f"downsample{index // 2 + 1}" if index else "stem"
    return found


_FAMILIES: dict[str, Callable[[_ModuleTypes], dict[str, str]]] = {
    "AlexNet": _name_alexnet,
    "VGG": _name_vgg,
    "SqueezeNet": _name_squeezenet,
    "GoogLeNet": _make_family((r"inception(\d\w)", r"mixed\1")),
    "Inception3": _make_family((r"Mixed_(\d\w)", r"mixed\1")),
    "InceptionV3": _make_family((r"Mixed_(\d\w)", r"mixed\1")),
    "InceptionV4": _name_inception_v4,
    "DenseNet": _make_family((r"features\.(transition\d)\.conv", r"\1"), (r"features\.(conv\d|denseblock\d)", r"\1")),
    "MobileNetV2": _name_mobile,
    "MobileNetV3": _name_mobile,
    "EfficientNet": _name_efficientnet,
    "RegNet": _make_family(
        (r"trunk_output\.block(\d+)", r"stage\1"), (r"trunk_output\.block\d+\.block(\d+)-(\d+)", r"stage\1.\2")
    ),
    "ConvNeXt": _name_stages,
    "SwinTransformer": _name_stages,
    "VisionTransformer": _make_family(
        (r"conv_proj", "patch_embedding"), (r"encoder\.layers\.encoder_layer_(\d+)", r"block\1")
    ),
}
