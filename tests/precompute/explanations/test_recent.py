"""Passes that methods share: computed once for an image while it is open, and never for batches."""

from __future__ import annotations

import torch

from precompute.explanations.recent import Recent


def test_a_pass_of_the_same_image_is_computed_once_while_it_is_open() -> None:
    calls: list[str] = []

    def compute(name: str) -> str:
        calls.append(name)
        return name

    recent = Recent(n_kept=2)
    one, same, other = torch.zeros(1, 3), torch.zeros(1, 3), torch.ones(1, 3)
    for _ in range(2):
        assert recent.compute("logits", one, lambda: compute("closed")) == "closed"
    with recent:
        assert recent.compute("logits", one, lambda: compute("a")) == "a"
        assert recent.compute("logits", same, lambda: compute("b")) == "a"
        assert recent.compute("layer", one, lambda: compute("c")) == "c"
        assert recent.compute("logits", other, lambda: compute("d")) == "d"
        assert recent.compute("logits", one, lambda: compute("e")) == "a"
        assert recent.compute("logits", one.double(), lambda: compute("f")) == "f"
        assert recent.compute("logits", one, lambda: compute("g")) == "g"
        batch = torch.zeros(2, 3)
        assert [recent.compute("logits", batch, lambda: compute("h")) for _ in range(2)] == ["h", "h"]
    assert recent.compute("logits", one, lambda: compute("i")) == "i"
    assert calls == ["closed", "closed", "a", "c", "d", "f", "g", "h", "h", "i"]


def test_an_image_that_is_changed_in_place_is_another_one() -> None:
    image = torch.zeros(1, 3)
    with Recent() as recent:
        recent.compute("sum", image, lambda: float(image.sum()))
        image += 1
        assert recent.compute("sum", image, lambda: float(image.sum())) == 3


def test_the_passes_of_an_image_stay_until_another_one_is_kept() -> None:
    recent, one, other = Recent(), torch.zeros(1, 3), torch.ones(1, 3)
    calls: list[str] = []

    def ask(image: torch.Tensor, name: str) -> str:
        with recent.keep(image):
            return recent.compute("logits", image, lambda: calls.append(name) or name)  # type: ignore[func-returns-value]

    assert [ask(one, "a"), ask(one.clone(), "b")] == ["a", "a"]
    assert not recent.keeps(one) and recent.find("logits", one) is None
    with recent.keep(one):
        assert recent.find("logits", one) == "a" and recent.find("logits", other) is None
        assert ask(other, "c") == "c"  # a question in the middle of another one
        assert recent.find("logits", one) == "a"
    assert ask(one, "d") == "a"
    assert [ask(other, "e"), ask(one, "f")] == ["e", "f"]
    assert calls == ["a", "c", "e", "f"]
