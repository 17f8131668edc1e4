"""Links between recorded layers of small networks; `test_known_families` has those of large ones."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from precompute.models.interventions.intervention import check_links
from tests.support.between_layers import link_layers, make_conv

ALL = 1_000  # channels to intervene on: every one


def test_a_layer_fed_by_two_has_both_as_sources() -> None:
    class Skipping(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second, self.third = make_conv(3, 4), make_conv(4, 4), make_conv(8, 4)
            self.head = nn.Linear(4, 2)

        def forward(self, x: Tensor) -> Tensor:
            first = torch.relu(self.first(x))
            second = torch.relu(self.second(first))
            return self.head(torch.relu(self.third(torch.cat([first, second], 1))).mean((2, 3)))

    exported, links = link_layers(Skipping(), ["first", "second", "third"])
    assert [[source.name for source in link.sources] for link in links] == [["first"], ["first", "second"]]
    assert check_links(exported, links, ALL).failures == ()


def test_layers_that_the_image_alone_feeds_have_no_link() -> None:
    class Parallel(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second, self.third = make_conv(3, 4), make_conv(3, 4), make_conv(4, 4)
            self.head = nn.Linear(4, 2)

        def forward(self, x: Tensor) -> Tensor:
            value = torch.relu(self.first(x)) + torch.relu(self.second(x))
            return self.head(torch.relu(self.third(value)).mean((2, 3)))

    _, links = link_layers(Parallel(), ["first", "second", "third"])

    (link,) = links
    assert link.target.name == "third"
    assert [source.name for source in link.sources] == ["first", "second"]


def test_a_link_that_cannot_be_traced_has_its_sources_in_order() -> None:
    class Normed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second, self.third = make_conv(3, 4), make_conv(4, 4), nn.GroupNorm(2, 4)
            self.head = nn.Linear(4, 2)

        def forward(self, x: Tensor) -> Tensor:
            first = torch.relu(self.first(x))
            return self.head(self.third(torch.relu(self.second(first)) + first).mean((2, 3)))

    _, links = link_layers(Normed(), ["first", "second", "third"])

    assert [(link.channels is None, link.problem is None) for link in links] == [(False, True), (True, False)]
    assert [source.name for source in links[1].sources] == ["first", "second"]
