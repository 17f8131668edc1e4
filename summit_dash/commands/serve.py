"""`summit-dash serve`: the dashboard on a free port."""

from __future__ import annotations

import contextlib
import threading
import webbrowser
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from precompute.commands.building import build_command
from precompute.commands.options import CONSOLE, Host, Open, Port, Threads
from summit_dash.server.defaults import HOST, PORT, THREADS

__all__ = ["ServeOptions", "open_dashboard", "serve"]


@dataclass(frozen=True)
class ServeOptions:
    """Open runs in the dashboard; needs neither torch nor the images.

    Examples:

    `summit-dash serve runs/photos --open`

    `summit-dash serve before=runs/1 after=runs/2`
    """

    runs: Annotated[
        list[str],
        typer.Argument(help="Folders of one or several runs, or `NAME=RUN` to name one.", show_default=False),
    ]
    host: Host = HOST
    port: Port = PORT
    workers: Threads = THREADS
    open_browser: Open = False


def _run(options: ServeOptions) -> None:
    open_dashboard(options.runs, options.host, options.port, options.workers, options.open_browser)


def open_dashboard(runs: Sequence[str], host: str, port: int, workers: int, open_browser: bool) -> None:
    """Serves runs until it is interrupted, and prints the address.

    Args:
        runs: folders of runs, each with or without `NAME=` before it.
        host: address to listen on.
        port: port to listen on; the next free one where it is taken, any free one for 0.
        workers: threads that answer requests.
        open_browser: open the page in the browser too.

    Raises:
        InputError: a folder is no run, or no port is free.
    """
    from waitress import create_server

    from summit_dash.run.stores import Stores, open_runs
    from summit_dash.server.app import create_app
    from summit_dash.server.listen import listen
    from summit_dash.server.settings import Settings

    stores = Stores(open_runs(runs))
    threading.Thread(target=stores.warm, daemon=True).start()
    dashboard = create_app(stores, Settings(runs=tuple(runs), host=host, port=port, workers=workers))
    listening = listen(host, port)
    server: Any = create_server(
        dashboard.server, sockets=[listening], threads=workers, clear_untrusted_proxy_headers=True
    )
    shown = "127.0.0.1" if host in {"0.0.0.0", "::", ""} else host
    url = f"http://{shown}:{listening.getsockname()[1]}/"
    with contextlib.suppress(KeyboardInterrupt):  # the way to end it
        CONSOLE.print(f"Summit Dash is open at [bold]{url}[/]  (Ctrl-C ends it)", highlight=False)
        if open_browser:
            threading.Timer(0.3, webbrowser.open, [url]).start()
        server.run()
    server.close()


serve = build_command(ServeOptions, _run)
