"""The route of the pictures and files that one visit alone sees. No browser keeps them on a disk."""

from __future__ import annotations

from flask import Flask, Response, abort

from summit_dash.live.shelf import FOLDER, KINDS
from summit_dash.live.visits import Visits

__all__ = ["register_visit_pictures"]


def register_visit_pictures(server: Flask, visits: Visits, prefix: str) -> None:
    """Adds `visit/<shelf>/<name>.png` and the like under the prefix."""

    @server.get(f"{prefix}{FOLDER}/<shelf>/<name>.<any({', '.join(KINDS)}):kind>")
    def send_visit_picture(shelf: str, name: str, kind: str) -> Response:
        visit = visits.find_by_shelf(shelf)
        content = visit.shelf.find(f"{name}.{kind}") if visit is not None else None
        if content is None:
            abort(404)
        response = Response(content, mimetype=KINDS[kind])
        response.headers["Cache-Control"] = "no-store"
        return response
