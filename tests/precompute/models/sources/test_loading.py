"""Loading models: what a person may name, and every way in which it can go wrong."""

from __future__ import annotations

import sys
import urllib.error
from collections.abc import Callable
from pathlib import Path

import huggingface_hub
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from precompute.contract.errors import InputError
from precompute.models.sources.loading import LoadedModel, ModelConfig, load_model
from precompute.models.sources.preprocess import EXAMPLE_TOML, Preprocess
from precompute.models.weights.loading import file_sha256

NETWORK = """
from torch import nn

class Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.linear = nn.Linear(4, 2)

    def forward(self, x):
        return self.linear(self.norm(self.conv(x)).mean((2, 3)))

def build():
    return Tiny()
"""

Load = Callable[..., LoadedModel]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Loads `build` of a model file with the given text, and further fields of the config."""
    (tmp_path / "preprocess.toml").write_text(EXAMPLE_TOML)

    def load(text: str = NETWORK, name: str = "build", **fields: str) -> LoadedModel:
        (tmp_path / "model.py").write_text(text)
        fields.setdefault("preprocess", str(tmp_path / "preprocess.toml"))
        return load_model(ModelConfig(f"{tmp_path / 'model.py'}:{name}", **fields))  # type: ignore[arg-type]

    return load


# --- model files ----------------------------------------------------------------------------------------------------


def test_a_model_file_is_loaded_as_built(load: Load) -> None:
    loaded = load()

    assert loaded.name == "Tiny (weights as built)"
    assert loaded.weights_sha256 is None
    assert loaded.input_size == (3, 224, 224)
    assert loaded.preprocess == Preprocess()
    assert not loaded.module.training
    assert not any(p.requires_grad for p in loaded.module.parameters())
    assert loaded.module(torch.zeros(1, 3, 8, 8)).shape == (1, 2)


def test_weights_as_built_are_reproducible_and_leave_the_generator_alone(load: Load) -> None:
    state = torch.random.get_rng_state()

    first, second = load().module.state_dict(), load().module.state_dict()

    assert all(torch.equal(first[key], second[key]) for key in first)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_two_files_of_one_name_and_their_neighbours_do_not_meet(tmp_path: Path) -> None:
    preprocess = tmp_path / "preprocess.toml"
    preprocess.write_text(EXAMPLE_TOML)
    for width in (5, 7):
        folder = tmp_path / str(width)
        folder.mkdir()
        (folder / "parts.py").write_text(f"WIDTH = {width}\n")
        (folder / "model.py").write_text(
            "from torch import nn\nfrom parts import WIDTH\ndef build(): return nn.Conv2d(3, WIDTH, 1)\n"
        )
    path = list(sys.path)

    widths = [
        load_model(ModelConfig(f"{tmp_path / str(w)}/model.py:build", preprocess=str(preprocess))).module.out_channels
        for w in (5, 7)
    ]

    assert widths == [5, 7]
    assert not {"model", "parts"} & set(sys.modules)
    assert sys.path == path


def test_a_model_file_may_hold_dataclasses_and_a_finished_module(load: Load) -> None:
    text = "from __future__ import annotations\nfrom dataclasses import dataclass\nfrom torch import nn\n"
    text += "@dataclass\nclass Width:\n    n: int = 4\nnetwork = nn.Sequential(nn.Conv2d(3, Width().n, 1))\n"

    assert load(text, "network").name == "network (weights as built)"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def build(:\n", r"SyntaxError: .*line 1"),
        ("\nimport no_such_package\n", r"ModuleNotFoundError: No module named 'no_such_package' \(line 2\)"),
        ("\nraise SystemExit(3)\n", r"SystemExit: 3 \(line 2\)"),
        ("def build():\n    return 1 / 0\n", r"ZeroDivisionError: division by zero \(line 2\)"),
        ("def build(width):\n    ...\n", r"called without arguments.*missing 1 required positional argument"),
        ("def build():\n    return 7\n", r"returned int"),
        ("def make():\n    ...\ndef other():\n    ...\n", r"has no callable build; it has make, other"),
        ("build = 3\n", r"has no callable build; it has none"),
    ],
)
def test_a_model_file_that_does_not_work(load: Load, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        load(text)


def test_a_missing_model_file(tmp_path: Path) -> None:
    preprocess = tmp_path / "preprocess.toml"
    preprocess.write_text(EXAMPLE_TOML)

    with pytest.raises(InputError, match=r"nothing\.py does not"):
        load_model(ModelConfig("nothing.py:build", preprocess=str(preprocess)))


def test_a_model_file_without_callable_names_those_it_has(load: Load, tmp_path: Path) -> None:
    load()

    with pytest.raises(InputError, match=r"was named without one; it has Tiny, build.*model\.py:build"):
        load_model(ModelConfig(str(tmp_path / "model.py"), preprocess=str(tmp_path / "preprocess.toml")))


def test_a_model_file_needs_its_preprocessing(load: Load) -> None:
    with pytest.raises(InputError, match=r"no --preprocess FILE\.toml(?s:.*)resize = 256"):
        load(preprocess="auto")


# --- weights --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "wrap"),
    [
        ("weights.safetensors", lambda state: state),
        ("weights.pth", lambda state: state),
        ("weights.pt", lambda state: {"epoch": 3, "state_dict": state}),
        ("weights.pth", lambda state: {"state_dict": {f"module.{k}": v for k, v in state.items()}}),
        ("old.pth", lambda state: {k: v for k, v in state.items() if "num_batches" not in k}),
    ],
)
def test_weights_are_read(load: Load, tmp_path: Path, file: str, wrap: Callable[[dict], dict]) -> None:
    state = {key: torch.full_like(value, 3) for key, value in load().module.state_dict().items()}
    path = tmp_path / file
    (save_file if path.suffix == ".safetensors" else torch.save)(wrap(state), path)

    loaded = load(weights=str(path))

    assert torch.equal(loaded.module.state_dict()["conv.weight"], state["conv.weight"])
    assert loaded.weights_sha256 == file_sha256(path)
    assert loaded.name == f"Tiny ({file})"


def test_half_precision_weights_become_float32(load: Load, tmp_path: Path) -> None:
    state = {key: value.half() for key, value in load().module.state_dict().items()}
    save_file(state, tmp_path / "half.safetensors")

    assert load(weights=str(tmp_path / "half.safetensors")).module(torch.zeros(1, 3, 8, 8)).dtype == torch.float32


def test_weights_that_do_not_fit_are_named_with_their_shapes(load: Load, tmp_path: Path) -> None:
    state = load().module.state_dict()
    state["linear.weight"] = torch.zeros(10, 4)
    del state["norm.bias"]
    state.update({f"head.{n}": torch.zeros(1) for n in range(7)})
    save_file(state, tmp_path / "other.safetensors")

    with pytest.raises(InputError) as caught:
        load(weights=str(tmp_path / "other.safetensors"))

    found = caught.value.found
    assert "1 missing: norm.bias;" in found
    assert "7 unexpected: head.0, head.1, head.2, head.3, head.4 and 2 more;" in found
    assert "1 of another shape: linear.weight (file (10, 4), model (2, 4))" in found


class _Code:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("this must not be printed",)


def test_a_pickle_with_code_is_refused_and_not_run(
    load: Load, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save(_Code(), tmp_path / "code.pth")

    with pytest.raises(InputError, match=r"run code when opened is refused.*save_file"):
        load(weights=str(tmp_path / "code.pth"))
    assert capsys.readouterr().out == ""


def test_a_whole_pickled_model_is_refused(load: Load, tmp_path: Path) -> None:
    torch.save(nn.Sequential(nn.Conv2d(3, 3, 1)), tmp_path / "model.pt")

    with pytest.raises(InputError, match="a whole model, say"):
        load(weights=str(tmp_path / "model.pt"))


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("none.safetensors", None, "none.safetensors does not exist"),
        ("text.safetensors", b"version https://git-lfs", "git lfs pull"),
        ("empty.safetensors", b"", "complete file of tensors"),
        ("empty.pth", b"", "complete file of tensors"),
        ("text.pth", b"<html>not found</html>", "is a web page"),
        ("zip.pth", b"PK\x03\x04" + bytes(100), "complete file of tensors"),
    ],
)
def test_files_that_are_no_weights(load: Load, tmp_path: Path, file: str, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / file).write_bytes(content)

    with pytest.raises(InputError, match=message):
        load(weights=str(tmp_path / file))


@pytest.mark.parametrize(
    ("content", "message"),
    [([1, 2], "a list"), ({"epoch": 3, "lr": 0.1}, r"epoch \(int\), lr \(float\), which are no"), ({}, "nothing")],
)
def test_checkpoints_without_a_state_dict(load: Load, tmp_path: Path, content: object, message: str) -> None:
    torch.save(content, tmp_path / "checkpoint.pth")

    with pytest.raises(InputError, match=message):
        load(weights=str(tmp_path / "checkpoint.pth"))


def test_a_truncated_checkpoint(load: Load, tmp_path: Path) -> None:
    path = tmp_path / "cut.pth"
    torch.save(load().module.state_dict(), path)
    path.write_bytes(path.read_bytes()[:-200])

    with pytest.raises(InputError, match="complete file of tensors"):
        load(weights=str(path))


def test_a_model_file_has_no_default_weights(load: Load) -> None:
    with pytest.raises(InputError, match="torchvision and timm publish"):
        load(weights="default")


# --- torchvision ----------------------------------------------------------------------------------------------------


def test_a_torchvision_model_with_random_weights() -> None:
    loaded = load_model(ModelConfig("torchvision:squeezenet1_1", weights="random"))

    assert loaded.name == "squeezenet1_1 (random weights)"
    assert loaded.weights_sha256 is None
    assert loaded.output_names is None
    assert loaded.preprocess == Preprocess()
    assert loaded.input_size == (3, 224, 224)


def test_the_seed_decides_random_weights() -> None:
    def weight(seed: int) -> torch.Tensor:
        loaded = load_model(ModelConfig("torchvision:squeezenet1_1", weights="random", seed=seed))
        return loaded.module.get_parameter("features.0.weight")

    assert torch.equal(weight(1), weight(1))
    assert not torch.equal(weight(1), weight(2))


def test_published_googlenet_weights_load_without_their_auxiliary_heads(tmp_path: Path) -> None:
    from torchvision.models import googlenet

    torch.save(googlenet(aux_logits=True, init_weights=False).state_dict(), tmp_path / "googlenet.pth")

    loaded = load_model(ModelConfig("torchvision:googlenet", weights=str(tmp_path / "googlenet.pth")))

    assert loaded.module.transform_input
    assert loaded.name == "googlenet (googlenet.pth)"
    assert not any("aux" in name for name, _ in loaded.module.named_modules())


def test_densenet_weights_with_their_old_names(tmp_path: Path) -> None:
    from torchvision.models import densenet121

    state = densenet121().state_dict()
    old = {
        k.replace("norm1.", "norm.1.").replace("conv2.", "conv.2.") if "denselayer" in k else k: state[k] for k in state
    }
    assert set(old) != set(state)
    torch.save(old, tmp_path / "densenet.pth")

    loaded = load_model(ModelConfig("torchvision:densenet121", weights=str(tmp_path / "densenet.pth")))

    assert torch.equal(
        loaded.module.state_dict()["features.denseblock1.denselayer1.conv2.weight"],
        state["features.denseblock1.denselayer1.conv2.weight"],
    )


def test_default_weights_come_with_names_of_outputs_and_a_hash(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from torchvision.models import SqueezeNet1_1_Weights, _api, squeezenet1_1

    cached = tmp_path / "checkpoints" / "squeezenet1_1-b8a52dc0.pth"
    cached.parent.mkdir()
    cached.write_bytes(b"as downloaded")
    state = squeezenet1_1().state_dict()
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(_api, "load_state_dict_from_url", lambda *_, **__: state)

    loaded = load_model(ModelConfig("torchvision:squeezenet1_1"))

    assert loaded.output_names == tuple(SqueezeNet1_1_Weights.DEFAULT.meta["categories"])
    assert loaded.weights_sha256 == file_sha256(cached)
    assert loaded.name == "squeezenet1_1"
    assert loaded.published_top1 == pytest.approx(0.58178)
    assert torch.equal(loaded.module.state_dict()["features.0.weight"], state["features.0.weight"])


@pytest.mark.parametrize("source", ["torchvision:squeezenet1_1", "timm:mobilenetv3_small_100", "timm:resnet18.a1_in1k"])
def test_default_weights_without_a_network_name_the_ways_out(
    source: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr(urllib.request, "urlopen", fail)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))

    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", lambda *_, **__: None)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)

    with pytest.raises(InputError, match=r"no route to host.*--weights FILE.*--weights random"):
        load_model(ModelConfig(source, weights="default"))


def test_an_unknown_torchvision_model_gets_the_nearest_names() -> None:
    with pytest.raises(InputError, match=r"Found resnet19\. Did you mean resnet18"):
        load_model(ModelConfig("torchvision:resnet19"))


def test_every_torchvision_model_states_its_preprocessing() -> None:
    from torchvision import models

    for name in models.list_models(module=models):
        transforms = models.get_model_weights(name).DEFAULT.transforms()
        assert Preprocess.from_torchvision(transforms).crop == transforms.crop_size[0]


@pytest.mark.parametrize("source", ["tim:resnet18", "resnet18", "", "torchvison:resnet18", "file:x"])
def test_an_unknown_source_gets_the_known_ones(source: str) -> None:
    with pytest.raises(InputError, match=r"demo, torchvision:NAME, timm:NAME, FILE\.py:CALLABLE"):
        load_model(ModelConfig(source))


# --- demo -----------------------------------------------------------------------------------------------------------


def test_the_demo_brings_weights_preprocessing_layers_and_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from precompute.demo import model as demo

    monkeypatch.setattr(demo, "WEIGHTS", tmp_path / "weights.safetensors")
    save_file(demo.build().state_dict(), demo.WEIGHTS)

    loaded = load_model(ModelConfig("demo"))

    assert loaded.input_size == (3, 96, 96)
    assert loaded.weights_sha256 == file_sha256(demo.WEIGHTS)
    assert loaded.layers is not None
    assert set(loaded.layers) <= {name for name, _ in loaded.module.named_modules()}
    assert loaded.output_names is not None
    assert loaded.module(torch.zeros(1, 3, 96, 96)).shape == (1, len(loaded.output_names))


@pytest.mark.parametrize(("source", "weights"), [("demo", "random"), ("demo:small", None)])
def test_the_demo_takes_no_other_weights(source: str, weights: str | None) -> None:
    with pytest.raises(InputError, match="own weights"):
        load_model(ModelConfig(source, weights))
