"""The proofs of classes, read from the tables."""

from __future__ import annotations

import pytest

from precompute.contract.errors import InputError
from summit_dash.run.proofs import Measured, read_class_rows, read_edges, read_proofs, require_proofs
from summit_dash.run.store import RunStore


def test_a_proof_is_of_as_many_channels_as_the_graph_has(proven_store: RunStore) -> None:
    proofs = read_proofs(proven_store)
    assert set(proofs) == {0, 1} and set(proofs[0]) == {"pagerank", "effect"}
    proof = proofs[0]["pagerank"]
    assert proof.n_channels == len(proven_store.graph(0).nodes) and proof.n_images == 20
    assert proof.remove == pytest.approx(Measured(0.2, 0.1, 0.3), abs=1e-6)
    assert proof.necessity == pytest.approx(0.6, abs=1e-6) and proof.sufficiency == pytest.approx(0.1, abs=1e-6)


def test_what_was_not_measured_is_unknown(proven_store: RunStore) -> None:
    proof = read_proofs(proven_store)[0]["pagerank"]._replace(remove=None, keep=None)
    assert proof.necessity is None and proof.sufficiency is None


def test_a_run_without_proofs_says_how_to_make_them(store: RunStore) -> None:
    assert read_proofs(store) == {} and read_edges(store) == []
    with pytest.raises(InputError, match="summit-dash faithfulness synthetic"):
        require_proofs(store)


def test_rows_of_a_class_and_edges_are_those_of_the_tables(proven_store: RunStore) -> None:
    assert {row["class_id"] for row in read_class_rows(proven_store, 1)} == {1}
    assert [row["class_id"] for row in read_edges(proven_store)] == [0, 1]
