"""The page of the model files: its tables have every key, and its loader predicts as models do."""

import re

import numpy as np
import pytest
import scipy.sparse as sp

from blendmf.common.files import read_arrays
from blendmf.common.random_streams import stream
from blendmf.models.baselines import PopularityModel, RandomModel
from blendmf.models.bayesian_factor_model import NORMAL_WIDTHS, BayesianFactorModel
from blendmf.models.factor_model import FactorModel
from blendmf.models.item_neighbours import ItemNeighboursModel
from blendmf.models.model import MODELS, load_model
from blendmf.models.rating_times import RatingTimes
from blendmf.models.svd import PureSvdModel
from blendmf.models.user_prior import UserPrior
from configs import ROOT

PAGE = (ROOT / "docs/reference/model-files.md").read_text(encoding="utf-8")
M, N, T, D, S, R, K, RANGE = 4, 6, 3, 2, 5, 2, 8, (0.5, 5.0)
random = stream(1, "model files")


def drawn(*shape: int) -> np.ndarray:
    return random.standard_normal(shape).astype(np.float32)


def sparse(*shape: int) -> sp.csr_array:
    return sp.csr_array(np.abs(drawn(*shape)))


BIAS = FactorModel(M, N, RANGE, 3.0, drawn(M), drawn(N))
MF = FactorModel(M, N, RANGE, 3.0, drawn(M), drawn(N), drawn(M, D), drawn(N, D))
W = 2 + D
PRIOR = UserPrior(
    0.5, 20.0, drawn(S), drawn(S, W), drawn(S, W, W), drawn(N), drawn(N, R), drawn(S, R, W),
    drawn(2), drawn(S, 2, W),
)  # fmt: skip
BAYES = BayesianFactorModel(
    M, N, RANGE, 3.0, drawn(S, M, 1 + D), drawn(S, N, 1 + D), drawn(M), drawn(N), NORMAL_WIDTHS,
    PRIOR, drawn(M), RatingTimes(np.arange(0, 10, 2), np.arange(K)), drawn(2, K), drawn(2),
)  # fmt: skip
COMPLETE = {
    "factor-model": FactorModel(
        M, N, RANGE, 3.0, drawn(M), drawn(N), drawn(M, D), drawn(N, D), drawn(T, D),
        sparse(M, T), sparse(N, T),
    ),
    "bayesian-factor-model": BAYES,
    "item-neighbours": ItemNeighboursModel(BIAS, sparse(M, N), sparse(N, N), 3.0),
    "pure-svd": PureSvdModel(M, N, RANGE, 0.0, None, None, drawn(M, D), drawn(N, D)),
    "popularity": PopularityModel(M, np.arange(N)),
    "random": RandomModel(M, N, RANGE, 3.0, 1.0, 7),
}  # fmt: skip
SIZES = {"m": M, "n": N, "t": T, "d": D, "s": S, "r": R, "w": W, "k": K}


def rows_of(kind: str) -> dict[str, tuple[str, str]]:
    """Shape and type of each key in the table of a kind."""
    section = PAGE.split(f"\n### {kind}\n")[1].split("\n#")[0]
    rows = re.findall(r"^\| `([\w.]+)` \| (.*?) ?\| (\w+) \|", section, re.MULTILINE)
    return {key: (shape, kind) for key, shape, kind in rows}


def test_every_kind_has_a_table() -> None:
    assert COMPLETE.keys() == MODELS.keys()
    assert all(f"\n### {kind}\n" in PAGE for kind in MODELS)


@pytest.mark.parametrize("kind", MODELS)
def test_the_tables_have_every_key_with_its_shape_and_type(kind: str, tmp_path) -> None:
    COMPLETE[kind].save(tmp_path / "model.npz")
    arrays, rows = read_arrays(tmp_path / "model.npz"), rows_of(kind)
    assert rows.keys() == arrays.keys()
    for key, (shape, type_name) in rows.items():
        array = arrays[key]
        assert array.dtype.kind == "U" if type_name == "text" else type_name in array.dtype.name
        if shape != "entries":
            sizes = [eval(size, {}, SIZES) for size in shape.split(",") if size]  # noqa: S307
            assert array.shape == tuple(sizes), key


@pytest.mark.parametrize("model", [MF, BAYES], ids=["mf", "bayes"])
def test_the_loader_predicts_as_the_model_does(model, tmp_path) -> None:
    path = tmp_path / "model.npz"
    model.save(path)
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict = {}
    exec(code, names)  # noqa: S102
    users, items = np.divmod(np.arange(M * N), N)
    found = [names["predict"](path, *pair) for pair in zip(users, items, strict=True)]
    np.testing.assert_allclose(found, load_model(path).predict(users, items), rtol=1e-6)
    assert RANGE[0] < np.median(found) < RANGE[1]
