"""The page of the model files: its tables have every key, and its loader predicts as models do."""

import re

import numpy as np
import pytest

from blendmf.common.files import read_arrays
from blendmf.models.baselines import POPULARITY_LAYOUT, RANDOM_LAYOUT
from blendmf.models.bayesian_factor_model import BAYESIAN_LAYOUT
from blendmf.models.factor_model import FACTOR_LAYOUT
from blendmf.models.item_neighbours import NEIGHBOURS_LAYOUT
from blendmf.models.model import MODELS, load_model
from blendmf.models.stored import NAMES
from complete_models import BAYES, COMPLETE, MF, RANGE, D, K, M, N, R, S, T, W
from configs import ROOT

PAGE = (ROOT / "docs/reference/model-files.md").read_text(encoding="utf-8")
LAYOUTS = {
    "factor-model": FACTOR_LAYOUT,
    "bayesian-factor-model": BAYESIAN_LAYOUT,
    "item-neighbours": NEIGHBOURS_LAYOUT,
    "pure-svd": FACTOR_LAYOUT,
    "popularity": POPULARITY_LAYOUT,
    "random": RANDOM_LAYOUT,
}
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
    assert rows.keys() | {NAMES} == arrays.keys()
    assert rows == {
        name: (stored.shape, stored.type) for name, stored in LAYOUTS[kind].items() if name in rows
    }
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
