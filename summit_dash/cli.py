"""One command line for everything; what is heavy is imported inside the commands."""

from __future__ import annotations

import contextlib
import errno
import importlib.metadata
import socket
import threading
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from precompute.schema import InputError

app = typer.Typer(
    name="summit-dash",
    help="What did my image classifier learn? Make a run from a model and labelled images, then open it in a browser.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)
console = Console(stderr=True)

Run = Annotated[Path, typer.Argument(help="Folder of a run.", show_default=False)]
Model = Annotated[
    str,
    typer.Argument(
        help="`torchvision:NAME`, `timm:NAME`, `FILE.py:FUNCTION` or `demo`.", show_default=False, metavar="MODEL"
    ),
]
Weights = Annotated[
    str | None,
    typer.Option(help="File (.safetensors, .pth), `default` (published ones) or `random`.", show_default=False),
]
PreprocessFile = Annotated[
    str | None,
    typer.Option(
        "--preprocess", help="TOML file: resize, crop, channels, scale, mean, std; or `auto`.", show_default=False
    ),
]
Layers = Annotated[str, typer.Option(help="`auto`, or module names: `NAME,NAME`.")]
Host = Annotated[str, typer.Option(help="Address to listen on; `0.0.0.0` for the whole network.")]
Port = Annotated[int, typer.Option(help="Port; the next free one if it is taken.", min=0, max=65535)]
Threads = Annotated[int, typer.Option("--workers", help="Threads that answer requests.", min=1)]
Open = Annotated[bool, typer.Option("--open/--no-open", help="Open the page in the browser.")]


@app.command()
def demo(
    out: Annotated[Path | None, typer.Option(help="Folder of the run; your cache folder by default.")] = None,
    images_per_class: Annotated[int | None, typer.Option(help="Scenes drawn per class.", min=1, max=9999)] = None,
    serve_it: Annotated[
        bool, typer.Option("--serve/--no-serve", help="Open the dashboard when the run is made.")
    ] = True,
    host: Host = "127.0.0.1",
    port: Port = 8050,
    open_browser: Open = True,
) -> None:
    """Make the built-in demo run (about two minutes, then cached) and open the dashboard on it.

    A small network, trained on drawn scenes of 32 classes, ships with the package: nothing is downloaded.
    """
    from platformdirs import user_cache_path

    from precompute.commands import run_demo

    folder = out or user_cache_path("summit-dash") / "demo"
    run_demo(folder, images_per_class, console)
    if serve_it:
        _serve([folder], host, port, 8, open_browser)
    else:
        console.print(f"Run: {folder}\nOpen it: summit-dash serve {folder}", highlight=False)


@app.command()
def precompute(
    model: Model,
    images: Annotated[
        str,
        typer.Argument(
            help="Folder with a subfolder per class; manifest .csv or .parquet; .tar shards: a file, a folder of them, "
            "a quoted pattern; Hugging Face dataset saved on disk; or `demo`.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder of the run; an unfinished one is resumed.", show_default=False)],
    weights: Weights = None,
    preprocess: PreprocessFile = None,
    layers: Layers = "auto",
    stages: Annotated[
        str, typer.Option(help="`all`, or some of `aggregate,graphs,examples,embedding,visualize`.")
    ] = "all",
    influence: Annotated[
        str,
        typer.Option(
            help="`traced` exactly, `summit` as published, `gradient` x activation; `auto`: traced where possible."
        ),
    ] = "auto",
    precision: Annotated[
        str,
        typer.Option(
            help="Of the forward pass: `float32`, or `bfloat16`, faster where built in; influences are float32."
        ),
    ] = "float32",
    device: Annotated[str, typer.Option(help="`auto`, `cpu` or `cuda`.")] = "auto",
    batch_size: Annotated[int, typer.Option(help="Images per forward pass.")] = 16,
    workers: Annotated[int, typer.Option(help="Threads that decode images.", min=0)] = 2,
    engine: Annotated[
        str, typer.Option(help="`local`, or `ray`: the cluster of RAY_ADDRESS, or this machine's cores as workers.")
    ] = "local",
    actors: Annotated[
        int | None,
        typer.Option(help="Workers of the engine `ray`; as many as there is room for.", min=1, show_default=False),
    ] = None,
    chunk_size: Annotated[
        int, typer.Option(help="Images of a class that make a unit of work: what an interruption loses at most.")
    ] = 1000,
    limit_per_class: Annotated[
        int | None, typer.Option(help="Take the first so many images of each class.", show_default=False)
    ] = None,
    visualizations: Annotated[
        int, typer.Option(help="Feature visualizations, for the channels in most graphs.", min=0)
    ] = 128,
    visualization_steps: Annotated[int, typer.Option(help="Optimisation steps per picture.")] = 128,
    visualization_size: Annotated[
        int | None, typer.Option(help="Side of a picture in pixels; 128 or the model's input.", min=16)
    ] = None,
    outlier_fraction: Annotated[
        float | None, typer.Option(help="Flag channels active in more than this share of images.", min=0, max=1)
    ] = None,
    exclude_outliers: Annotated[bool, typer.Option(help="Leave flagged channels out of the graphs.")] = False,
    class_outputs: Annotated[
        Path | None,
        typer.Option(
            help="File that says which of the model's outputs mean a class, where labels are not outputs: .csv with "
            'class_name,output_index or .json `{"dog": [151, 152]}`.',
            show_default=False,
        ),
    ] = None,
    output_names: Annotated[
        Path | None,
        typer.Option(
            help="File with the names of the model's outputs: .txt, .json list, or .csv with output_index,name.",
            show_default=False,
        ),
    ] = None,
    allow_outside: Annotated[
        bool, typer.Option("--allow-outside", help="Accept paths in a manifest that lead out of its folder.")
    ] = False,
    overwrite: Annotated[bool, typer.Option(help="Replace another run in the folder.")] = False,
) -> None:
    """Run a model once over labelled images and write a run.

    Interrupt it when you like: the same command goes on where it stopped.

    Examples:

    `summit-dash precompute torchvision:resnet18 photos/ --out runs/photos`

    `summit-dash precompute model.py:build labels.csv --weights best.pth --preprocess input.toml --out runs/mine`

    `summit-dash precompute torchvision:resnet18 'shards/{0000..0009}.tar' --class-outputs pets.csv --out runs/pets`

    A model file is plain Python with a function that takes nothing and returns an `nn.Module`, whose forward takes a
    batch of images and returns logits: a tensor, the first of two dimensions in a tuple, or `logits` in a dict or
    dataclass. `summit-dash models` lists those of torchvision and timm.

    A manifest has the columns `path,class_name` and, where labels are the model's outputs, `class_id`. A shard holds
    `KEY.jpg` with `KEY.cls` or `KEY.json`. An input file looks like this:

    `resize = 256`, `crop = 224`, `interpolation = "bilinear"`, `channels = "RGB"`, `scale = 1.0`,
    `mean = [0.485, 0.456, 0.406]`, `std = [0.229, 0.224, 0.225]`
    """
    from precompute.commands import PrecomputeOptions, run_precompute

    options = {name: value for name, value in locals().items() if name in PrecomputeOptions.__dataclass_fields__}
    run_precompute(PrecomputeOptions(**options), console)


@app.command()
def visualize(
    run: Run,
    layers: Annotated[str, typer.Option(help="`all`, or some of the run's: `NAME,NAME`.")] = "all",
    channels: Annotated[
        str, typer.Option(help="`all`, or numbers and ranges in each of the layers: `3,20-29`.")
    ] = "all",
    kinds: Annotated[
        str,
        typer.Option(
            help="Some of `channel,neuron,negative,diversity`: the channel everywhere, at the centre, silenced; four "
            "that differ."
        ),
    ] = "channel",
    limit: Annotated[
        int | None, typer.Option(help="Channels at most, those of most graphs first.", min=1, show_default=False)
    ] = None,
    method: Annotated[
        str,
        typer.Option(help="`fourier`, `pixel`, or `maco`: phases alone, under the spectrum of the run's own images."),
    ] = "fourier",
    size: Annotated[
        int | None, typer.Option(help="Side of a picture in pixels; 128 or the model's input.", min=16)
    ] = None,
    steps: Annotated[int, typer.Option(help="Optimisation steps at most; a picture that rises no more stops.")] = 128,
    seed: Annotated[int, typer.Option(help="Of starts and movements.", min=0)] = 0,
    batch_size: Annotated[int, typer.Option(help="Pictures optimised together.")] = 16,
    device: Annotated[str, typer.Option(help="`auto`, `cpu` or `cuda`.")] = "auto",
    model: Annotated[
        str | None, typer.Option(help="Where the run's model is now, if it has moved.", show_default=False)
    ] = None,
    weights: Annotated[
        str | None, typer.Option(help="Where its weights are now, or if the run does not say.", show_default=False)
    ] = None,
) -> None:
    """Draw feature visualizations of any channels into a run, with the model that made it.

    Interrupt it when you like: the same command goes on where it stopped. What is there already, drawn in the same way,
    is not drawn again; a channel whose objective never rises is named, not drawn.

    Examples:

    `summit-dash visualize runs/photos --limit 300`

    `summit-dash visualize runs/photos --layers mixed4d --channels 0-63 --method maco --steps 256`

    `summit-dash visualize runs/photos --layers mixed4d --channels 479 --kinds channel,negative,diversity`
    """
    from precompute.commands import VisualizeOptions, run_visualize

    options = {name: value for name, value in locals().items() if name in VisualizeOptions.__dataclass_fields__}
    run_visualize(VisualizeOptions(**options), console)


@app.command()
def inspect(
    model: Model,
    weights: Weights = None,
    preprocess: PreprocessFile = None,
    layers: Layers = "auto",
    input_size: Annotated[
        int | None,
        typer.Option(help="Side of the square input in pixels, where it is another or not fixed.", min=1),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Change channels and see that the links between layers are as derived.")
    ] = False,
) -> None:
    """Show a model's input size, its recorded layers in order with their channels, and its output layer.

    Examples:

    `summit-dash inspect torchvision:resnet18 --weights random`

    `summit-dash inspect timm:resnet50.a1_in1k --weights random --input-size 288`

    `summit-dash inspect model.py:build --preprocess input.toml --check`
    """
    from precompute.commands import InspectOptions, run_inspect

    run_inspect(InspectOptions(model, weights, preprocess, layers, input_size, check), _wide_console())


@app.command()
def models(
    pattern: Annotated[
        str, typer.Argument(help="Part of a name, or a pattern with `*` and `?`.", show_default=False)
    ] = "",
    details: Annotated[
        bool, typer.Option(help="List every layer; models of which nothing is known are built, without weights.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON: one object per model.")] = False,
) -> None:
    """List known models with input size, recorded layers, channels and published accuracy.

    Without a pattern: a selection of well-known architectures. With one: all names of torchvision and timm that match.

    Examples:

    `summit-dash models resnet50`

    `summit-dash models 'timm:*vgg*' --details`

    `summit-dash models 'timm:resnet50.*'` finds the tags of published weights.
    """
    from precompute.commands import run_models

    run_models(pattern, details, as_json, _wide_console())


def _wide_console() -> Console:
    """Standard output for tables: names stay whole, also where it is piped or the terminal is narrow."""
    return Console(width=max(200, Console().width))


@app.command("import-summit")
def import_summit(
    folder: Annotated[
        Path,
        typer.Argument(help="Summit's published data, with `data/ag` in it.", show_default=False, metavar="DIR"),
    ],
    out: Annotated[Path, typer.Option(help="Folder of the run.", show_default=False)],
    labels: Annotated[
        Path | None,
        typer.Option(help="File .csv with class_id,class_name and, where known, synset,group.", show_default=False),
    ] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace another run in the folder.")] = False,
) -> None:
    """Make a run of Summit's published data, and say what is wrong with it and what it does not tell.

    Needs neither torch nor ImageNet; see docs/import_summit.md for what is kept.

    Example: `summit-dash import-summit summit-data --labels labels.csv --out runs/summit`
    """
    from precompute.commands import run_import_summit

    run_import_summit(folder, out, labels, overwrite, console)


@app.command()
def validate(run: Run) -> None:
    """Check a run against the schema; silent when all is well, exit code 1 with the findings otherwise."""
    from precompute.commands import run_validate

    findings = run_validate(run)
    for finding in findings:
        typer.echo(f"{finding.table}: {finding.found} Rule: {finding.rule}")
    if findings:
        raise typer.Exit(1)


@app.command()
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
    _serve(runs, host, port, workers, open_browser)


@app.command()
def export(
    run: Run,
    out: Annotated[
        str,
        typer.Argument(
            help="Folder of the site. With --graph: file or stem of the files; or a folder (one that exists, or ends "
            "with `/`), and the files are called after the class.",
            show_default=False,
            metavar="OUT",
        ),
    ],
    graph: Annotated[
        str | None,
        typer.Option(
            help="One graph as files. Class: its class_id, synset or name.", metavar="CLASS", show_default=False
        ),
    ] = None,
    classes: Annotated[
        str | None,
        typer.Option(help="Classes that the site holds, parted by `;`; all by default.", show_default=False),
    ] = None,
    vs: Annotated[
        str | None, typer.Option(help="Second class, B of a comparison.", metavar="CLASS", show_default=False)
    ] = None,
    formats: Annotated[
        str | None,
        typer.Option(
            "--format",
            help="Some of `svg,png,graphml,json,csv`; by default that of OUT's ending, else `svg`.",
            show_default=False,
        ),
    ] = None,
    theme: Annotated[str, typer.Option(help="`light` or `dark`.")] = "light",
    covers: Annotated[
        float,
        typer.Option(help="Keep the channels that cover this percentage of activation; 100 keeps all.", min=1, max=100),
    ] = 100,
    size: Annotated[
        str, typer.Option(help="Room for the graph in pixels; a picture grows where the graph needs more.")
    ] = "1200x800",
    scale: Annotated[float, typer.Option(help="Pixels of a PNG for each of the SVG's.", min=0.1, max=10)] = 2,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that exist.")] = False,
) -> None:
    """Write a run as a static interactive site, or with --graph one attribution graph or comparison as files.

    Needs neither torch nor a browser. A site opens from a file or from any web server, without Python.

    Examples:

    `summit-dash export runs/photos site/`

    `summit-dash export runs/photos bears/ --classes "black bear;brown bear"`

    `summit-dash export runs/photos bear.svg --graph "black bear"`

    `summit-dash export runs/photos bears --graph "black bear" --vs "brown bear" --format svg,png,graphml,json,csv`

    The last writes `bears.svg`, `bears.png`, `bears.graphml`, `bears.json`, `bears-nodes.csv` and `bears-edges.csv`.
    Each format puts its ending after OUT, whose own ending may be that of one of the formats.
    """
    from summit_dash.export.command import GraphFlags, run_export_graph
    from summit_dash.export.site_command import run_export_site

    if graph is None:
        for flag, value in (("--vs", vs), ("--format", formats)):
            if value is not None:
                raise InputError(
                    f"{flag} belongs to the files of one graph.", "No --graph is given.", "Name its class."
                )
        size_of = run_export_site(run, Path(out), classes, overwrite, console)
        typer.echo(
            f"{out}: {size_of.n_files:,} files, {size_of.n_bytes / 1e6:,.1f} MB. Open {Path(out) / 'index.html'}."
        )
        return
    if classes is not None:
        raise InputError("--classes belongs to a site.", "--graph is given.", "Leave one of them out.")
    flags = GraphFlags(graph, vs, formats, theme, covers, size, scale, overwrite)
    for path in run_export_graph(run, out, flags):
        typer.echo(path)


def _serve(runs: Sequence[Path], host: str, port: int, workers: int, open_browser: bool) -> None:
    from waitress import create_server

    from summit_dash.app import create_app
    from summit_dash.settings import Settings
    from summit_dash.store import RunStore
    from summit_dash.stores import Stores

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


@app.callback(invoke_without_command=True)
def _common(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)] = False,
) -> None:
    if version:
        typer.echo(importlib.metadata.version("summit-dash"))
        raise typer.Exit


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs a command and exits: 0 done, 1 failed, 2 wrong arguments or bad input, 130 interrupted."""
    try:
        app(list(arguments) if arguments is not None else None)
    except InputError as problem:
        for heading, text in (("Error: ", problem.rule), ("       ", problem.found), ("       ", problem.fix)):
            console.print(f"[bold]{heading}[/]{escape(text)}", highlight=False, soft_wrap=True)
        raise SystemExit(2) from None
    except OSError as problem:
        if problem.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        full = "The disk is full" if problem.errno == errno.ENOSPC else "The disk quota is used up"
        console.print(f"[bold]Error:[/] {full}. Make space; the same command goes on where it stopped.")
        raise SystemExit(1) from None
    except SystemExit as ended:
        if ended.code == 130:
            console.print("Interrupted. The same command goes on where it stopped.", highlight=False)
        raise


if __name__ == "__main__":
    main()
