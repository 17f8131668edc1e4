"""The memory of values, counted by hand on the toy."""

from __future__ import annotations

from precompute.models.graph.memory import compute_bytes, estimate_bytes
from tests.support.toy_network import export_toy


def test_bytes_of_values_are_those_of_one_image() -> None:
    toy = export_toy()
    first, second = (layer.node for layer in toy.layers)
    assert compute_bytes(first) == 3 * 2 * 4 and compute_bytes(second) == 4 * 2 * 4
    assert compute_bytes(toy.model.input) == 3 * 2 * 4


def test_an_image_takes_all_values_and_twice_as_much_with_gradients() -> None:
    model = export_toy().model
    values = sum(compute_bytes(node) for node in model.graph.nodes if node.op != "get_attr")
    assert estimate_bytes(model, with_gradients=False) <= values
    assert estimate_bytes(model, with_gradients=True) == 2 * estimate_bytes(model, with_gradients=False) > 0
