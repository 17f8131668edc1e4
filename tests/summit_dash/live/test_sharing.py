from __future__ import annotations

import pickle

from summit_dash.live.sharing import share_memory


def test_a_file_that_was_reported_is_held_once_and_names_are_the_same_in_all_answers() -> None:
    answer = {"picture": b"a file", "grey": b"another", "names": ["black bear", "brown bear"], "size": (2, 3)}
    part = pickle.loads(pickle.dumps(answer["picture"]))
    first, second = (share_memory(pickle.loads(pickle.dumps(answer)), (part, 1)) for _ in range(2))
    assert first == second == answer
    assert first["picture"] is part
    assert all(one is other for one, other in zip(first["names"], second["names"], strict=True))


def test_what_is_no_mapping_stays_as_it_is() -> None:
    found = ["a", "b"]
    assert share_memory(found, ()) is found
    assert share_memory({"mixed": ["a", 1]}, ()) == {"mixed": ["a", 1]}
