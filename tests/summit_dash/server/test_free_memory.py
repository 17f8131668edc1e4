from __future__ import annotations

from flask import Flask

from summit_dash.server.free_memory import register_free_memory


def test_memory_goes_back_after_every_so_many_answers_also_those_that_say_no() -> None:
    server, given = Flask("some"), []
    register_free_memory(server, lambda: given.append(1), every=3)
    client = server.test_client()
    counts = []
    for _ in range(7):
        assert client.get("/nothing").status_code == 404
        counts.append(len(given))
    assert counts == [0, 0, 1, 1, 1, 2, 2]
