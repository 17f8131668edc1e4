"""`summit-dash serve`: the dashboard on a free port."""

from __future__ import annotations

import contextlib
import socket
import threading
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from precompute.contract.errors import InputError
from summit_dash.commands.options import Host, Open, Port, Threads, console

__all__ = ["open_dashboard", "serve"]


def serve(
    runs: Annotated[list[Path], typer.Argument(help="Folders of one or several runs.", show_default=False)],
    host: Host = "127.0.0.1",
    port: Port = 8050,
    workers: Threads = 8,
    open_browser: Open = False,
) -> None:
    """Open runs in the dashboard; needs neither torch nor the images.

    Example: `summit-dash serve runs/photos --open`
    """
    open_dashboard(runs, host, port, workers, open_browser)


def open_dashboard(runs: Sequence[Path], host: str, port: int, workers: int, open_browser: bool) -> None:
    from waitress import create_server

    from summit_dash.run.store import RunStore
    from summit_dash.run.stores import Stores
    from summit_dash.server.app import create_app
    from summit_dash.server.settings import Settings

    stores = Stores(RunStore(run) for run in runs)
    threading.Thread(target=stores.warm, daemon=True).start()
    dashboard = create_app(stores, Settings(runs=tuple(runs), host=host, port=port, workers=workers))
    listening = _listen(host, port)
    server: Any = create_server(
        dashboard.server, sockets=[listening], threads=workers, clear_untrusted_proxy_headers=True
    )
    shown = "127.0.0.1" if host in {"0.0.0.0", "::", ""} else host
    url = f"http://{shown}:{listening.getsockname()[1]}/"
    with contextlib.suppress(KeyboardInterrupt):  # the way to end it
        console.print(f"Summit Dash is open at [bold]{url}[/]  (Ctrl-C ends it)", highlight=False)
        if open_browser:
            threading.Timer(0.3, webbrowser.open, [url]).start()
        server.run()
    server.close()


def _listen(host: str, port: int) -> socket.socket:
    """A bound socket at the port, or at the next free one of the twenty after it."""
    for candidate in (port, *range(port + 1, min(port + 20, 65535))) if port else (0,):
        sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((host, candidate))
        except OSError as problem:
            sock.close()
            reason = problem.strerror
        else:
            return sock
    raise InputError("A dashboard needs a free port.", f"{host}:{port}: {reason}.", "Name another with --port.")
