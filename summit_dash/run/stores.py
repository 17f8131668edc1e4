"""The runs of a dashboard, and beside them the transfer results. Those that are used are open."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from precompute.contract.errors import InputError
from precompute.contract.schema import MANIFEST
from precompute.contract.transfer_tables import is_transfer
from summit_dash.run.memory import give_back_memory
from summit_dash.run.names import name_runs, split_name
from summit_dash.run.places import Entry, Place, find_inside, is_whole
from summit_dash.run.store import RunStore
from summit_dash.run.transfer_store import TransferStore

__all__ = ["MOST_OPEN", "Entry", "Place", "Stores", "open_runs"]

MOST_OPEN = 8
"""Runs that are open at once, unless the settings say another number."""
_PAUSE = 1.0
"""Seconds between two looks at the watched folders."""


def open_runs(texts: Iterable[str]) -> list[Place]:
    """Finds runs and transfer results, each given as a folder or as `NAME=FOLDER`. A run is opened when it is used.

    Of a folder that is neither, those inside it are found.

    Raises:
        InputError: a folder is no run, no result and holds none, or tables are missing.
    """
    return [place for text in texts for place in _find(*split_name(text))]


def _find(folder: Path, name: str | None) -> list[Place]:
    inside = [] if is_transfer(folder) or (folder / MANIFEST).is_file() else find_inside(folder)
    if not inside:
        return [Place(folder, name)]
    found: list[Place] = []
    refused: list[InputError] = []
    for each in inside:
        try:
            found.append(Place(each))
        except InputError as problem:  # one that is being made does not hide the others
            refused.append(problem)
    if not found:
        raise refused[0]
    return found


class _Named:
    """A run that keeps its name while others get theirs."""

    def __init__(self, name: str, place: Place) -> None:
        self.given_name: str | None = name
        self.path = place.path
        self.model_name, self.dataset_name = place.model_name, place.dataset_name


class Stores(Mapping[str, RunStore]):
    """The runs by name (`name_runs`), in the order given, then those of watched folders. The first one is the default.

    Several threads may use this at once.

    Args:
        stores: runs and transfer results, open ones or places.
        watch: folders whose runs and results come and go while they are served.
        most_open: runs that are open at once; the one that was not used for longest is closed. Those that were handed
            over open stay so.
        now: the clock, in seconds.

    Raises:
        ValueError: there is neither a run nor a result, and no folder is watched.
    """

    def __init__(
        self,
        stores: Iterable[Entry | Place],
        watch: Iterable[Path] = (),
        most_open: int = MOST_OPEN,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._watched = tuple(watch)
        given = [each if isinstance(each, Place) else Place(each.path, opened=each) for each in stores]
        if not given and not self._watched:
            raise ValueError("The dashboard needs at least one run.")
        self._now, self._looked_at = now, float("-inf")
        self._lock = threading.RLock()
        self._places: dict[str, Place] = {}
        self._used: OrderedDict[str, Place] = OrderedDict()
        self._most_open = max(1, most_open)
        self._warming, self._is_warming = threading.Lock(), False
        self._add(given)
        self._look()

    # --- what is there ----------------------------------------------------------------------------------------------

    def __getitem__(self, name: str) -> RunStore:
        """Returns a run, with its newest pictures. One whose folder is gone is returned as it was."""
        entry = self.find(name)
        if not isinstance(entry, RunStore):
            raise KeyError(name)
        return entry

    def __iter__(self) -> Iterator[str]:
        return iter([name for name, place in list(self._places.items()) if place.kind == "run"])

    def __len__(self) -> int:
        return sum(place.kind == "run" for place in list(self._places.values()))

    def __contains__(self, name: object) -> bool:
        place = self._places.get(str(name))
        return place is not None and place.kind == "run"

    @property
    def results(self) -> Mapping[str, TransferStore]:
        """The transfer results by name; no run has one of these names."""
        found = {name: self.find(name) for name, place in list(self._places.items()) if place.kind == "transfer"}
        return {name: each for name, each in found.items() if isinstance(each, TransferStore)}

    def find(self, name: str) -> Entry | None:
        """Returns the run or the result of a name, as it is on disk now; None where there is none.

        Raises:
            InputError: it is being written at this moment, or it cannot be opened.
        """
        place = self._places.get(name)
        if place is None or (place.is_watched and not place.is_there):
            self._look(is_urgent=place is not None)
            place = self._places.get(name)
        if place is None:
            return None
        was_open = place.is_open
        entry = place.open()
        if not place.is_kept:
            self._note_use(name, place)
        if not was_open and self._is_warming and isinstance(entry, RunStore):
            threading.Thread(target=self._warm, args=(place, entry), daemon=True).start()
        return entry

    @property
    def entries(self) -> Sequence[Place]:
        """The runs, then the results, as the page lists them. None is opened for that."""
        self._look()
        return sorted(self._places.values(), key=lambda place: place.kind != "run")

    def _note_use(self, name: str, place: Place) -> None:
        with self._lock:
            self._used[name] = place
            self._used.move_to_end(name)
            while len(self._used) > self._most_open:
                self._used.popitem(last=False)[1].close()

    # --- watched folders --------------------------------------------------------------------------------------------

    def _look(self, is_urgent: bool = False) -> None:
        """Looks for runs that came or went in the watched folders, at most once a second if nobody waits."""
        with self._lock:
            if not self._watched or (self._now() - self._looked_at < _PAUSE and not is_urgent):
                return
            self._looked_at = self._now()
            with contextlib.suppress(OSError):  # a folder that goes while it is read is looked at again
                found = [each.resolve() for root in self._watched for each in find_inside(root) if is_whole(each)]
                gone = [n for n, each in self._places.items() if each.is_watched and each.path not in found]
                self._places = {name: each for name, each in self._places.items() if name not in gone}
                for name in gone:
                    self._used.pop(name, None)
                known = {place.path for place in self._places.values()}
                self._add(list(_find_new([each for each in found if each not in known])))

    def _add(self, places: Sequence[Place]) -> None:
        """Names runs and results and adds them; those that are there keep their names."""
        before = [_Named(n, each) for n, each in self._places.items()]
        names = name_runs([*before, *places])[len(before) :]
        for place, name in zip(places, names, strict=True):
            place.name = name
        added = {place.name: place for place in places}
        order = sorted({**self._places, **added}.values(), key=lambda each: (each.is_watched, _sort_key(each)))
        self._places = {place.name: place for place in order}

    # --- what is read ahead -----------------------------------------------------------------------------------------

    def warm(self) -> None:
        """Reads what every visitor needs of the first run, so that nobody waits; of others when they are opened."""
        self._is_warming = True
        for name in list(self)[:1]:
            with contextlib.suppress(InputError, OSError, KeyError):
                self._warm(self._places[name], self[name])

    def _warm(self, place: Place, store: RunStore) -> None:
        with self._warming:  # one at a time: this takes the processor from those who look at pages
            if place.is_open:
                with contextlib.suppress(InputError, OSError):
                    store.warm()
                    give_back_memory()


def _sort_key(place: Place) -> str:
    return str(place.path) if place.is_watched else ""


def _find_new(folders: Iterable[Path]) -> Iterator[Place]:
    for folder in folders:
        with contextlib.suppress(InputError, OSError):  # one that is being made is looked at again
            place = Place(folder)
            place.is_watched = True
            yield place
