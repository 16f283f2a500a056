import numpy as np
import pytest
import scipy.sparse as sp

from blendmf.common.random_streams import stream
from blendmf.config.models import model_entry
from blendmf.models.observations import Observations
from blendmf.models.svd import fit_svd
from blendmf.studies.rank_sweep import rank_sweep

SVD = model_entry({"kind": "svd"})
MF = model_entry({"kind": "mf", "training": {"epochs": 4}})


@pytest.fixture(scope="module")
def parts():
    random = stream(0, "sweep")
    low_rank = random.normal(0, 1, (40, 2)) @ random.normal(0, 1, (2, 30))
    ratings = (3 + low_rank + random.normal(0, 0.1, low_rank.shape)).clip(1, 5)
    part = random.choice(3, ratings.shape, p=[0.8, 0.1, 0.1])
    return [
        Observations.from_matrix(sp.csr_array(np.where(part == number, ratings, 0)))
        for number in range(3)
    ]


def test_both_methods_are_fitted_at_every_possible_rank(parts):
    table = rank_sweep([1, 2, 29, 30], SVD, MF, *parts, rating_range=(1, 5), seed=1)
    assert list(table["method"]) == ["svd", "mf"] * 3
    assert list(table["rank"]) == [1, 1, 2, 2, 29, 29]
    assert (table["seconds"] > 0).all()
    svd = table[table["method"] == "svd"].set_index("rank")["test_rmse"]
    # The data have rank 2: one factor is too few, 29 fit the zeros and the noise.
    assert svd[2] < svd[1]
    assert svd[2] < svd[29]


def test_svd_is_fitted_alone_without_a_factorisation(parts):
    table = rank_sweep([1], SVD, None, *parts, rating_range=(1, 5), seed=1)
    assert list(table["method"]) == ["svd"]


def test_svd_uses_the_given_shrinkages(parts):
    train, validation, _ = parts
    for entry in (SVD, model_entry({"kind": "svd", "user_shrinkage": 1, "item_shrinkage": 0.5})):
        table = rank_sweep([2], entry, None, *parts, rating_range=(1, 5), seed=1)
        shrinkage = (entry.user_shrinkage, entry.item_shrinkage)
        svd = fit_svd(train, (1, 5), 2, stream(1, "rank_sweep", 2), *shrinkage)
        errors = svd.predict(validation.users, validation.items) - validation.ratings
        assert table["validation_rmse"][0] == pytest.approx(np.sqrt(np.mean(errors**2)))
