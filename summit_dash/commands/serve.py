"""`summit-dash serve`: the dashboard on a free port."""

from __future__ import annotations

import _thread
import contextlib
import secrets
import signal
import threading
import webbrowser
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from precompute.commands.building import build_command
from precompute.commands.options import CONSOLE, Open
from summit_dash.server.settings import Settings, read_settings

__all__ = ["ServeOptions", "open_dashboard", "serve"]


def _build_flag(setting: str, *names: str, **more: Any) -> Any:
    """Builds the option of a setting, with the description and the default that it has in `Settings`."""
    field = Settings.model_fields[setting]
    default = f" Default: `{field.default}`." if field.default not in ("", ()) else ""
    return typer.Option(
        *(names or [f"--{setting.replace('_', '-')}"]), help=f"{field.description}{default}", show_default=False, **more
    )


@dataclass(frozen=True)
class ServeOptions:
    """Open runs in the dashboard; needs neither torch nor the images.

    Without options it is for this machine alone, and nobody signs in. Beyond it, one needs the link that is printed, or
    a name and a password.

    Examples:

    `summit-dash serve runs/photos --open`

    `summit-dash serve before=runs/1 after=runs/2`

    `summit-dash serve --watch runs`

    `summit-dash serve runs/photos --host 0.0.0.0 --auth users.json`
    """

    runs: Annotated[
        list[str] | None,
        typer.Argument(
            help="Folders of runs or transfer results, or folders of these; `NAME=RUN` names one.",
            show_default=False,
        ),
    ] = None
    watch: Annotated[list[str] | None, _build_flag("watch")] = None
    host: Annotated[str | None, _build_flag("host")] = None
    port: Annotated[int | None, _build_flag("port", min=0, max=65535)] = None
    workers: Annotated[int | None, _build_flag("workers", min=1)] = None
    open_browser: Open = False
    auth: Annotated[str | None, _build_flag("auth")] = None
    role: Annotated[str | None, _build_flag("role")] = None
    allowed_host: Annotated[list[str] | None, _build_flag("allowed_host")] = None
    trust_header: Annotated[str | None, _build_flag("trust_header")] = None
    trusted_proxy: Annotated[list[str] | None, _build_flag("trusted_proxy")] = None
    url_prefix: Annotated[str | None, _build_flag("url_prefix")] = None
    log: Annotated[str | None, _build_flag("log")] = None
    settings: Annotated[
        Path | None, typer.Option(help="TOML file of settings; flags and the environment go before it.")
    ] = None


def _run(options: ServeOptions) -> None:
    given: dict[str, Any] = {**asdict(options), "runs": options.runs or None, "watch": options.watch or None}
    open_browser, file = given.pop("open_browser"), given.pop("settings")
    open_dashboard(read_settings(file, **given), open_browser)


def open_dashboard(settings: Settings, open_browser: bool) -> None:
    """Serves runs until it is interrupted or asked to end, and prints the address.

    Args:
        settings: runs, address, and who may come in. The port is the next free one if it is taken, any free one for 0.
        open_browser: open the page in the browser too.

    Raises:
        InputError: a folder is no run, no port is free, or the settings do not belong together.
    """
    from waitress import create_server

    from summit_dash.live.service import EXTENSION
    from summit_dash.run.memory import leave_quickly, use_steady_memory
    from summit_dash.server.app import create_app
    from summit_dash.server.find_runs import find_runs
    from summit_dash.server.listen import listen
    from summit_dash.server.log import start_log

    leave_quickly()
    stores = find_runs(settings)
    use_steady_memory()
    listening = listen(settings.host, settings.port)
    token = settings.token or secrets.token_urlsafe(32)
    settings = settings.model_copy(update={"port": listening.getsockname()[1], "token": token})
    with contextlib.closing(listening):
        start_log(settings)
        dashboard = create_app(stores, settings)
        threading.Thread(target=stores.warm, daemon=True).start()
        # Headers of proxies are judged by the application, for every server alike.
        server: Any = create_server(
            dashboard.server,
            sockets=[listening],
            threads=settings.workers,
            clear_untrusted_proxy_headers=False,
            max_request_body_size=settings.body_bytes,
            connection_limit=_MOST_CONNECTIONS,
            asyncore_use_poll=True,  # `select` knows the first 1,024 files alone
        )
        url = _describe(settings)
        with contextlib.suppress(KeyboardInterrupt), _end_gently(server):  # the ways to end it
            if open_browser:
                threading.Timer(0.3, webbrowser.open, [url]).start()
            server.run()
        server.close()
    dashboard.server.extensions[EXTENSION]["live"].close()


_MOST_CONNECTIONS = 2000
"""Connections that are open at once: a browser holds up to six."""


def _describe(settings: Settings) -> str:
    """Prints the address and who may come in, and returns the address."""
    host = "127.0.0.1" if settings.host in {"0.0.0.0", "::", ""} else settings.host  # nosec B104
    place = f"[{host}]" if ":" in host else host
    auth = settings.find_auth()
    query = "?" + urlencode({"token": settings.token}) if auth == "token" and not settings.trust_header else ""
    url = f"http://{place}:{settings.port}{settings.url_prefix}{query}"
    CONSOLE.print(f"Summit Dash is open at [bold]{url}[/]  (Ctrl-C ends it)", highlight=False, soft_wrap=True)
    if settings.auth == "none":
        CONSOLE.print(
            f"Nobody signs in: who reaches {settings.host}:{settings.port} sees the runs, and acts as "
            f"{settings.role or 'runner'}.",
            highlight=False,
            soft_wrap=True,
        )
    elif query:
        CONSOLE.print(
            f"Only this link opens it, with the role {settings.role or 'viewer'} (--role). "
            "--auth FILE asks for names and passwords instead.",
            highlight=False,
            soft_wrap=True,
        )
    return url


@contextlib.contextmanager
def _end_gently(server: Any) -> Iterator[None]:
    """Lets the signal of service managers end the block as Ctrl-C does, after all requests are answered."""
    from summit_dash.server.stopping import stop_gently

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    answered, ended = threading.Event(), threading.Event()

    def finish() -> None:
        answered.set()
        if not ended.is_set():
            _thread.interrupt_main(signal.SIGTERM)
            server.trigger.pull_trigger()  # the loop waits for connections, and looks for signals when it wakes

    def end_by_signal(*_: object) -> None:
        if answered.is_set():
            raise KeyboardInterrupt
        stop_gently(server, finish)

    before = signal.signal(signal.SIGTERM, end_by_signal)
    try:
        yield
    finally:
        ended.set()
        signal.signal(signal.SIGTERM, before)


serve = build_command(ServeOptions, _run)
