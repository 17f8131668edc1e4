"""A slow search for the strongest ways up: every way is walked."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from summit_dash.run.graphs import Channel

__all__ = ["find_strongest_counts"]


def find_strongest_counts(
    drawn: Collection[Channel], start: Channel, influences: Mapping[tuple[Channel, Channel], int]
) -> int:
    """Returns the greatest least count of all ways from a start to another channel of the graph; 0 without a way."""
    return max(_list_counts(drawn, start, influences), default=0)


def _list_counts(
    drawn: Collection[Channel], start: Channel, influences: Mapping[tuple[Channel, Channel], int]
) -> Iterator[int]:
    for (source, target), count in influences.items():
        if source != start:
            continue
        if target in drawn:
            yield count
        else:
            yield from (min(count, rest) for rest in _list_counts(drawn, target, influences))
