"""Pictures of a visit: one address for one content, and nothing is kept after they are forgotten."""

from __future__ import annotations

from summit_dash.live.shelf import FOLDER, Shelf


def test_a_picture_has_one_address_until_it_is_forgotten() -> None:
    shelf, other = Shelf(), Shelf()
    address = shelf.put(b"one", "jpeg")
    folder, name, last = address.split("/")
    assert (folder, name) == (FOLDER, shelf.name) and last.endswith(".jpeg")
    assert shelf.put(b"one", "jpeg") == address != shelf.put(b"two", "jpeg")
    assert shelf.find(last) == b"one" and other.find(last) is None and other.name != shelf.name
    shelf.clear()
    assert shelf.find(last) is None


def test_the_pictures_shown_longest_ago_make_room() -> None:
    shelf = Shelf(most=10)
    names = [shelf.put(content).rpartition("/")[2] for content in (b"aaaa", b"bbbb", b"cccc", b"far too large")]
    assert [shelf.find(name) for name in names] == [None, b"bbbb", b"cccc", None]
