"""The choice of the weights of a checkpoint for a module: those that fit, with a note where several do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from precompute.contract.errors import InputError
from precompute.models.sources.loading import ModelConfig, load_model
from precompute.models.weights.checkpoint import Checkpoint, read_checkpoint
from precompute.models.weights.loading import load_weights
from precompute.models.weights.weights_file import split_weights
from tests.support.checkpoint_files import State, add_prefix, halve, make_lightning, make_training
from tests.support.command_line import FIRST_STAGES, call
from tests.support.small import write_small


class Net(nn.Module):
    """Two stages of a convolution and its batch norm, and a head."""

    def __init__(self, n_outputs: int = 2) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 4, 3))
        self.head = nn.Linear(4, n_outputs)


class Holder(nn.Module):
    """A network as an attribute of another."""

    def __init__(self, name: str, module: nn.Module) -> None:
        super().__init__()
        setattr(self, name, module)


def make_state() -> State:
    torch.manual_seed(1)
    return {key: value.clone() for key, value in Net().state_dict().items()}


PLAIN = make_state()
EMA = halve(PLAIN)


def load_state(
    path: Path, content: Any, key: str = "", module: nn.Module | None = None
) -> tuple[State, tuple[str, ...]]:
    """Loads a checkpoint with this content into a module, and returns the module's state and the notes."""
    module = module or Net()
    torch.save(content, path / "a.pth")
    notes = load_weights(module, read_checkpoint(split_weights(f"{path}/a.pth{key}")))
    return dict(module.state_dict()), notes


def rename(old: str, new: str) -> State:
    return {key.replace(old, new): value for key, value in PLAIN.items()}


def is_equal(one: State, other: State) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


def make_averaged() -> State:
    """Makes a state of torch's own classes for SWA and EMA."""
    net = Net()
    net.load_state_dict(EMA)
    return dict(AveragedModel(net).state_dict())


WHOLE: dict[str, Callable[[], Any]] = {
    "flat": lambda: PLAIN,
    "state_dict": lambda: make_training(PLAIN),
    "DataParallel": lambda: make_training(add_prefix("module.", PLAIN)),
    "parts in DataParallel": lambda: make_training(
        {k.replace("features.", "features.module."): v for k, v in PLAIN.items()}
    ),
    "compiled": lambda: add_prefix("_orig_mod.", PLAIN),
    "compiled, then DataParallel": lambda: add_prefix("module._orig_mod.", PLAIN),
    "DataParallel, then compiled": lambda: add_prefix("_orig_mod.module.", PLAIN),
    "compiled parts": lambda: rename("features.", "features._orig_mod."),
    "net": lambda: {"net": PLAIN, "acc": 91.2, "epoch": 3},
    "model": lambda: {"model": PLAIN, "scaler": {"scale": 1.0}},
    "model_state_dict": lambda: {"model_state_dict": add_prefix("module.", PLAIN), "loss": torch.tensor(1.0)},
    "network": lambda: {"network": PLAIN},
    "another key": lambda: {"best_weights": PLAIN},
    "two keys": lambda: {"checkpoint": {"net": {"state_dict": PLAIN}}},
    "another attribute": lambda: {"state_dict": add_prefix("net.backbone.", PLAIN)},
    "without counters": lambda: {k: v for k, v in PLAIN.items() if "num_batches" not in k},
}


@pytest.mark.parametrize("name", WHOLE)
def test_nothing_is_said_where_there_is_no_choice(name: str, tmp_path: Path) -> None:
    torch.save(WHOLE[name](), tmp_path / "a.pth")
    module = Net()
    module.features[1].num_batches_tracked += PLAIN["features.1.num_batches_tracked"]

    assert load_weights(module, read_checkpoint(split_weights(f"{tmp_path}/a.pth"))) == ()
    assert is_equal(dict(module.state_dict()), PLAIN)


BESIDE: dict[str, tuple[Callable[[], Any], str]] = {
    "lightning": (
        lambda: make_lightning(PLAIN),
        r"Left out 2 entries of .*a\.pth beside model\.\*: criterion\.weight, accuracy\.tp\.",
    ),
    "SWA": (make_averaged, r"Left out 1 entry of .* beside module\.\*: n_averaged\."),
    "a loss": (
        lambda: {**add_prefix("net.", PLAIN), "loss_fn.weight": torch.ones(2)},
        r"beside net\.\*: loss_fn\.weight\.",
    ),
    "values": (lambda: {**PLAIN, "epoch": 3, "lr": 0.1}, r"Left out 2 entries of .*a\.pth: epoch, lr\."),
    "a decoder": (
        lambda: {**add_prefix("encoder.", PLAIN), **{f"decoder.{n}.weight": torch.ones(3) for n in range(7)}},
        r"beside encoder\.\*: decoder\.0\.weight, .*decoder\.4\.weight and 2 more\.",
    ),
}


@pytest.mark.parametrize("name", BESIDE)
def test_what_lies_beside_the_weights_is_left_out_and_said(name: str, tmp_path: Path) -> None:
    make, said = BESIDE[name]

    found, notes = load_state(tmp_path, make())

    assert is_equal(found, EMA if name == "SWA" else PLAIN)
    (note,) = notes
    assert re.search(said, note), note


AVERAGED: dict[str, Callable[[], Any]] = {
    "timm": lambda: make_training(PLAIN, state_dict_ema=EMA),
    "torchvision's reference": lambda: {"model": PLAIN, "model_ema": make_averaged(), "optimizer": {}},
    "ema": lambda: {"model": PLAIN, "ema": EMA},
    "nested": lambda: {"state_dict": PLAIN, "callbacks": {"EMA": {"ema_state_dict": EMA}}},
    "in one dict": lambda: {**add_prefix("ema_model.module.", EMA), **add_prefix("model.", PLAIN)},
    "swa_state_dict": lambda: {"state_dict": PLAIN, "swa_state_dict": add_prefix("module.", EMA)},
    "last in the file": lambda: {"ema_state_dict": EMA, "model_state_dict": PLAIN},
}


@pytest.mark.parametrize("name", AVERAGED)
def test_averaged_weights_come_first_and_the_others_by_their_key(name: str, tmp_path: Path) -> None:
    found, notes = load_state(tmp_path, AVERAGED[name]())

    assert is_equal(found, EMA) and "averaged over the training) were taken, not" in notes[0]
    other = notes[0].rpartition("--weights ")[2].split(" ")[0]
    module = Net()
    load_weights(module, read_checkpoint(split_weights(other)))
    assert is_equal(dict(module.state_dict()), PLAIN)


def test_a_usual_name_comes_before_another(tmp_path: Path) -> None:
    found, notes = load_state(tmp_path, {"best": EMA, "state_dict": PLAIN})

    assert is_equal(found, PLAIN) and "state_dict were taken, not best." in notes[0]
    assert is_equal(load_state(tmp_path, {"best": EMA, "state_dict": PLAIN}, ":best")[0], EMA)


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ({"student": PLAIN, "teacher": EMA}, "student, teacher"),
        ({**add_prefix("student.", PLAIN), **add_prefix("teacher.", EMA)}, "student, teacher"),
        ({"state_dict_ema": EMA, "swa": PLAIN}, "state_dict_ema, swa"),
    ],
)
def test_where_no_rule_chooses_a_person_does(content: Any, names: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=rf"holds {names}, which all fit.*--weights .*a\.pth:{names.split(',')[0]}\."):
        load_state(tmp_path, content)
    assert is_equal(load_state(tmp_path, content, f":{names.split(', ')[1]}")[0], EMA if "teacher" in names else PLAIN)


def test_the_same_weights_twice_are_no_choice(tmp_path: Path) -> None:
    found, notes = load_state(tmp_path, {"student": PLAIN, "teacher": PLAIN})

    assert is_equal(found, PLAIN) and notes == ()


def test_averaged_weights_of_another_layout_are_passed_over(tmp_path: Path) -> None:
    found, _ = load_state(tmp_path, {"state_dict": PLAIN, "state_dict_ema": {"a": torch.ones(1)}})

    assert is_equal(found, PLAIN)


def test_the_averages_of_an_optimizer_are_no_weights(tmp_path: Path) -> None:
    """Some keep them under the names of the parameters, and they have their shapes."""
    kept = {"exp_avg": EMA, "exp_avg_sq": EMA}
    found, notes = load_state(
        tmp_path, make_training(PLAIN, optimizer_state=kept, averages={"exp_avg": EMA}, gradients=EMA)
    )

    assert is_equal(found, PLAIN) and notes == ()


@pytest.mark.parametrize("key", ["ema", "state_dict.model", "optimizer"])
def test_a_key_that_is_not_there(key: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=rf"has no {key}; it holds state_dict\."):
        load_state(tmp_path, make_training(PLAIN), f":{key}")


@pytest.mark.parametrize("name", ["model", "net"])
def test_a_module_that_holds_the_network_takes_the_networks_weights(name: str, tmp_path: Path) -> None:
    found, notes = load_state(tmp_path, make_training(add_prefix("module.", PLAIN)), module=Holder(name, Net()))

    assert is_equal(found, add_prefix(f"{name}.", PLAIN)) and notes == ()


# --- misfits --------------------------------------------------------------------------------------------------------


def test_another_number_of_classes_is_named_under_any_prefix(tmp_path: Path) -> None:
    for content in (PLAIN, make_training(add_prefix("module.", PLAIN)), make_lightning(PLAIN)):
        with pytest.raises(InputError) as caught:
            load_state(tmp_path, content, module=Net(n_outputs=7))
        assert "has 2 of another shape: head.weight (file (2, 4), model (7, 4)), head.bias" in caught.value.found
        assert "for another number of classes" in caught.value.fix


def test_the_error_is_about_the_nearest_state_dict(tmp_path: Path) -> None:
    wrong = {**{k: v for k, v in PLAIN.items() if k != "head.bias"}, "tail.bias": torch.ones(2)}

    with pytest.raises(InputError) as caught:
        load_state(tmp_path, {"discriminator": {"a.weight": torch.ones(2)}, "generator": add_prefix("module.", wrong)})

    assert caught.value.found.endswith("a.pth (generator) has 1 missing: head.bias; 1 unexpected: tail.bias.")


def test_keys_of_the_network_itself_are_not_left_out(tmp_path: Path) -> None:
    """A layer that the module lacks is no matter of what lies beside it."""
    with pytest.raises(InputError, match=r"1 unexpected: features\.9\.weight"):
        load_state(tmp_path, {**PLAIN, "features.9.weight": torch.ones(2)})


def test_a_parameter_that_is_no_tensor_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"head\.bias \(array or number of numpy, no tensor\)"):
        load_state(tmp_path, {**PLAIN, "head.bias": PLAIN["head.bias"].numpy()})


def test_modules_that_rename_old_keys_themselves_are_asked(tmp_path: Path) -> None:
    module = Net()
    module.register_load_state_dict_pre_hook(lambda _, state, *__: state.update({"head.bias": state.pop("tail.bias")}))

    load_weights(module, Checkpoint.from_state(rename("head.bias", "tail.bias"), "here"))

    assert is_equal(dict(module.state_dict()), PLAIN)


# --- libraries and runs ---------------------------------------------------------------------------------------------


def test_torchvision_takes_averaged_weights(tmp_path: Path) -> None:
    from torchvision.models import squeezenet1_1

    state = dict(squeezenet1_1().state_dict())
    ema = {"n_averaged": torch.tensor(1), **add_prefix("module.", halve(state))}
    torch.save({"model": state, "model_ema": ema}, tmp_path / "model_90")

    made = load_model(ModelConfig("torchvision:squeezenet1_1", str(tmp_path / "model_90")))

    assert is_equal(dict(made.module.state_dict()), halve(state)) and len(made.notes) == 2


def test_a_run_notes_which_weights_were_taken_and_draws_with_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from safetensors.torch import load_file

    arguments = write_small(tmp_path)
    small = load_file(tmp_path / "weights.safetensors")
    torch.save(make_training(small, state_dict_ema=halve(small)), tmp_path / "last.pth.tar")
    place = arguments.index("--weights") + 1
    for key, name in (("", "ema"), (":state_dict", "plain")):
        arguments[place] = f"{tmp_path}/last.pth.tar{key}"
        assert call([*arguments, *FIRST_STAGES, "--out", str(tmp_path / name)]) == 0
        said = capsys.readouterr().err
        assert ("state_dict_ema (averaged over the training) were taken" in said) == (name == "ema")

    model = {name: json.loads((tmp_path / name / "manifest.json").read_text())["model"] for name in ("ema", "plain")}
    assert model["plain"]["weights"] == f"{tmp_path}/last.pth.tar:state_dict"
    assert model["ema"]["weights_sha256"] == model["plain"]["weights_sha256"]
    assert model["ema"]["parameters_sha256"] != model["plain"]["parameters_sha256"]
    assert call(["visualize", str(tmp_path / "plain"), "--limit", "1", "--steps", "2", "--layers", "second"]) == 0
    assert call(["visualize", str(tmp_path / "plain"), "--weights", f"{tmp_path}/last.pth.tar"]) == 2
    assert "its parameters are others (are these its weights?)" in capsys.readouterr().err
