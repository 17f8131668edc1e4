"""Readable names of layers, from the class names of a model's modules alone."""

from __future__ import annotations

from precompute.models.layers.aliases import find_aliases


def make_sequence(family: str, *kinds: str, parent: str = "features") -> dict[str, str]:
    """Makes the class names of a model of a family, with children of these classes in one sequence."""
    return {"": family, parent: "Sequential", **{f"{parent}.{i}": kind for i, kind in enumerate(kinds)}}


def test_vgg_counts_convolutions_within_blocks_that_poolings_end() -> None:
    kinds = ("Conv2d", "ReLU", "Conv2d", "ReLU", "MaxPool2d", "Conv2d", "BatchNorm2d", "ReLU", "MaxPool2d", "Conv2d")

    assert find_aliases(make_sequence("VGG", *kinds)) == {
        "features.0": "conv1_1",
        "features.2": "conv1_2",
        "features.5": "conv2_1",
        "features.9": "conv3_1",
    }


def test_alexnet_counts_convolutions() -> None:
    assert find_aliases(make_sequence("AlexNet", "Conv2d", "ReLU", "MaxPool2d", "Conv2d")) == {
        "features.0": "conv1",
        "features.3": "conv2",
    }


def test_squeezenet_counts_convolutions_and_fire_modules_together() -> None:
    kinds = make_sequence("SqueezeNet", "Conv2d", "ReLU", "MaxPool2d", "Fire", "Fire")
    kinds |= {"classifier": "Sequential", "classifier.0": "Dropout", "classifier.1": "Conv2d"}
    kinds["features.3.squeeze"] = "Conv2d"  # a part of a fire module is no layer of its own

    assert find_aliases(kinds) == {
        "features.0": "conv1",
        "features.3": "fire2",
        "features.4": "fire3",
        "classifier.1": "conv4",
    }


def test_the_first_and_the_last_block_of_a_mobilenet_are_stem_and_head() -> None:
    kinds = ("Conv2dNormActivation", "InvertedResidual", "InvertedResidual", "Conv2dNormActivation")

    assert list(find_aliases(make_sequence("MobileNetV2", *kinds)).values()) == ["stem", "block1", "block2", "head"]
    assert list(find_aliases(make_sequence("EfficientNet", *kinds)).values()) == ["stem", "stage1", "stage2", "head"]


def test_stages_of_swin_have_blocks_and_what_lies_between_shrinks_the_maps() -> None:
    kinds = make_sequence("SwinTransformer", "Sequential", "Sequential", "PatchMerging", "Sequential")
    kinds |= {"features.0.0": "Conv2d", "features.1.0": "SwinTransformerBlock", "features.1.1": "SwinTransformerBlock"}

    assert find_aliases(kinds) == {
        "features.0": "stem",
        "features.1": "stage1",
        "features.1.0": "stage1.0",
        "features.1.1": "stage1.1",
        "features.2": "downsample2",
        "features.3": "stage2",
    }


def test_googlenet_has_the_names_of_lucid() -> None:
    kinds = {"": "GoogLeNet", "conv1": "BasicConv2d", "inception4d": "Inception", "inception4d.branch1": "BasicConv2d"}

    assert find_aliases(kinds) == {"inception4d": "mixed4d"}


def test_an_alias_never_hides_a_module() -> None:
    kinds = {"": "GoogLeNet", "inception4d": "Inception", "mixed4d": "Conv2d", "inception4e": "Inception"}

    assert find_aliases(kinds) == {"inception4e": "mixed4e"}


def test_an_inception_v4_of_another_depth_has_no_aliases() -> None:
    assert find_aliases(make_sequence("InceptionV4", *["Inception"] * 22))["features.21"] == "mixed_7d"
    assert find_aliases(make_sequence("InceptionV4", *["Inception"] * 21)) == {}


def test_other_families_have_none() -> None:
    assert find_aliases(make_sequence("ResNet", "Conv2d")) == {}
    assert find_aliases({}) == {}
