import json
import math

import pytest

from blendmf.common.errors import UserError
from blendmf.search.finalists import best_trials, read_refits, refit_finalists, write_refits
from blendmf.search.trials import Trial, TrialOutcome
from searches import distance, plan_of, quadratic, run


@pytest.fixture
def searched(tmp_path):
    plan = plan_of(finalists=3, finalist_seeds=2)
    return plan, run(plan, tmp_path / "search")[0]


def noisy(params, name, goes_on):
    assert goes_on(50, math.inf)
    return TrialOutcome(distance(params) + name[-1], epochs=20, best_epoch=4)


def shard_files(plan, trials, folder):
    paths = [folder / f"shard-{shard}.jsonl" for shard in range(plan.settings.shards)]
    for shard, path in enumerate(paths):
        write_refits(path, refit_finalists(noisy, plan, trials, shard=shard))
    return paths


@pytest.mark.parametrize("shards", [1, 2, 7])
def test_fits_do_not_depend_on_shard_count_or_file_order(searched, tmp_path, shards):
    _, trials = searched
    plan = plan_of(finalists=3, finalist_seeds=2, shards=shards)
    paths = shard_files(plan, trials, tmp_path)
    refits = read_refits(reversed(paths), plan, trials)
    best = best_trials(plan, trials)
    assert [(refit.number, refit.seed, refit.value, refit.epochs) for refit in refits] == [
        (trial.number, seed, pytest.approx(distance(trial.params) + seed), 20)
        for trial in best
        for seed in (1, 2)
    ]


def test_fits_use_other_random_streams_than_the_search(searched):
    plan, trials = searched
    names = []

    def named(_, name, __):
        names.append(name)
        return TrialOutcome(1.0, 1, 1)

    refit_finalists(named, plan, trials, shard=0)
    assert names == 3 * [("finalists", "mf", 1), ("finalists", "mf", 2)]


def test_a_diverged_fit_has_no_value(searched):
    plan, trials = searched
    refits = refit_finalists(lambda *_: TrialOutcome(math.inf, 3, 2), plan, trials, shard=0)
    assert [refit.value for refit in refits] == [None] * 6


def test_deterministic_models_are_not_refitted():
    shrinkage = {"user_shrinkage": {"low": 1, "high": 9}}
    plan = plan_of(entry={"kind": "bias", "space": shrinkage}, model="bias", finalist_seeds=3)
    trials = [Trial(0, {"user_shrinkage": 3.0}, 0.9, 0, 0)]

    def never(*_):
        raise AssertionError

    (refit,) = refit_finalists(never, plan, trials, shard=0)
    assert (refit.number, refit.seed, refit.value) == (0, 1, 0.9)


def test_incomplete_finalist_files_are_refused(searched, tmp_path):
    plan, trials = searched
    (path,) = shard_files(plan, trials, tmp_path)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[1:]))
    with pytest.raises(UserError, match=r"finalists are .* should be .*run again"):
        read_refits([path], plan, trials)
    path.write_text(json.dumps({"number": 1}))
    with pytest.raises(UserError, match=r"shard-0\.jsonl, line 1: no finalist's fit"):
        read_refits([path], plan, trials)


def test_finalists_do_not_depend_on_the_order_of_trials(searched):
    plan, trials = searched
    assert best_trials(plan, trials[::-1]) == best_trials(plan, trials)
    assert quadratic(best_trials(plan, trials)[0].params).value == min(t.value for t in trials)
