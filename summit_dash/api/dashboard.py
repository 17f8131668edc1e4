"""The dashboard inside a notebook, served by a thread of the same process."""

from __future__ import annotations

import threading
from html import escape
from os import PathLike
from typing import TYPE_CHECKING, Any

from summit_dash.api.run import Run

if TYPE_CHECKING:
    from werkzeug.serving import BaseWSGIServer

__all__ = ["Dashboard", "show"]

_HOST = "127.0.0.1"
_FRAMES = "http: https: vscode-webview:"
"""Pages that may show it in a frame: notebooks are at any address, or in a window of an editor."""


class Dashboard:
    """A dashboard that is being served. A notebook shows it in the cell; elsewhere it prints its address.

    Attributes:
        url: address of the page.
        port: port of this machine that is listened on.
        height: height of the frame in a notebook, in pixels.
    """

    def __init__(self, run: Run, port: int, height: int, prefix: str | None) -> None:
        from werkzeug.serving import make_server

        from summit_dash.server.app import create_app
        from summit_dash.server.listen import listen
        from summit_dash.server.settings import Settings

        listening = listen(_HOST, port)
        with listening:
            listening.listen(128)
            self.port: int = listening.getsockname()[1]
            path = (prefix or "/").replace("{port}", str(self.port))
            names = ("*",) if prefix else ()  # a proxy of the notebook's server calls this server by other names
            settings = Settings(
                host=_HOST, port=self.port, url_prefix=path, auth="none", allowed_host=names, frame_ancestors=_FRAMES
            )
            app: Any = create_app([run.store], settings).server
            self._server: BaseWSGIServer = make_server(
                _HOST, self.port, app, threaded=True, request_handler=_build_handler(), fd=listening.fileno()
            )
        self.height = height
        self.url = f"http://{_HOST}:{self.port}{settings.url_prefix}"
        self._source = self.url if prefix is None else settings.url_prefix
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def is_open(self) -> bool:
        """True until `stop`."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Ends the server and frees its port; a second call does nothing."""
        if self.is_open:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()

    def __enter__(self) -> Dashboard:
        """Returns the dashboard, which `with` stops at its end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stops it."""
        self.stop()

    def __repr__(self) -> str:
        """Returns the address."""
        return f"<Summit Dash at {self.url}>" if self.is_open else "<Summit Dash, stopped>"

    def _repr_html_(self) -> str:
        """Returns the page in a frame, for a notebook."""
        if not self.is_open:
            return "<p>The dashboard was stopped.</p>"
        source = escape(self._source)
        style = "border:1px solid #8884;border-radius:6px"
        return (
            f'<iframe title="Summit Dash" src="{source}" width="100%" height="{self.height}" style="{style}" '
            'allow="clipboard-write; fullscreen"></iframe>'
            f'<a href="{source}" target="_blank">Open in a tab of its own</a>'
        )


_shown: dict[tuple[str, str, str | None], Dashboard] = {}
"""The dashboards that were opened, by folder and version of the run and by prefix: a cell may run repeatedly."""
_lock = threading.Lock()


def show(run: Run | str | PathLike[str], port: int = 0, height: int = 800, prefix: str | None = None) -> Dashboard:
    """Opens the dashboard of a run, in the notebook cell that ends with this call.

    The server runs in a thread of this process, for this machine alone, until `stop()` or the end of the process. A run
    that is open already is shown by its server again. Outside a notebook, open the `url` of the result in a browser.

    Args:
        run: an opened run, or its folder.
        port: port to listen on, or the next free one; 0 for any free one.
        height: height of the frame, in pixels.
        prefix: path under which a proxy of the notebook's server shows the port, where the browser is on another
            machine; `{port}` is replaced. jupyter-server-proxy has `/proxy/absolute/{port}/`.

    Raises:
        InputError: the folder is no run, or no port is free.
    """
    opened = run if isinstance(run, Run) else Run(run)
    key = (str(opened.path), opened.store.version, prefix)
    with _lock:
        found = _shown.get(key)
        if found is None or not found.is_open or port not in (0, found.port):
            found = _shown[key] = Dashboard(opened, port, height, prefix)
        found.height = height
        return found


def _build_handler() -> type:
    """Returns a handler that answers requests without a line in the notebook for each."""
    from werkzeug.serving import WSGIRequestHandler

    class Handler(WSGIRequestHandler):
        def log(self, type: str, message: str, *arguments: Any) -> None:
            pass

    return Handler
