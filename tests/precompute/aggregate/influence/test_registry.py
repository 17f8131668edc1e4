"""The registry of measures: the choice for every link, and a new measure as one file and its glossary line."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest
import torch
from torch import Tensor, nn

from precompute.aggregate.config import AggregateConfig
from precompute.aggregate.influence import measures
from precompute.aggregate.influence.registry import choose_measures, find_measures
from precompute.contract.errors import InputError
from precompute.contract.glossary import INFLUENCE_MEASURES, Term
from precompute.models.graph.exported import ExportedModel
from precompute.models.layers.selection import select_layers
from precompute.models.provenance.links import derive_links
from tests.support.toy_network import ExportedToy, export_toy, list_counts

FIRST_SOURCE = """
    import torch

    from precompute.aggregate.influence.link_measure import InfluenceMeasure
    from precompute.aggregate.influence.pairs import PairInfluence


    class Activation(PairInfluence):
        n_targets = 4

        def __init__(self, link):
            self.link = link

        @property
        def n_sources(self):
            return sum(source.n_channels for source in self.link.sources)

        def __call__(self, values):
            greatest = torch.cat([values.find_extremes(source.node)[0] for source in self.link.sources], 1)
            return greatest[:, None].expand(-1, self.n_targets, -1).clamp_min(0)


    class Measure:
        name, reason = "loudest", None

        def __init__(self, link):
            self.link, self.counted = link, [Activation(link)]
            self.nodes = {link.target.node, *(source.node for source in link.sources)}

        def compose_link(self, sums, n_images):
            return sums[0]


    MEASURE = InfluenceMeasure(
        "loudest", lambda link: link.target.n_channels == 4, lambda model, link, config: Measure(link), in_auto=RANK
    )
"""
"""A measure by which the most active source counts, whatever the target; for layers of four channels."""


@pytest.fixture
def add_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], None]]:
    """A function that puts a module into the folder of measures, and a glossary that knows `loudest`."""
    added: list[str] = []
    monkeypatch.setattr(measures, "__path__", [*measures.__path__, str(tmp_path)])
    monkeypatch.setitem(INFLUENCE_MEASURES, "loudest", Term("the most active source", "this test", "by activity"))  # type: ignore[arg-type]

    def add(name: str, text: str) -> None:
        (tmp_path / f"{name}.py").write_text(dedent(text))
        added.append(name)

    yield add
    for name in added:
        sys.modules.pop(f"{measures.__name__}.{name}", None)
        vars(measures).pop(name, None)


@pytest.fixture(scope="module")
def toy() -> ExportedToy:
    return export_toy()


def test_measures_are_listed_by_name() -> None:
    assert list(find_measures()) == sorted(INFLUENCE_MEASURES)
    assert {"gradient", "summit", "traced"} <= set(find_measures())


def test_a_new_measure_is_one_file_and_its_glossary_line(toy: ExportedToy, add_file: Callable[..., None]) -> None:
    add_file("loudest", FIRST_SOURCE.replace("RANK", "None"))
    assert list(find_measures()) == sorted(INFLUENCE_MEASURES)
    assert "loudest" in find_measures()
    config = AggregateConfig(influence="loudest", top_k=1)
    assert toy.choose_measure(config).name == "loudest"
    ((sums,),) = toy.accumulate(config).build_pair_sums()
    # The activations of `first` are (1, 4, 2) in the one image and (5, 0, 1) in the other.
    assert list_counts(sums) == {(target, source): 1 for target in range(4) for source in (0, 1)}
    assert sums.influence_sum.tolist() == [5.0, 4.0] * 4
    assert toy.choose_measure(AggregateConfig()).name == "traced", "auto never takes a measure without a rank"


def test_auto_tries_measures_by_their_rank(toy: ExportedToy, add_file: Callable[..., None]) -> None:
    add_file("loudest", FIRST_SOURCE.replace("RANK", "-1"))
    assert toy.choose_measure(AggregateConfig()).name == "loudest"
    narrow = replace(toy.link, target=replace(toy.link.target, n_channels=3))
    (measure,) = choose_measures(toy.model, [narrow], AggregateConfig())
    assert measure.name == "traced", "the first one that applies"


def test_a_measure_that_does_not_apply_is_refused_by_name(toy: ExportedToy, add_file: Callable[..., None]) -> None:
    add_file("loudest", FIRST_SOURCE.replace("RANK", "None"))
    narrow = replace(toy.link, target=replace(toy.link.target, n_channels=3))
    with pytest.raises(InputError, match=r"The measure loudest applies to .* not apply to layer second"):
        choose_measures(toy.model, [narrow], AggregateConfig(influence="loudest"))


def test_a_measure_that_is_not_there_is_refused_with_the_choices(toy: ExportedToy) -> None:
    with pytest.raises(InputError, match=rf"one of auto, {', '.join(sorted(INFLUENCE_MEASURES))}\. Found loudest"):
        toy.choose_measure(AggregateConfig(influence="loudest"))


def test_a_measure_without_a_glossary_line_is_a_developers_error(
    add_file: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    add_file("loudest", FIRST_SOURCE.replace("RANK", "None"))
    monkeypatch.delitem(INFLUENCE_MEASURES, "loudest")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"'loudest', which has no line in precompute\.contract\.glossary"):
        find_measures()


def test_a_module_without_a_measure_is_a_developers_error(add_file: Callable[..., None]) -> None:
    add_file("empty", "MEASURE = 'traced'")
    with pytest.raises(TypeError, match=r"measures\.empty exports no MEASURE"):
        find_measures()


def test_two_measures_of_one_name_are_a_developers_error(add_file: Callable[..., None]) -> None:
    add_file("zebra", "from precompute.aggregate.influence.measures.gradient import MEASURE")
    with pytest.raises(ValueError, match=r"measures\.zebra defines the measure 'gradient', which another module"):
        find_measures()


# --- links that cannot be traced ------------------------------------------------------------------------------------


class Normed(nn.Module):
    """Three layers: a norm over channels is between the first two, a depthwise convolution between the others."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
        self.norm = nn.GroupNorm(1, 4)
        self.second = nn.Sequential(nn.Conv2d(4, 4, 1), nn.ReLU())
        self.third = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1, groups=4), nn.ReLU())
        self.head = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.third(self.second(self.norm(self.first(x)))).mean((2, 3)))


@pytest.fixture(scope="module")
def normed() -> ExportedModel:
    torch.manual_seed(0)
    return ExportedModel(Normed().eval(), (3, 6, 6))


def test_auto_takes_gradients_only_where_nothing_can_be_traced(normed: ExportedModel) -> None:
    links = derive_links(normed, select_layers(normed, ["first", "second", "third"]))
    chosen = choose_measures(normed, links, AggregateConfig())
    assert [measure.name for measure in chosen] == ["gradient", "traced"]
    assert [measure.link for measure in chosen] == list(links)
    assert chosen[0].reason == "norm (GroupNorm) calls group_norm, which mixes channels otherwise."
    assert chosen[1].reason is None
    by_gradient = choose_measures(normed, links, AggregateConfig(influence="gradient"))
    assert [measure.name for measure in by_gradient] == ["gradient", "gradient"]
    assert [measure.reason for measure in by_gradient] == [chosen[0].reason, None]


@pytest.mark.parametrize("influence", ["traced", "summit"])
def test_a_link_that_cannot_be_traced_is_refused_by_the_module_in_the_way(
    normed: ExportedModel, influence: str
) -> None:
    links = derive_links(normed, select_layers(normed, ["first", "second"]))
    with pytest.raises(InputError, match=r"norm \(GroupNorm\) calls group_norm"):
        choose_measures(normed, links, AggregateConfig(influence=influence))
