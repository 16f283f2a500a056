import pytest
import torch

from blendmf.common.errors import UserError
from blendmf.training.engines import WORTH_A_GPU, choose_engine
from blendmf.training.settings import TrainingSettings

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
def test_settings_determine_the_engine(settings, expected):
    assert chosen(MANY, **settings) == expected


@pytest.mark.parametrize("gpu", [True, False])
def test_auto_depends_on_device_and_size(gpu, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    assert chosen(FEW) == "numba"
    assert chosen(MANY) == ("torch" if gpu else "numba")


def test_the_reason_names_the_deciding_setting():
    assert "4,999,999 ratings" in choose_engine(TrainingSettings(), FEW)[1]
    assert "training.device" in choose_engine(TrainingSettings(device="cuda"), FEW)[1]


@pytest.mark.parametrize(("engine", "optimiser"), [("numba", "adam"), ("torch", "als")])
def test_an_engine_that_cannot_run_the_optimiser_is_refused(engine, optimiser):
    with pytest.raises(UserError, match=rf"training\.engine.*{optimiser}.*engine to auto"):
        chosen(FEW, optimiser=optimiser, engine=engine)
