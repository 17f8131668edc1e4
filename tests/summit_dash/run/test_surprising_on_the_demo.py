"""The planted story is found: the hand that holds the carp, and that the trout lacks."""

from __future__ import annotations

from pathlib import Path

from precompute.demo.scenes import CLASSES, UNEXPECTED, Variation
from summit_dash.run.graphs import Channel
from summit_dash.run.store import RunStore
from summit_dash.run.surprising import SurprisingChannel, find_surprising
from tests.support.demo_parts import draw_class, find_strongest, record_greatest


def list_marks(run: Path, class_id: int) -> dict[Channel, SurprisingChannel]:
    return {each.channel: each for each in find_surprising(RunStore(run), class_id).channels}


def test_the_hand_is_found_in_the_carp_and_not_in_the_trout(demo_run: Path) -> None:
    carp, trout = (list_marks(demo_run, class_id) for class_id in (UNEXPECTED.class_id, UNEXPECTED.sibling_class_id))
    scenes = [
        draw_class(UNEXPECTED.class_id, Variation(exclude=exclude)) for exclude in ((), (UNEXPECTED.foreign_part,))
    ]
    using, without = (
        {layer: find_strongest(found) for layer, found in record_greatest(drawn).items()} for drawn in scenes
    )
    lost = {}
    for channel, mark in carp.items():
        used = using[channel.layer][:, channel.channel]
        use = mark.odd or (mark.foreign and mark.foreign.use)
        assert use and used.sum() == use.n_using
        lost[channel] = 1 - (used & without[channel.layer][:, channel.channel]).sum() / used.sum()
    hands = [channel for channel, share in lost.items() if share >= 0.7]
    assert len(hands) >= 5, lost
    assert next(iter(carp)) in hands, "the strongest of all is the hand"
    assert any(carp[channel].odd and carp[channel].foreign for channel in hands)
    assert not set(hands) & set(trout)


def test_most_channels_are_not_surprising(demo_run: Path) -> None:
    store = RunStore(demo_run)
    marks = {entry.class_id: list_marks(demo_run, entry.class_id) for entry in CLASSES}
    n_channels = sum(len(store.graph(class_id).nodes) for class_id in marks)
    assert sum(map(len, marks.values())) < n_channels / 3
