"""Known families of torchvision: the layers that `--layers auto` chooses, the links between them, the pass over them.

Reading a large network takes seconds, so one export serves all tests of a family.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torchvision import models

from precompute.contract.errors import InputError
from precompute.models.graph.exported import ExportedModel
from precompute.models.interventions.intervention import check_links
from precompute.models.layers.selection import select_layers
from precompute.models.provenance.links import derive_links
from tests.support.cifar_resnet import build_resnet20
from tests.support.dispatches import count_dispatches

FAMILIES = {
    "alexnet": "conv1 conv2 conv3 conv4 conv5",
    "vgg11": "conv1_1 conv2_1 conv3_1 conv3_2 conv4_1 conv4_2 conv5_1 conv5_2",
    "googlenet": "conv1 conv2 conv3 mixed3a mixed3b mixed4a mixed4b mixed4c mixed4d mixed4e mixed5a mixed5b",
    "resnet18": "conv1 layer1.0 layer1.1 layer2.0 layer2.1 layer3.0 layer3.1 layer4.0 layer4.1",
    "resnet50": "conv1 layer1 layer2 layer3 layer4",
    "mobilenet_v2": "stem block1 block3 block6 block10 block13 block16 block17 head",
    "squeezenet1_1": "conv1 fire2 fire3 fire4 fire5 fire6 fire7 fire8 fire9 conv10",
    "densenet121": "conv0 denseblock1 transition1 denseblock2 transition2 denseblock3 transition3 denseblock4",
    "efficientnet_b0": "stem stage1 stage2 stage3 stage4 stage5 stage6 stage7 head",
    "shufflenet_v2_x0_5": "conv1 stage2 stage3 stage4 conv5",
    "convnext_tiny": "stem stage1 downsample2 stage2 downsample3 stage3 downsample4 stage4",
    "vit_b_32": "patch_embedding block0 block1 block2 block3 block4 block5 block6 block7 block8 block9 block10 block11",
    "swin_t": (
        "stem stage1.0 stage1.1 downsample2 stage2.0 stage2.1 downsample3 stage3.0 stage3.1 stage3.2 stage3.3 stage3.4 "
        "stage3.5 downsample4 stage4.0 stage4.1"
    ),
}
LARGE = ("vit_b_32", "swin_t")
"""Networks that take images of 224 x 224 px alone."""
LINKED = (
    "resnet18",
    "googlenet",
    "squeezenet1_1",
    "mobilenet_v3_small",
    "shufflenet_v2_x0_5",
    "regnet_y_400mf",
    "mnasnet0_5",
)
BATCHED = ("googlenet", "mobilenet_v3_small", "resnet18")


@pytest.fixture(scope="module")
def exported(request: pytest.FixtureRequest) -> Iterator[ExportedModel]:
    """The export of a family, for all tests that name it; pytest runs those one after the other."""
    name = request.param
    options = {"aux_logits": False, "init_weights": False} if name == "googlenet" else {}
    torch.manual_seed(0)
    side = 224 if name in LARGE else 64
    yield ExportedModel(models.get_model(name, weights=None, **options), (3, side, side))


@pytest.mark.parametrize(("exported", "names"), FAMILIES.items(), ids=FAMILIES, indirect=["exported"], scope="module")
def test_the_layers_of_known_families(exported: ExportedModel, names: str) -> None:
    assert [layer.name for layer in select_layers(exported)] == names.split()


@pytest.mark.parametrize("exported", ["googlenet"], indirect=True, scope="module")
def test_an_alias_and_a_module_path_name_the_same_layer(exported: ExportedModel) -> None:
    (by_alias,), (by_path,) = select_layers(exported, ["mixed4d"]), select_layers(exported, ["inception4d"])
    assert by_alias.node is by_path.node
    assert (by_alias.name, by_path.name) == ("mixed4d", "inception4d")
    assert (by_alias.n_channels, by_alias.height, by_alias.width) == (528, 4, 4)
    with pytest.raises(InputError, match="mixed4d and inception4d are the same value"):
        select_layers(exported, ["mixed4d", "inception4d"])
    with pytest.raises(InputError, match=r"There is no mixed4f\. Near it: mixed4"):
        select_layers(exported, ["mixed4f"])


@pytest.mark.parametrize("exported", ["vit_b_32"], indirect=True, scope="module")
def test_tokens_are_positions_and_the_class_token_is_none(exported: ExportedModel) -> None:
    layers = select_layers(exported)
    assert {(layer.n_channels, layer.height, layer.width) for layer in layers} == {(768, 7, 7)}


@pytest.mark.parametrize("exported", ["swin_t"], indirect=True, scope="module")
def test_channels_may_be_last(exported: ExportedModel) -> None:
    layers = {layer.name: layer for layer in select_layers(exported)}
    assert (layers["stage1.0"].n_channels, layers["stage1.0"].height) == (96, 56)
    assert (layers["downsample4"].n_channels, layers["downsample4"].height) == (768, 7)


@pytest.mark.parametrize("exported", LINKED, indirect=True, scope="module")
def test_interventions_on_known_families(exported: ExportedModel) -> None:
    layers = select_layers(exported)
    links = derive_links(exported, layers)
    assert [link.target.name for link in links] == [layer.name for layer in layers[1:]]
    assert [link.problem for link in links] == [None] * len(links)
    report = check_links(exported, links, n_channels=1)
    assert report.failures == ()
    assert report.n_links == len(layers) - 1


@pytest.mark.parametrize("exported", BATCHED, indirect=True, scope="module")
def test_the_operations_of_the_pass_do_not_depend_on_the_number_of_images(exported: ExportedModel) -> None:
    few, many = count_dispatches(exported, select_layers(exported), (1, 64))
    assert 0 < many <= 1.1 * few


def test_the_operations_of_resnet20_do_not_depend_on_the_number_of_images() -> None:
    exported = ExportedModel(build_resnet20(), (3, 32, 32))
    few, many = count_dispatches(exported, select_layers(exported), (1, 64))
    assert 0 < many <= 1.1 * few


def test_the_operations_of_a_dense_network_do_not_depend_on_the_number_of_images() -> None:
    """DenseNet121 has the same blocks, and takes half a minute."""
    module = models.DenseNet(growth_rate=16, block_config=(2, 3), num_init_features=32)
    exported = ExportedModel(module, (3, 64, 64))
    few, many = count_dispatches(exported, select_layers(exported), (1, 64))
    assert 0 < many <= 1.1 * few
