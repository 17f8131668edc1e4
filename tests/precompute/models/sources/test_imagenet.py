"""The synsets of ImageNet, which name the outputs of published models."""

from __future__ import annotations

import builtins
from typing import Any

import pytest

from precompute.models.sources.imagenet import read_imagenet_synsets


def test_the_synsets_are_in_the_order_of_the_outputs() -> None:
    synsets = read_imagenet_synsets()

    assert synsets is not None and len(set(synsets)) == 1000
    assert synsets[0] == "n01440764"  # tench
    assert synsets[207] == "n02099601"  # golden retriever
    assert synsets[999] == "n15075141"  # toilet tissue


def test_there_are_none_without_timm(monkeypatch: pytest.MonkeyPatch) -> None:
    import_module = builtins.__import__

    def refuse_timm(name: str, *arguments: Any, **options: Any) -> Any:
        if name.partition(".")[0] == "timm":
            raise ImportError(name)
        return import_module(name, *arguments, **options)

    read_imagenet_synsets.cache_clear()
    monkeypatch.setattr(builtins, "__import__", refuse_timm)
    try:
        assert read_imagenet_synsets() is None
    finally:
        read_imagenet_synsets.cache_clear()
