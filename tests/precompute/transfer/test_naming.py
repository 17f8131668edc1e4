from __future__ import annotations

import pytest

from precompute.contract.errors import InputError
from precompute.transfer.naming import name_models


def list_names(*models: str) -> list[str]:
    return [each.name for each in name_models(models)]


def test_models_are_named_after_their_library_their_file_or_by_the_user() -> None:
    assert list_names("torchvision:resnet18", "timm:convnext_atto", "demo", "nets/wide.py:build") == [
        "resnet18", "convnext_atto", "demo", "wide"
    ]  # fmt: skip
    assert list_names("mine=torchvision:resnet18", "torchvision:resnet18") == ["mine", "resnet18"]
    assert list_names("a/model.py:build", "b/model.py:build") == ["a-model", "b-model"]
    assert list_names("torchvision:resnet18", "timm:resnet18") == ["torchvision-resnet18", "timm-resnet18"]


def test_options_belong_to_a_model_by_its_name_or_source() -> None:
    first, second = name_models(
        ["one=a.py:build", "torchvision:resnet18"],
        ["one=w=1.pth", "torchvision:resnet18=best.pth"],
        ["one=in.toml"],
        ["layer1,layer2", "resnet18=layer4"],
    )
    assert (first.weights, first.preprocess, first.cuts) == ("w=1.pth", "in.toml", ("layer1", "layer2"))
    assert (second.weights, second.preprocess, second.cuts) == ("best.pth", None, ("layer4",))


def test_a_single_model_needs_no_name() -> None:
    (only,) = name_models(["a.py:build"], ["best.pth"], ["in.toml"], ["auto"])
    assert (only.weights, only.preprocess, only.cuts) == ("best.pth", "in.toml", None)


def test_what_cannot_be_assigned_is_refused() -> None:
    with pytest.raises(InputError, match="Found none"):
        name_models([])
    with pytest.raises(InputError, match="a name of its own"):
        name_models(["demo", "demo"])
    with pytest.raises(InputError, match=r"Found wide=x\.pth; the models are wise, demo\. Did you mean wise"):
        name_models(["wise=a.py:build", "demo"], ["wide=x.pth"])
    with pytest.raises(InputError, match="says which model it is for"):
        name_models(["wise=a.py:build", "demo"], ["x.pth"])
