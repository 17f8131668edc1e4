"""The report of an import: a sentence for every gap and every fault, and none without cause."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from precompute.import_summit.judgement import Faults, judge
from precompute.import_summit.metadata import ClassFacts
from precompute.import_summit.pictures import Pictures
from precompute.import_summit.published import PublishedGraph, PublishedNode
from precompute.import_summit.report import list_faults, list_gaps, print_import
from precompute.import_summit.tables import ImportedClass

NO_PICTURES = Pictures({}, (), ())


def build_class(name: str = "cock") -> ImportedClass:
    """Builds class 7 with one node of 9 images and without facts."""
    graph = PublishedGraph(7, (PublishedNode(0, 5, 9, 0.1, (), ()),))
    return ImportedClass(graph, judge(graph), name, None, None, 9, ClassFacts())


def list_class_gaps(known: ImportedClass, n_told: int) -> str:
    """Lists the gaps of one class as one text."""
    return " ".join(list_gaps([known], NO_PICTURES, {"imagenet.json": n_told}, "umap"))


def test_without_imagenet_json_its_facts_are_missing() -> None:
    found = list_class_gaps(build_class("class 7"), 0)

    assert "Names: none for 1 of 1 classes; --labels FILE.csv gives them." in found
    assert "imagenet.json is not there: accuracies, histograms and numbers of images are not told." in found
    assert "Number of images: not told for 1 of 1 classes" in found
    assert "by UMAP" in found and "Accuracies (top-1)" not in found
    assert "Pictures: none; feature-vis is not there or empty." in found


def test_a_whole_class_has_no_gap_of_its_own() -> None:
    histogram = [9, *[0] * 19]
    facts = ClassFacts(n_images=9, top1_accuracy=0.5, probability_histogram=histogram, counts={"mixed3a": {5: 9}})

    found = list_class_gaps(build_class()._replace(facts=facts), 1)

    for title in ("Names:", "Number of images", "Accuracies (top-1)", "Probability histograms", "differ between"):
        assert title not in found


def test_a_count_that_differs_and_a_number_of_images_that_is_too_small_are_said() -> None:
    facts = ClassFacts(n_images=8, counts={"mixed3a": {5: 8}})

    found = list_class_gaps(build_class()._replace(facts=facts), 1)

    assert "Activation counts: 1 differ between imagenet.json and a graph, whose count is taken." in found
    assert "Number of images: for 1 class imagenet.json tells fewer than a count of the graph" in found


@pytest.mark.parametrize(("embedding", "word"), [("summit", "Summit's own"), ("pca", "pip install umap-learn")])
def test_the_embedding_is_named(embedding: str, word: str) -> None:
    assert word in " ".join(list_gaps([build_class()], NO_PICTURES, {"imagenet.json": 0}, embedding))


def test_a_sound_graph_has_no_faults_to_list() -> None:
    assert list(list_faults(Faults(n_nodes=4, n_edges=3).to_dict())) == []


@pytest.mark.parametrize(
    ("faults", "start"),
    [
        (Faults(n_listed=3, n_listed_bottleneck=2), "2 of 3 attr_channels, of 0 of 0 nodes, left out"),
        (Faults(n_listed_contradicting=1), "1 attr_channels left out: the edge has another count"),
        (Faults(n_listed_out_of_range=1200), "1,200 attr_channels left out: no channels of the layer before"),
        (Faults(n_listed_kept=5), "5 attr_channels kept as influences"),
        (Faults(n_edges=4, n_edges_composed=3), "3 of 4 edges, to 3x3 and 5x5 branches"),
    ],
)
def test_each_kind_of_fault_has_its_sentence(faults: Faults, start: str) -> None:
    (sentence,) = list_faults(faults.to_dict())

    assert sentence.startswith(start)


@pytest.mark.parametrize(("n_classes", "has_table"), [(50, True), (51, False)])
def test_the_table_of_classes_is_printed_for_few_classes(n_classes: int, has_table: bool) -> None:
    pictures = {
        "n_files": 7,
        "unreadable": {"a.jpg": "is empty"},
        "missing": {"channel": [f"mixed3a-{i}" for i in range(7)]},
    }
    imported = {
        "faults": Faults(n_nodes=n_classes).to_dict(),
        "classes": {str(i): Faults(n_nodes=1).to_dict() for i in range(n_classes)},
        "gaps": ["Names: none."],
        "pictures": pictures,
        "other_files": [],
        "other_folders": ["dataset-n"],
    }
    out = io.StringIO()

    print_import({"imported": imported}, Path("run"), Console(file=out, width=200))

    printed = out.getvalue()
    assert f"{n_classes} classes, {n_classes} nodes and 0 edges" in printed
    assert ("composed" in printed) == has_table
    assert "6 of 7 encoded." in printed and "1 could not be read: a.jpg: is empty." in printed
    assert "mixed3a-0, mixed3a-1, mixed3a-2, mixed3a-3, mixed3a-4, and 2 more." in printed
    assert "Folders passed over: dataset-n." in printed and "not of the published names" not in printed
