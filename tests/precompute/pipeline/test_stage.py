"""The context in which stages work."""

from __future__ import annotations

from pathlib import Path

from tests.support.run_contexts import build_context


def test_a_context_lists_layers_from_the_input_and_classes_in_their_order(tmp_path: Path) -> None:
    context = build_context(tmp_path)
    assert [n_channels for _, n_channels in context.layers] == [8, 12, 16]
    assert context.class_ids == [0, 1, 2]
    assert context.folder == tmp_path / "run"
    assert context.config is context.request.config
    assert all(entry == {"state": "pending", "seconds": None} for entry in context.manifest["stages"].values())
