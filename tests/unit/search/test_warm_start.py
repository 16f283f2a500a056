import pytest

from blendmf.common.errors import UserError
from blendmf.common.files import write_rows
from blendmf.search.finalists import Refit, best_trials
from blendmf.search.generation import propose
from blendmf.search.selection import earlier_finalists, trials_table
from searches import plan_of, run


@pytest.fixture
def earlier(tmp_path):
    """Table of an earlier search; the second of its two finalists is better."""
    plan = plan_of(finalists=2, seed=7)
    trials, _ = run(plan, tmp_path / "search")
    best = best_trials(plan, trials)
    refits = [Refit(best[0].number, 1, 0.9, 1), Refit(best[1].number, 1, 0.8, 1)]
    write_rows(tmp_path / "trials.csv", *trials_table(plan, trials, refits))
    return tmp_path / "trials.csv", [best[1].params, best[0].params]


def test_finalists_are_read_best_first(earlier):
    path, params = earlier
    assert earlier_finalists(path) == params


@pytest.mark.parametrize("sampler", ["tpe", "random", "qmc"])
def test_earlier_finalists_follow_the_configured_settings(earlier, sampler):
    path, params = earlier
    configured = {"latent_dim": 12, "learning_rate": 0.02, "regularization": 0.03}
    plan = plan_of(training=configured, earlier_finalists=earlier_finalists(path), sampler=sampler)
    assert propose(plan, [], 0)[:3] == [configured, *params]
    assert len(propose(plan, [], 0)) == 5


def test_surplus_earlier_finalists_move_to_the_next_generation(earlier):
    path, params = earlier
    plan = plan_of(
        training={"latent_dim": 12, "learning_rate": 0.02, "regularization": 0.03},
        earlier_finalists=earlier_finalists(path),
        trials_per_generation=2,
    )
    assert propose(plan, [], 0)[1] == params[0]
    assert propose(plan, [], 1)[0] == params[1]
    assert propose(plan, [], 2)[0] not in params


def test_earlier_finalists_are_adapted_to_the_current_space():
    found = {"latent_dim": 90.0, "learning_rate": 0.02, "init_deviation": 0.5}
    plan = plan_of(training={"regularization": 0.03}, earlier_finalists=[found])
    assert plan.start[1:] == [{"latent_dim": 50, "learning_rate": 0.02, "regularization": 0.03}]
    assert type(plan.start[1]["latent_dim"]) is int


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "number,finalist_mean\nx,y\n"])
def test_other_files_are_refused_by_name(tmp_path, text):
    path = tmp_path / "trials.csv"
    path.write_text(text)
    if text == "":
        assert earlier_finalists(path) == []
        return
    with pytest.raises(UserError, match=r"trials\.csv: no table of trials"):
        earlier_finalists(path)
