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


def test_pictures_go_with_what_was_looked_at_when_they_were_shown() -> None:
    shelf = Shelf()

    def show(subject: str, *contents: bytes) -> list[str]:
        shelf.turn_to(subject)
        return [shelf.put(content).rpartition("/")[2] for content in contents]

    first, strip = show("first", b"map of the first", b"strip")
    (second,) = show("second", b"map of the second")
    third, _ = show("third", b"map of the third", b"strip")
    shelf.keep_only(["first", "second"])
    assert all(map(shelf.find, (first, second, third, strip)))
    shelf.keep_only(["second"])
    assert [shelf.find(name) is not None for name in (first, second, third, strip)] == [False, True, True, True]
    shelf.keep_only([])
    assert [shelf.find(name) is not None for name in (second, third, strip)] == [False, True, True]
