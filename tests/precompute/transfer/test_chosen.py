from __future__ import annotations

import pytest

from precompute.contract.errors import InputError
from precompute.transfer.chosen import list_cuts, require_cuts

MANIFEST = {"models": {"net": {"cuts": [{"name": "layer1"}, {"name": "layer2"}]}, "demo": {"cuts": [{"name": "stem"}]}}}


def test_cuts_are_named_by_model_and_layer() -> None:
    assert list_cuts(MANIFEST, []) == ["net@layer1", "net@layer2", "demo@stem"]


def test_only_cuts_that_exist_are_saved() -> None:
    known = list_cuts(MANIFEST, [])
    require_cuts(("advised", "demo@stem"), known)
    require_cuts((), known)
    with pytest.raises(InputError) as refused:
        require_cuts(("net@layer3",), known)
    assert "There is no net@layer3. Near it: net@layer" in refused.value.found
    assert refused.value.fix == "Take one of net@layer1, net@layer2, demo@stem."
