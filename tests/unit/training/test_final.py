"""The fit on all ratings keeps what validation chose and uses every rating."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from blendmf.common.random_streams import stream
from blendmf.config.models import model_entry
from blendmf.training.final import fit_on_all
from blendmf.training.fit import fit_model
from ratings import observed_where

RANGE = (1.0, 5.0)
SHAPE = (40, 30)
RATINGS = stream(0, "final ratings").integers(1, 6, SHAPE).astype(float)
TIMES = stream(0, "final times").integers(10**6, size=SHAPE)
PART = stream(0, "final parts").choice(4, SHAPE, p=[0.3, 0.15, 0.15, 0.4])
TRAIN, VALIDATION = (observed_where(number == PART, RATINGS, TIMES) for number in (0, 1))
ALL = observed_where(PART < 3, RATINGS, TIMES)
CONTENT = sp.csr_array(stream(0, "final content").random((30, 4)) < 0.5, dtype=np.float32)
SMALL = {"latent_dim": 2, "epochs": 12, "burn_in": 2, "draws": 4}


def both(entry, ranks=()):
    """A model as evaluated, and its fit on all ratings."""
    entry = model_entry(entry)
    given = {"rating_range": RANGE, "seed": 3}
    fit = fit_model(entry, TRAIN, VALIDATION, CONTENT, **given, name=("a",), ranks=ranks)
    final = fit_on_all(
        entry, ALL, CONTENT, fit.model, fit.best_epoch, **given, name=("final", "mf")
    )
    return fit, final


def test_training_stops_at_the_best_epoch_of_the_evaluated_fit():
    fit, final = both({"kind": "mf", "training": SMALL | {"learning_rate": 0.3}})
    assert 0 < fit.best_epoch < fit.epochs, "training went on after its best epoch"
    assert final.epochs == final.best_epoch == fit.best_epoch


def test_a_sampler_runs_all_sweeps_and_keeps_the_widths_of_its_intervals():
    fit, final = both({"kind": "mf", "training": SMALL | {"optimiser": "bayes"}})
    assert final.epochs == 12
    np.testing.assert_array_equal(final.model.widths, fit.model.widths)
    assert not np.array_equal(final.model.user_rows, fit.model.user_rows)


def test_the_rank_of_an_svd_is_the_one_that_validation_chose():
    fit, final = both({"kind": "svd"}, ranks=[1, 3, 7])
    assert final.model.user_factors.shape == fit.model.user_factors.shape


@pytest.mark.parametrize(
    "entry",
    [
        {"kind": "bias"},
        {"kind": "item-neighbours"},
        {"kind": "mf-content", "blend": "item", "training": SMALL},
        {"kind": "mf", "training": SMALL | {"optimiser": "bayes"}},
    ],
    ids=lambda entry: entry["kind"],
)
def test_a_rating_of_the_test_part_changes_the_fit_that_people_use_only(entry):
    fit, final = both(entry)
    tested = np.flatnonzero(PART[PART < 3] == 2)
    changed = ALL.ratings.copy()
    changed[tested] = 6 - changed[tested]
    other = fit_on_all(
        model_entry(entry),
        replace(ALL, ratings=changed),
        CONTENT,
        fit.model,
        fit.best_epoch,
        rating_range=RANGE,
        seed=3,
        name=("final", "mf"),
    )
    users, items = np.arange(40), np.zeros(40, dtype=int)
    assert not np.array_equal(final.model.predict(users, items), other.model.predict(users, items))
