from __future__ import annotations

import pytest

from precompute.contract.errors import InputError
from precompute.transfer.config import HeadConfig, TransferConfig


@pytest.mark.parametrize(
    ("kind", "fields", "found"),
    [
        (TransferConfig, {"pooling": "min"}, "Found min"),
        (TransferConfig, {"n_folds": 1}, "Found 1"),
        (HeadConfig, {"kind": "tree"}, "Found tree"),
        (HeadConfig, {"n_epochs": 0}, "--epochs is at least 1. Found 0"),
        (HeadConfig, {"learning_rate": float("nan")}, "--learning-rate"),
    ],
)
def test_impossible_settings_are_refused(kind: type, fields: dict[str, object], found: str) -> None:
    with pytest.raises(InputError, match=found):
        kind(**fields)


def test_the_suffix_names_what_is_not_usual() -> None:
    assert [HeadConfig(*each).suffix for each in (("linear", 0), ("mlp", 0), ("linear", 2), ("conv1x1", 1))] == [
        "", "+mlp", "+unfrozen2", "+conv1x1+unfrozen1"
    ]  # fmt: skip
    assert not HeadConfig().is_learned and HeadConfig("linear", 1).is_learned and HeadConfig("mlp").is_learned
