"""Models of timm: their preprocessing, their three kinds of weights, and logits equal to those of torchvision."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from precompute.contract.errors import InputError
from precompute.contract.schema import TABLES, read_table
from precompute.models.sources.loading import ModelConfig, load_model
from precompute.models.sources.preprocess import Preprocess
from precompute.models.sources.timm_models import read_preprocess
from precompute.models.weights.loading import hash_file
from summit_dash.cli import main
from tests.support.small import write_small

SMALLEST = "timm:mobilenetv3_small_050"


def make_config(**changed: Any) -> dict[str, Any]:
    import timm

    return {**timm.get_pretrained_cfg("resnet50.a1_in1k").to_dict(), **changed}


def test_a_timm_model_with_random_weights() -> None:
    loaded = load_model(ModelConfig(SMALLEST, weights="random"))

    assert loaded.name == "mobilenetv3_small_050 (random weights)"
    assert loaded.weights_sha256 is None and loaded.output_names is None and loaded.notes == ()
    assert loaded.input_size == (3, 224, 224)
    assert loaded.preprocess == Preprocess(
        resize=256, crop=224, interpolation="bicubic", mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)
    )
    assert not loaded.module.training


def test_the_seed_decides_random_weights() -> None:
    def load_weight(seed: int) -> torch.Tensor:
        return load_model(ModelConfig(SMALLEST, "random", seed=seed)).module.get_parameter("conv_stem.weight")

    assert torch.equal(load_weight(1), load_weight(1))
    assert not torch.equal(load_weight(1), load_weight(2))


# --- preprocessing --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(300, 200), (230, 260), (224, 224)])
@pytest.mark.parametrize("crop_pct", [0.875, 0.95, 1.0])
@pytest.mark.parametrize(
    ("mode", "input_size"), [("center", (3, 224, 224)), ("squash", (3, 224, 224)), ("squash", (3, 96, 64))]
)
def test_images_equal_those_of_timms_transform(
    size: tuple[int, int], crop_pct: float, mode: str, input_size: tuple[int, int, int]
) -> None:
    from timm.data import create_transform, resolve_data_config

    published = make_config(crop_pct=crop_pct, crop_mode=mode, input_size=input_size)
    preprocess, notes = read_preprocess(published, "resnet50")
    image = Image.effect_noise(size, 90).convert("RGB")

    theirs = create_transform(**resolve_data_config(pretrained_cfg=published))(image)

    assert notes == ()
    ours = preprocess.build_tensor(preprocess.prepare_image(image)[None])[0]
    assert torch.allclose(ours, theirs, atol=1e-6)


def test_the_size_is_that_of_training_not_of_testing() -> None:
    published = make_config()
    assert published["test_input_size"] == (3, 288, 288)

    preprocess, _ = read_preprocess(published, "resnet50")

    assert (preprocess.resize, preprocess.crop) == (235, 224)


def test_another_way_to_crop_is_noted() -> None:
    preprocess, notes = read_preprocess(make_config(crop_mode="border", crop_pct=1.0), "net")

    assert (preprocess.resize, preprocess.crop) == (224, 224)
    assert len(notes) == 1 and "put on a border" in notes[0] and "224 px" in notes[0]


@pytest.mark.parametrize("size", [(3, 256, 192), (1, 224, 224)])
def test_an_input_that_is_no_square_picture_is_refused(size: tuple[int, int, int]) -> None:
    with pytest.raises(InputError, match=f"{size[0]} x {size[1]} x {size[2]}"):
        read_preprocess(make_config(input_size=size), "net")


def test_nearly_every_timm_model_has_a_preprocessing() -> None:
    import timm

    refused = []
    for name in timm.list_models():
        try:
            read_preprocess(timm.get_pretrained_cfg(name).to_dict(), name)
        except InputError:
            refused.append(name)

    assert all("sapiens" in name for name in refused)  # trained on tall images


# --- names ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("resnet19", r"Found resnet19\. Did you mean resnet18"),
        ("resnet50.a1_in2k", r"Did you mean .*resnet50\.a1_in1k"),
        ("", r"Found no name.*summit-dash models"),
        ("hf-hub:someone/model", r"Found hf-hub"),
    ],
)
def test_an_unknown_timm_model_gets_the_nearest_names(name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_model(ModelConfig(f"timm:{name}"))


def test_a_model_without_published_weights_is_an_error() -> None:
    with pytest.raises(InputError, match=r"There are none for timm:coatnet_0_224.*--weights random"):
        load_model(ModelConfig("timm:coatnet_0_224"))


def test_a_model_without_a_head_is_noted() -> None:
    loaded = load_model(ModelConfig("timm:test_vit.r160_in1k", "random"))
    assert loaded.notes == ()

    headless = load_model(ModelConfig("timm:convnextv2_atto.fcmae", "random"))
    assert "no classification head" in headless.notes[0]


# --- weights --------------------------------------------------------------------------------------------------------


def test_default_weights_come_from_the_cache_of_the_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    state = load_model(ModelConfig(SMALLEST, "random", seed=5)).module.state_dict()
    save_file(state, tmp_path / "model.safetensors")
    asked = []

    def get_cached(repository: str, file: str, **_: Any) -> str:
        asked.append((repository, file))
        return str(tmp_path / file)

    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", get_cached)

    loaded = load_model(ModelConfig(SMALLEST))

    assert asked == [("timm/mobilenetv3_small_050.lamb_in1k", "model.safetensors")]
    assert loaded.name == "mobilenetv3_small_050"
    assert loaded.output_names is not None and len(loaded.output_names) == 1000
    assert "goldfish" in loaded.output_names[1]
    assert loaded.weights_sha256 == hash_file(tmp_path / "model.safetensors")
    assert torch.equal(loaded.module.get_parameter("conv_stem.weight"), state["conv_stem.weight"])


def test_a_refusal_of_the_hub_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("401 Unauthorized\nmore lines")

    monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", lambda *_, **__: None)
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", refuse)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)

    with pytest.raises(InputError, match=r"could not be had \(401 Unauthorized\)\. Give --weights FILE"):
        load_model(ModelConfig(SMALLEST))


@pytest.mark.parametrize("prefix", ["", "module.", "module._orig_mod.", "model."])
@pytest.mark.parametrize("wrapper", ["", "state_dict", "state_dict_ema"])
def test_weights_from_a_file_with_the_usual_wrappers(prefix: str, wrapper: str, tmp_path: Path) -> None:
    state = load_model(ModelConfig(SMALLEST, "random", seed=5)).module.state_dict()
    renamed = {f"{prefix}{key}": value for key, value in state.items()}
    torch.save({wrapper: renamed, "epoch": 3} if wrapper else renamed, tmp_path / "best.pth")

    loaded = load_model(ModelConfig(SMALLEST, str(tmp_path / "best.pth")))

    assert loaded.name == "mobilenetv3_small_050 (best.pth)"
    assert loaded.weights_sha256 == hash_file(tmp_path / "best.pth")
    assert all(torch.equal(value, state[key]) for key, value in loaded.module.state_dict().items())


def test_the_authors_own_names_are_converted_by_timm(tmp_path: Path) -> None:
    """ConvNeXt's authors name its stages otherwise than timm does."""
    source = "timm:test_convnext"
    state = load_model(ModelConfig(source, "random", seed=5)).module.state_dict()
    rules = (
        (r"^head\.norm\.", "norm."),
        (r"^head\.fc\.", "head."),
        (r"^stem\.", "downsample_layers.0."),
        (r"\.blocks\.", "."),
        (r"^stages\.(\d)\.downsample\.", r"downsample_layers.\1."),
        (r"\.conv_dw\.", ".dwconv."),
        (r"\.mlp\.fc", ".pwconv"),
    )
    original = {}
    for key, value in state.items():
        for pattern, replacement in rules:
            key = re.sub(pattern, replacement, key)
        original[key] = value
    assert not {"head.fc.weight", "stem.0.weight"} & original.keys()
    save_file(original, tmp_path / "authors.safetensors")

    loaded = load_model(ModelConfig(source, str(tmp_path / "authors.safetensors")))

    assert all(torch.equal(value, state[key]) for key, value in loaded.module.state_dict().items())
    assert "state_dict" not in loaded.module.pretrained_cfg


def test_weights_of_another_model_are_named(tmp_path: Path) -> None:
    save_file({"conv_stem.weight": torch.zeros(1, 3, 3, 3)}, tmp_path / "other.safetensors")

    with pytest.raises(InputError, match=r"other\.safetensors has .* missing: .*of another shape: conv_stem\.weight"):
        load_model(ModelConfig(SMALLEST, str(tmp_path / "other.safetensors")))


# --- the same architecture from two libraries -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def twin_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state of a ResNet-18, whose parameters both libraries name alike."""
    from torchvision.models import resnet18

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("twin") / "resnet18.safetensors"
    save_file(resnet18().state_dict(), path)
    return path


def test_twins_give_the_same_logits(twin_weights: Path) -> None:
    one, other = (load_model(ModelConfig(f"{kind}:resnet18", str(twin_weights))) for kind in ("torchvision", "timm"))

    images = torch.rand(4, 3, 64, 64, generator=torch.Generator().manual_seed(1))

    assert one.module is not other.module and type(one.module) is not type(other.module)
    assert torch.equal(one.module(images), other.module(images))


def test_twins_give_the_same_tables(twin_weights: Path, tmp_path: Path) -> None:
    _, _, images, *_ = write_small(tmp_path, n_images=2)
    (tmp_path / "input.toml").write_text((tmp_path / "input.toml").read_text().replace("= 24", "= 64"))
    options = ["--weights", str(twin_weights), "--preprocess", f"{tmp_path}/input.toml"]
    layers = ["--layers", "layer1.0,layer2.0,layer3.1", "--stages", "aggregate,graphs"]
    for kind in ("torchvision", "timm"):
        with pytest.raises(SystemExit) as ended:
            main(["precompute", f"{kind}:resnet18", images, *options, *layers, "--out", str(tmp_path / kind)])
        assert not ended.value.code

    written = [name for name in TABLES if (tmp_path / "timm" / f"{name}.parquet").is_file()]
    assert {"activations", "influences", "images", "channels", "attribution_graph_edges"} <= set(written)
    for name in written:
        one, other = read_table(tmp_path / "torchvision", name), read_table(tmp_path / "timm", name)
        assert one.num_rows > 0 and one.equals(other), name
