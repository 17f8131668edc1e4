"""Headers by which a browser protects the page: what it may load and run, and who may show it."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Flask, Response

__all__ = ["build_headers", "register_headers"]

_POLICY = (
    ("default-src", "'none'"),
    # Dash's components, Plotly and Cytoscape write style sheets of their own into the page: they cannot be listed.
    ("style-src", "'self' 'unsafe-inline'"),
    ("img-src", "'self' data: blob:"),
    ("font-src", "'self'"),
    ("connect-src", "'self'"),
    ("base-uri", "'none'"),
    ("form-action", "'self'"),
)
_REFUSED = (
    "accelerometer",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "usb",
)
_FRAME_OPTIONS = {"'none'": "DENY", "'self'": "SAMEORIGIN"}


def build_headers(hashes: Iterable[str], frame_ancestors: str) -> dict[str, str]:
    """Builds the headers of every answer.

    Args:
        hashes: of the scripts inside the document, such as `'sha256-...'`; no other script inside it runs.
        frame_ancestors: pages that may show the dashboard in a frame.
    """
    scripts = " ".join(["'self'", *hashes])
    policy = (*_POLICY, ("script-src", scripts), ("frame-ancestors", frame_ancestors))
    headers = {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": ", ".join(f"{name}=()" for name in _REFUSED),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    if frame_ancestors in _FRAME_OPTIONS:
        headers["X-Frame-Options"] = _FRAME_OPTIONS[frame_ancestors]
    return headers


def register_headers(server: Flask, headers: dict[str, str]) -> None:
    """Adds headers to every answer, also to refusals and faults."""

    @server.after_request
    def add_headers(response: Response) -> Response:
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        return response
