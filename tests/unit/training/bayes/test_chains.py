import numpy as np
import pytest

from blendmf.common.files import write_json, write_rows
from blendmf.config.models import model_entry
from blendmf.evaluation.rating_metrics import rmse
from blendmf.models.model import save_model
from blendmf.training.bayes.chains import in_one
from blendmf.training.fit import fit_model
from blendmf.training.fitted import Fit
from blendmf.training.loop import Epoch
from blendmf.training.new_users import with_new_users
from ratings import observed_where

SHAPE = (60, 50)
random = np.random.default_rng(4)
TRUTH = 3 + random.normal(size=(60, 1)) + random.normal(size=(60, 3)) @ random.normal(size=(3, 50))
RATINGS = TRUTH + random.normal(size=SHAPE)
TIMES = random.integers(10_000, size=SHAPE)
PART = random.choice(3, SHAPE, p=[0.4, 0.3, 0.3])
TRAIN, VALIDATION, TEST = (observed_where(number == PART, RATINGS, TIMES) for number in range(3))
SETTINGS = {"latent_dim": 3, "epochs": 12, "burn_in": 4, "optimiser": "bayes"}


def fit(goes_on=lambda *_: True, chain=None, **training):
    entry = model_entry({"kind": "mf", "training": SETTINGS | training})
    given = {"rating_range": (-20, 20), "seed": 3, "name": ("chains",)}
    return fit_model(entry, TRAIN, VALIDATION, None, **given, goes_on=goes_on, chain=chain)


@pytest.fixture(scope="module")
def three():
    return fit(chains=3)


def test_several_chains_are_more_accurate_than_one(three):
    single = [rmse(fit(chains=3, chain=number).model, TEST) for number in range(3)]
    assert rmse(three.model, TEST) < np.mean(single)
    assert three.validation_rmse == pytest.approx(rmse(three.model, VALIDATION), abs=1e-9)
    assert three.epochs == 36


def test_the_draws_are_those_of_the_chains(three):
    models = [fit(chains=3, chain=number).model for number in range(3)]
    np.testing.assert_array_equal(
        three.model.user_rows, np.concatenate([model.user_rows for model in models])
    )
    np.testing.assert_array_equal(models[0].user_rows, fit().model.user_rows)
    assert not np.array_equal(models[0].user_rows, models[1].user_rows)


def test_chains_of_separate_jobs_give_the_same_bits(three, tmp_path):
    read = []
    for number in range(3):
        folder = tmp_path / str(number)
        alone = fit(chains=3, chain=number)
        save_model(folder / "model.npz", alone.model, "index")
        write_rows(folder / "history.csv", Epoch._fields, alone.history)
        write_json(folder / "fit.json", alone.facts(len(TRAIN)))
        read.append(Fit.read(folder, "index"))
    together = in_one(read, VALIDATION)
    for folder, one in (("a", three), ("b", together)):
        one.model.save(tmp_path / folder / "model.npz")
    assert (tmp_path / "a/model.npz").read_bytes() == (tmp_path / "b/model.npz").read_bytes()
    facts = [one.facts(len(TRAIN)) for one in (three, together)]
    for key in ("convergence", "traces", "validation_rmse", "epochs", "chains"):
        assert facts[0][key] == facts[1][key], key


def test_new_users_are_drawn_from_the_priors_of_all_chains(three):
    of_known = TRAIN.where(TRAIN.users < 10)
    model = with_new_users(three.model, TRAIN, of_known, list(range(60, 120)), seed=1)
    again = model.predict(60 + TEST.users, TEST.items)
    for_known = three.model.predict(TEST.users, TEST.items)
    few = TEST.users < 10
    assert np.corrcoef(again[few], for_known[few])[0, 1] > 0.95


def test_a_fit_that_is_stopped_runs_no_further_chain():
    assert fit(lambda epoch, _: epoch < 5, chains=3).epochs == 5


def test_every_fit_of_draws_states_its_convergence(three):
    facts = three.facts(len(TRAIN))
    assert facts["chains"] == 3
    assert facts["convergence"].keys() == {"training RMSE", "validation RMSE", "noise"}
    for found in facts["convergence"].values():
        assert 0.9 < found["r_hat"] < 10
        assert 1 < found["effective_draws"] < 100


def test_a_fit_without_validation_ratings_has_facts_that_can_be_written(tmp_path):
    entry = model_entry({"kind": "mf", "training": SETTINGS})
    nothing = VALIDATION.where(np.zeros(len(VALIDATION), dtype=bool))
    given = {"rating_range": (-20, 20), "seed": 3, "name": ("chains",)}
    facts = fit_model(entry, TRAIN, nothing, None, **given).facts(len(TRAIN))
    write_json(tmp_path / "fit.json", facts)
    assert facts["convergence"].keys() == {"training RMSE", "noise"}


def test_a_refit_uses_the_validation_ratings_and_keeps_what_they_chose():
    plain, refitted = fit(), fit(refit=True)
    assert rmse(refitted.model, TEST) < rmse(plain.model, TEST)
    assert refitted.validation_rmse == plain.validation_rmse
    np.testing.assert_array_equal(refitted.model.widths, plain.model.widths)
    np.testing.assert_array_equal(refitted.model.cold_offsets, plain.model.cold_offsets)
    assert refitted.model.user_prior.position == plain.model.user_prior.position
    assert refitted.model.global_mean == pytest.approx(TRAIN.joined(VALIDATION).ratings.mean())
    low, high = refitted.model.intervals(TEST.users, TEST.items, 0.9, TEST.times)
    assert 0.85 < np.mean((low <= TEST.ratings) & (TEST.ratings <= high)) < 0.95


def test_refitted_chains_of_separate_jobs_give_the_same_bits():
    alone = [fit(chains=2, chain=number, refit=True) for number in range(2)]
    nothing = VALIDATION.where(np.zeros(len(VALIDATION), dtype=bool))
    together, in_one_job = in_one(alone, nothing), fit(chains=2, refit=True)
    np.testing.assert_array_equal(together.model.user_rows, in_one_job.model.user_rows)
    np.testing.assert_array_equal(together.model.widths, in_one_job.model.widths)
    assert together.validation_rmse == in_one_job.validation_rmse
