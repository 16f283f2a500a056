import pytest
import torch

from blendmf.common.errors import UserError
from blendmf.config.training import TrainingSettings
from blendmf.training.engines import WORTH_A_GPU, choose_engine

FEW, MANY = WORTH_A_GPU - 1, WORTH_A_GPU


def chosen(n_ratings, **settings):
    return choose_engine(TrainingSettings(**settings), n_ratings)[0]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"engine": "numba"}, "numba"),
        ({"engine": "torch"}, "torch"),
        ({"device": "cpu"}, "numba"),
        ({"device": "cuda"}, "torch"),
        ({"device": "mps"}, "torch"),
        ({"optimiser": "adam"}, "torch"),
        ({"optimiser": "gd", "device": "cpu"}, "torch"),
        ({"optimiser": "als"}, "numba"),
        ({"optimiser": "als", "device": "cuda"}, "numba"),
    ],
)
def test_what_the_settings_say_is_done(settings, expected):
    assert chosen(MANY, **settings) == expected


@pytest.mark.parametrize("gpu", [True, False])
def test_auto_goes_by_device_and_size(gpu, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    assert chosen(FEW) == "numba"
    assert chosen(MANY) == ("torch" if gpu else "numba")


def test_the_reason_names_what_decided():
    assert "4,999,999 ratings" in choose_engine(TrainingSettings(), FEW)[1]
    assert "training.device" in choose_engine(TrainingSettings(device="cuda"), FEW)[1]


def test_numba_cannot_run_adam():
    with pytest.raises(UserError, match=r"training\.engine.*adam"):
        chosen(FEW, optimiser="adam", engine="numba")


def test_torch_cannot_run_als():
    with pytest.raises(UserError, match=r"training\.engine.*als.*engine to auto"):
        chosen(FEW, optimiser="als", engine="torch")
