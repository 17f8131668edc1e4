"""The judgement of influences: each kind of fault is counted."""

from __future__ import annotations

from pathlib import Path

from precompute.contract.schema import read_manifest
from precompute.import_summit.judgement import Faults, judge
from precompute.import_summit.published import Influence, PublishedGraph, PublishedNode, read_graph
from tests.support.published import import_folder


def test_every_kind_of_fault_is_counted(folder: Path) -> None:
    expected = Faults(
        n_nodes=6,
        n_edges=6,
        n_listed=10,
        n_listed_kept=4,
        n_listed_as_edges=2,
        n_listed_without_edge=1,
        n_nodes_listing_bottleneck=2,
        n_listed_bottleneck=4,
        n_bottleneck_fitting=4,
        n_bottleneck_coinciding=1,
        n_bottleneck_agreeing=0,
        n_listed_out_of_range=1,
        n_listed_contradicting=1,
        n_edges_composed=3,
        n_edges_repeating=2,
        n_edges_above_step=0,
    )
    graph = read_graph(270, folder / "data/ag/ag-270.json")
    assert judge(graph).faults == expected
    imported = read_manifest(import_folder(folder))["imported"]
    assert imported["classes"]["270"] == expected.to_dict()
    assert imported["classes"]["7"] == Faults(n_nodes=3, n_edges=2).to_dict()
    assert imported["faults"] == (expected + Faults(n_nodes=3, n_edges=2)).to_dict()


def test_influences_hold_the_edges_and_the_sound_entries_sorted_by_source() -> None:
    node = PublishedNode(1, 0, 9, 0.1, (Influence(7, 4),), (Influence(200, 6), Influence(3, 5), Influence(256, 2)))

    judged = judge(PublishedGraph(1, (node,)))

    assert judged.influences == {(1, 0): (Influence(3, 5), Influence(7, 4), Influence(200, 6))}
    assert judged.faults == Faults(n_nodes=1, n_edges=1, n_listed=3, n_listed_kept=2, n_listed_out_of_range=1), (
        "mixed3a has 256 channels, so that 256 is none of them"
    )


def test_the_first_layer_has_no_layer_before_it_to_list() -> None:
    judged = judge(PublishedGraph(1, (PublishedNode(0, 0, 9, 0.1, (), (Influence(0, 5),)),)))

    assert judged.influences == {(0, 0): ()}
    assert judged.faults == Faults(n_nodes=1, n_listed=1, n_listed_out_of_range=1)


def test_an_edge_keeps_its_count_against_a_contradicting_entry() -> None:
    node = PublishedNode(1, 479, 9, 0.1, (Influence(7, 4),), (Influence(7, 5),))

    judged = judge(PublishedGraph(1, (node,)))

    assert judged.influences == {(1, 479): (Influence(7, 4),)}
    assert judged.faults == Faults(n_nodes=1, n_edges=1, n_listed=1, n_listed_contradicting=1)


def test_entries_of_a_bottleneck_are_counted_against_its_width_and_its_edges() -> None:
    # The bottleneck before the 5x5 of mixed3b (channels 320 to 415) has 32 channels.
    listed = (Influence(31, 6), Influence(32, 5), Influence(7, 4))
    node = PublishedNode(1, 320, 9, 0.1, (Influence(7, 4), Influence(8, 7)), listed)

    judged = judge(PublishedGraph(1, (node,)))

    assert judged.influences == {(1, 320): (Influence(7, 4), Influence(8, 7))}
    assert judged.faults == Faults(
        n_nodes=1,
        n_edges=2,
        n_listed=3,
        n_nodes_listing_bottleneck=1,
        n_listed_bottleneck=3,
        n_bottleneck_fitting=2,
        n_bottleneck_coinciding=1,
        n_bottleneck_agreeing=1,
        n_edges_composed=2,
        n_edges_above_step=1,
    )


def test_equal_counts_repeat_within_one_branch_only() -> None:
    edge = (Influence(7, 4),)
    branches = {"3x3": (128, 319), "5x5": (320,), "1x1": (0, 1)}
    nodes = tuple(PublishedNode(1, c, 9, 0.1, edge, ()) for channels in branches.values() for c in channels)

    assert judge(PublishedGraph(1, nodes)).faults.n_edges_repeating == 2, "the two of 3x3"
