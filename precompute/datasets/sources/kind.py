"""The declaration of one kind of image source; each module of a kind exports one as `SOURCE`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from precompute.datasets.images import ImageSource

__all__ = ["ImageSourceKind", "OpenRequest"]


@dataclass(frozen=True)
class OpenRequest:
    """A user's request for a set of images.

    Attributes:
        spec: the images as named on the command line; not empty.
        limit_per_class: greatest number of images of each class; None takes all.
        allow_outside: accept paths in a manifest that lead out of its folder.
    """

    spec: str
    limit_per_class: int | None = None
    allow_outside: bool = False

    @property
    def path(self) -> Path:
        """The spec as a path, with `~` replaced by the home folder."""
        return Path(self.spec).expanduser()


@dataclass(frozen=True)
class ImageSourceKind:
    """One kind of image source.

    Attributes:
        key: a short name, different for every kind.
        rank: order in messages, most usual kind first. Kinds are recognised in the reverse order, so that a special
            form of a folder comes before a plain one.
        usage: a phrase that names the kind in messages.
        file_forms: phrases for the files or folders that a user may name instead of a file of no known kind.
        recognises: decides from the name, and from the files under it, if a request is for this kind.
        open: opens a request that the kind recognises.
    """

    key: str
    rank: int
    usage: str
    recognises: Callable[[OpenRequest], bool]
    open: Callable[[OpenRequest], ImageSource]
    file_forms: tuple[str, ...] = ()
