"""`summit-dash precompute`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from summit_dash.commands.options import Device, Layers, Model, ModelPath, PreprocessFile, Weights, console

__all__ = ["precompute"]


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
    model_path: ModelPath = None,
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
    device: Device = "auto",
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
    visualization_seconds: Annotated[
        float,
        typer.Option(help="For drawing them, the most used channels first; 0: as long as it takes.", min=0),
    ] = 120.0,
    outlier_fraction: Annotated[
        float | None, typer.Option(help="Flag channels active in more than this share of images.", min=0, max=1)
    ] = None,
    exclude_outliers: Annotated[bool, typer.Option(help="Leave flagged channels out of the graphs.")] = False,
    class_outputs: Annotated[
        str,
        typer.Option(
            help="Which of the model's outputs mean a class. `name`: those of its name; `id`: that of its number; "
            "`text`: classes sorted as text, as ImageFolder does; `none`; or a file, .csv with class_name,output_index "
            'or .json `{"dog": [151, 152]}`.',
        ),
    ] = "auto",
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
    from precompute.commands.precompute import PrecomputeOptions, run_precompute

    options = {name: value for name, value in locals().items() if name in PrecomputeOptions.__dataclass_fields__}
    options["model_path"] = tuple(model_path or ())
    run_precompute(PrecomputeOptions(**options), console)
