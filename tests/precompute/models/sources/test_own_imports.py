"""Model files that import from their package: relatively, by name, without `__init__.py`, from a folder elsewhere."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from torch import nn

from precompute.contract.errors import InputError
from precompute.models.sources.loading import ModelConfig, load_model
from precompute.models.sources.model_file import build_from_file, hash_code
from precompute.models.sources.own_imports import locate
from tests.support.command_line import FIRST_STAGES, call
from tests.support.small import write_small

BLOCKS = "from torch import nn\nWIDTH = {width}\ndef block(): return nn.Conv2d(3, WIDTH, 1)\n"
BUILD = "\ndef build(): return block()\n"


def write(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def load_width(source: Path, *model_path: Path) -> int:
    module = build_from_file(f"{source}:build", tuple(map(str, model_path))).module
    assert isinstance(module, nn.Conv2d)
    return module.out_channels


LAYOUTS = {
    "relative": ("from .blocks import block", ("net/__init__.py",), "net/model.py", "net/blocks.py"),
    "relative in src": ("from .blocks import block", ("src/net/__init__.py",), "src/net/model.py", "src/net/blocks.py"),
    "by name in src": (
        "from net.blocks import block",
        ("src/net/__init__.py",),
        "src/net/model.py",
        "src/net/blocks.py",
    ),
    "module of the package": ("from . import blocks; block = blocks.block", (), "net/model.py", "net/blocks.py"),
    "no __init__.py": ("from .blocks import block", (), "net/model.py", "net/blocks.py"),
    "two levels": ("from ..parts.blocks import block", (), "net/big/model.py", "net/parts/blocks.py"),
    "two levels of packages": (
        "from net.parts.blocks import block",
        ("net/__init__.py", "net/big/__init__.py", "net/parts/__init__.py"),
        "net/big/model.py",
        "net/parts/blocks.py",
    ),
    "a name with a dash": ("from .blocks import block", ("net/__init__.py",), "net/my-model.py", "net/blocks.py"),
    "a neighbour of a file in a package": (
        "from blocks import block",
        ("net/__init__.py",),
        "net/model.py",
        "net/blocks.py",
    ),
    "a package beside the file": ("from parts.blocks import block", (), "model.py", "parts/blocks.py"),
    "the package itself": ("from .blocks import block", (), "net/__init__.py", "net/blocks.py"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_model_file_imports_from_its_package(layout: str, tmp_path: Path) -> None:
    line, packages, file, blocks = LAYOUTS[layout]
    path, modules = list(sys.path), set(sys.modules)
    for width in (5, 7):  # the same names twice
        write(tmp_path / str(width), {**dict.fromkeys(packages, ""), blocks: BLOCKS.format(width=width)})
        write(tmp_path / str(width), {file: line + BUILD})

    assert [load_width(tmp_path / str(width) / file) for width in (5, 7, 5)] == [5, 7, 5]
    assert sys.path == path
    assert not any(name.partition(".")[0] in ("net", "parts", "blocks") for name in set(sys.modules) - modules)
    assert not list(tmp_path.rglob("__pycache__"))


def test_a_folder_elsewhere_is_named(tmp_path: Path) -> None:
    write(
        tmp_path, {"lib/net/blocks.py": BLOCKS.format(width=6), "own/model.py": "from net.blocks import block" + BUILD}
    )

    with pytest.raises(InputError, match=r"No module named 'net' \(line 1\)\.(?s:.*)--model-path FOLDER"):
        load_width(tmp_path / "own/model.py")
    assert load_width(tmp_path / "own/model.py", tmp_path / "lib") == 6


def test_a_package_above_is_proposed(tmp_path: Path) -> None:
    write(tmp_path, {"net/blocks.py": BLOCKS.format(width=6), "net/model.py": "from net.blocks import block" + BUILD})

    with pytest.raises(InputError) as caught:
        load_width(tmp_path / "net/model.py")

    assert caught.value.fix.endswith(f"--model-path {tmp_path}")
    assert load_width(tmp_path / "net/model.py", tmp_path) == 6


def test_a_file_in_a_named_folder_is_of_its_package(tmp_path: Path) -> None:
    """Its neighbour's relative imports reach above the package that its own say."""
    write(
        tmp_path,
        {"src/net/parts/blocks.py": "from ..widths import block\n", "src/net/widths.py": BLOCKS.format(width=4)},
    )
    write(tmp_path, {"src/net/parts/model.py": "from .blocks import block" + BUILD})

    with pytest.raises(InputError, match=r"relative import .*line 1 of .*blocks\.py.*--model-path"):
        load_width(tmp_path / "src/net/parts/model.py")
    assert load_width(tmp_path / "src/net/parts/model.py", tmp_path / "src") == 4


def test_a_module_of_the_same_name_that_is_loaded_does_not_stand_in_the_way(tmp_path: Path) -> None:
    """Such as the library `datasets`, whose name many projects give to a folder."""
    import pyarrow.parquet as before

    write(tmp_path, {"pyarrow/__init__.py": "", "pyarrow/parquet.py": BLOCKS.format(width=9)})
    write(tmp_path, {"model.py": "from pyarrow.parquet import block" + BUILD})

    assert load_width(tmp_path / "model.py") == 9
    assert sys.modules["pyarrow.parquet"] is before


def test_a_folder_without_code_hides_no_library(tmp_path: Path) -> None:
    """Weights or images in a folder that is called like a library."""
    write(tmp_path, {"wave/notes.txt": ""})
    write(tmp_path, {"model.py": "import wave\nfrom torch import nn\ndef build(): return nn.Conv2d(3, 2, 1)\n"})

    assert load_width(tmp_path / "model.py") == 2
    assert hasattr(sys.modules["wave"], "open")


def test_libraries_in_a_folder_below_stay_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A virtual environment lies beside the model file, as it mostly does."""
    write(
        tmp_path,
        {"env/site-packages/some_library.py": "", "model.py": "import some_library" + BUILD.replace("block()", "None")},
    )
    monkeypatch.syspath_prepend(str(tmp_path / "env/site-packages"))

    with pytest.raises(InputError, match="returned NoneType"):
        load_width(tmp_path / "model.py")
    assert "some_library" in sys.modules
    del sys.modules["some_library"]


def test_an_error_in_a_neighbour_is_placed(tmp_path: Path) -> None:
    write(tmp_path, {"net/__init__.py": "", "net/blocks.py": "\n1 / 0\n", "net/model.py": "from .blocks import x\n"})

    with pytest.raises(InputError, match=r"division by zero \(line 2 of .*blocks\.py\)"):
        load_width(tmp_path / "net/model.py")


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    write(tmp_path, {"model.py": "from torch import nn\ndef build(): return nn.Conv2d(3, 2, 1)\n"})

    with pytest.raises(InputError, match=r"--model-path names a folder.*nowhere"):
        load_width(tmp_path / "model.py", tmp_path / "nowhere")
    with pytest.raises(InputError, match="--model-path is for a model file"):
        load_model(ModelConfig("torchvision:resnet18", "random", model_path=(str(tmp_path),)))


def test_files_of_installed_libraries_are_imported_as_they_are() -> None:
    import timm.models.resnet as library

    location = locate(Path(library.__file__).resolve(), (), Path(library.__file__).read_bytes())

    assert location.module == "timm.models.resnet"
    assert location.roots == ()


# --- hashes of code -------------------------------------------------------------------------------------------------


def test_the_hash_of_code_covers_what_is_imported(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"net/blocks.py": BLOCKS.format(width=5), "net/unused.py": "", "net/model.py": "from .blocks import *" + BUILD},
    )
    source = f"{tmp_path}/net/model.py:build"
    first = build_from_file(source).code_sha256

    write(tmp_path, {"net/unused.py": "1", "net/blocks.py": "# a comment\n" + BLOCKS.format(width=5)})
    assert build_from_file(source).code_sha256 == first != hash_code(source)
    write(tmp_path, {"net/blocks.py": BLOCKS.format(width=5) + "WIDTH = 5\n"})
    assert build_from_file(source).code_sha256 != first


def test_a_file_by_itself_keeps_its_hash(tmp_path: Path) -> None:
    """Runs of earlier versions are resumed."""
    write(tmp_path, {"model.py": "import timm\n" + BLOCKS.format(width=5) + BUILD})

    source = f"{tmp_path}/model.py:build"
    assert build_from_file(source).code_sha256 == hash_code(source)


# --- runs -----------------------------------------------------------------------------------------------------------


def test_a_run_of_a_package_is_added_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = write_small(tmp_path)
    text = (tmp_path / "model.py").read_text()
    write(tmp_path, {"lib/small/net.py": text, "own/model.py": "from small.net import build, Small\n"})
    arguments[1] = f"{tmp_path}/own/model.py:build"
    run, path = tmp_path / "run", ["--model-path", f"{tmp_path}/lib"]

    assert call([*arguments, *path, *FIRST_STAGES, "--out", str(run)]) == 0
    model = json.loads((run / "manifest.json").read_text())["model"]
    assert model["model_path"] == [f"{tmp_path}/lib"]
    draw = ["visualize", str(run), "--limit", "1", "--steps", "2", "--layers", "second"]
    assert call(draw) == 0
    assert call(["inspect", arguments[1], *path, "--preprocess", f"{tmp_path}/input.toml"]) == 0

    (tmp_path / "lib").rename(tmp_path / "moved")
    assert call(draw) == 2
    assert "--model-path names a folder" in capsys.readouterr().err
    manifest = json.loads((run / "manifest.json").read_text())
    manifest["model"]["code_sha256"] = hash_code(arguments[1])  # of an earlier version
    (run / "manifest.json").write_text(json.dumps(manifest))
    assert call([*draw, "--model-path", f"{tmp_path}/moved"]) == 0
    manifest["model"]["code_sha256"] = model["code_sha256"]
    (run / "manifest.json").write_text(json.dumps(manifest))
    write(tmp_path, {"moved/small/net.py": text.replace(".mean((2, 3))", ".amax((2, 3))")})
    capsys.readouterr()
    assert call([*draw, "--model-path", f"{tmp_path}/moved"]) == 2
    assert "its code has changed" in capsys.readouterr().err
