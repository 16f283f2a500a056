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


@pytest.mark.parametrize("sampler", ["tpe", "random", "qmc"])
@pytest.mark.parametrize("size", [5, 2])
def test_earlier_finalists_follow_the_configured_settings_best_first(earlier, sampler, size):
    path, params = earlier
    assert earlier_finalists(path) == params
    first = {"latent_dim": 12, "learning_rate": 0.02, "regularization": 0.03}
    given = {"earlier_finalists": params, "sampler": sampler, "trials_per_generation": size}
    plan = plan_of(training=first, **given)
    points = [point for generation in range(3) for point in propose(plan, [], generation)]
    assert len(points) == 3 * size
    assert points[:3] == [first, *params]
    assert not any(point in params for point in points[3:])


def test_earlier_finalists_are_adapted_to_the_current_space():
    found = {"latent_dim": 90.0, "learning_rate": 0.02, "init_deviation": 0.5}
    plan = plan_of(training={"regularization": 0.03}, earlier_finalists=[found])
    assert plan.start[1:] == [{"latent_dim": 50, "learning_rate": 0.02, "regularization": 0.03}]
    assert type(plan.start[1]["latent_dim"]) is int


def test_an_empty_file_has_no_finalists(tmp_path):
    (tmp_path / "trials.csv").touch()
    assert earlier_finalists(tmp_path / "trials.csv") == []


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "number,finalist_mean\nx,y\n"])
def test_other_files_are_refused_by_name(tmp_path, text):
    (tmp_path / "trials.csv").write_text(text)
    with pytest.raises(UserError, match=r"trials\.csv: no table of trials"):
        earlier_finalists(tmp_path / "trials.csv")
