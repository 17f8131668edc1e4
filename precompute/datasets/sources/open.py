"""Images by their name on the command line, opened by the kind of source that recognises it."""

from __future__ import annotations

from precompute.contract.errors import InputError
from precompute.datasets.images import ImageSource
from precompute.datasets.sources.kind import OpenRequest
from precompute.datasets.sources.registry import find_kind, list_file_forms, state_rule
from precompute.datasets.sources.suggestion import suggest_path

__all__ = ["open_images"]


def open_images(spec: str, limit_per_class: int | None = None, allow_outside: bool = False) -> ImageSource:
    """Opens an image source; reads names, labels and tar headers, decodes nothing.

    Args:
        spec: `demo`; a folder with one subfolder per class; a manifest .csv or .parquet; a .tar, a folder that holds
            .tar files and no subfolder, or a pattern of .tar files with `*`, `?`, `[...]`, `{a,b}` or `{0000..0009}`;
            a folder that `datasets.Dataset.save_to_disk` wrote.
        limit_per_class: greatest number of images of each class; the first ones are taken. None takes all. `demo`
            draws exactly this number, and its usual number for None.
        allow_outside: accept paths in a manifest that lead out of its folder.

    Raises:
        InputError: the limit is below 1; no kind of source recognises `spec`; the source is faulty or unreadable.
    """
    if limit_per_class is not None and limit_per_class < 1:
        raise InputError("A limit of images per class is at least 1.", f"Found {limit_per_class}.", "Raise it.")
    request = OpenRequest(spec, limit_per_class, allow_outside)
    try:
        kind = find_kind(request) if spec else None
        if kind is None:
            raise _build_unknown_error(request)
        return kind.open(request)
    except OSError as problem:
        raise InputError(state_rule(), f"{problem.filename}: {problem.strerror}.", "Make it readable.") from problem


def _build_unknown_error(request: OpenRequest) -> InputError:
    spec, path = request.spec, request.path
    if not spec or not path.exists():
        return InputError(state_rule(), f"{spec or 'An empty name'} does not exist.", suggest_path(path))
    return InputError(state_rule(), f"{spec} is a file of another kind.", f"Name {list_file_forms()}.")
