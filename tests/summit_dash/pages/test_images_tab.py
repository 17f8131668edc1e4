"""Parts that the tabs of the page of images share."""

from __future__ import annotations

from summit_dash.pages.images_tab import build_layers, locate_picture
from summit_dash.run.store import RunStore


def test_the_address_of_a_picture_changes_with_the_run_and_needs_no_prefix(store: RunStore) -> None:
    layer = next(iter(store.layers))
    address = locate_picture(store, layer, 0)
    assert address is not None and address.startswith("run/") and address.endswith(f"v={store.version}")


def test_layers_without_positions_or_with_too_many_are_no_choice(store: RunStore) -> None:
    names = list(store.layers)
    whole, coarse = str(build_layers(store, names[0])), str(build_layers(store, names[0], 200))
    assert names[0] in whole and names[0] not in coarse and names[-1] in coarse
