import itertools
import json
import random

import numpy as np
import pytest

from blendmf.common.random_streams import stream_seed
from blendmf.search import generation as module
from blendmf.search.generation import propose, search
from blendmf.search.trials import Trial, TrialOutcome, read_trials, write_trials
from searches import SPACE, diverging_above, plan_of, quadratic, run, slowly_improving


@pytest.mark.parametrize("sampler", ["tpe", "random", "qmc"])
@pytest.mark.parametrize("factor", [None, 3])
def test_trials_do_not_depend_on_shard_count_or_file_order(tmp_path, sampler, factor):
    outcomes = []
    for shards in (1, 2, 5, 7):
        plan = plan_of(shards=shards, reduction_factor=factor, sampler=sampler)
        shuffle = random.Random(shards)  # noqa: S311
        trials, paths = run(plan, tmp_path / str(shards), slowly_improving, shuffle)
        assert len(paths) == 3 * shards
        outcomes.append(trials)
    assert all(outcome == outcomes[0] for outcome in outcomes)
    assert {trial.state for trial in trials} == {"complete"} | ({"pruned"} if factor else set())
    assert len({tuple(trial.params.values()) for trial in trials}) == 15, "all points differ"


def test_shards_partition_the_trials_of_a_generation(tmp_path):
    plan = plan_of(shards=3)
    _, paths = run(plan, tmp_path)
    numbers = [[json.loads(line)["number"] for line in path.open()] for path in paths]
    assert numbers[:6] == [[0, 3], [1, 4], [2], [6, 9], [7], [5, 8]]
    assert sorted(itertools.chain(*numbers)) == list(range(15))


def test_repeating_a_shard_writes_the_same_bytes(tmp_path):
    plan = plan_of(shards=2)
    _, paths = run(plan, tmp_path)
    last = paths[-1].read_bytes()
    paths[-1].unlink()
    earlier = read_trials(paths[:4], plan, range(10))
    write_trials(paths[-1], search(quadratic, plan, earlier, generation=2, shard=1))
    assert paths[-1].read_bytes() == last


def test_a_line_has_the_documented_fields(tmp_path):
    _, paths = run(plan_of(), tmp_path, diverging_above(1e-3))
    records = [json.loads(line) for path in paths for line in path.open()]
    names = ["number", "params", "value", "state", "epochs", "best_epoch", "rungs"]
    assert all(list(record) == names for record in records)
    assert all(list(record["params"]) == list(SPACE) for record in records)
    failed = [r for r in records if r["params"]["learning_rate"] > 1e-3]
    assert failed
    assert all(
        (r["state"], r["value"], r["best_epoch"], r["epochs"]) == ("failed", None, None, 3)
        for r in failed
    )
    assert all(r["state"] == "complete" for r in records if r not in failed)


@pytest.mark.parametrize("sampler", ["tpe", "random", "qmc"])
def test_proposals_lie_inside_the_space(tmp_path, sampler):
    space = {"latent_dim": {"low": 2, "high": 4}, "init_deviation": {"low": 1, "high": 5}}
    plan = plan_of(space=space, sampler=sampler)

    def objective(params, *_):
        return TrialOutcome(params["init_deviation"], 1, 1)

    trials, _ = run(plan, tmp_path, objective)
    dims = [trial.params["latent_dim"] for trial in trials]
    assert {type(d) for d in dims} == {int}
    assert set(dims) == {2, 3, 4}
    for name, low, high in (("learning_rate", 1e-4, 1e-1), ("init_deviation", 1, 5)):
        values = [trial.params[name] for trial in trials]
        assert all(isinstance(x, float) and low <= x <= high for x in values)


@pytest.mark.parametrize("sampler", ["tpe", "random", "qmc"])
@pytest.mark.parametrize("changed", [{"seed": 43}, {"model": "mf-content"}], ids=["seed", "model"])
def test_proposals_depend_on(changed, sampler):
    points = propose(plan_of(sampler=sampler), [], 0)
    others = propose(plan_of(sampler=sampler, **changed), [], 0)
    assert points == propose(plan_of(sampler=sampler), [], 0)
    assert not any(point in others for point in points)


@pytest.mark.parametrize("sampler", ["tpe", "random", "qmc"])
def test_starting_points_come_first_over_as_many_generations_as_they_fill(sampler):
    numbers = np.linspace(0.01, 0.05, 7)
    start = [{"latent_dim": 9, "learning_rate": x, "regularization": 2 * x} for x in numbers]
    plan = plan_of(sampler=sampler, earlier_finalists=start)
    first = propose(plan, [], 0)
    earlier = [Trial(n, point, 1.0 + n, 1, 1) for n, point in enumerate(first)]
    second = propose(plan, earlier, 1)
    assert first == start[:5]
    assert second[:2] == start[5:]
    assert len(second) == 5
    assert not any(point in start for point in second[2:])
    if sampler == "qmc":
        free = plan_of(sampler=sampler)
        assert second[2:] == propose(free, [], 1)[2:], "the sequence goes on at the trial's number"


def test_tpe_proposes_from_the_first_score_on_with_the_documented_options(monkeypatch):
    given = []
    monkeypatch.setattr(module, "TPESampler", lambda **options: given.append(options))
    monkeypatch.setattr(module, "RandomSampler", lambda **options: given.append(options))
    plan = plan_of()
    failed, scored = Trial(0, {}, None, 1, None), Trial(1, {}, 0.9, 1, 1, (0.9,), pruned=True)
    for settings, earlier in ((plan, []), (plan, [failed]), (plan_of(sampler="random"), [scored])):
        module._sampler(settings, earlier, 3)
    module._sampler(plan, [failed, scored], 3)
    seed = {"seed": stream_seed(42, "search", "mf", 3)}
    multivariate = {"multivariate": True, "constant_liar": True, "n_ei_candidates": 100}
    assert given == [seed, seed, seed, seed | multivariate | {"n_startup_trials": 1}]


def test_proposals_follow_the_scores_that_pruned_trials_had_at_their_rungs():
    plan = plan_of(reduction_factor=3)
    points = propose(plan, [], 0)
    proposed = []
    for scores in ([1.0, 2.0, 3.0, 4.0, 5.0], [5.0, 4.0, 3.0, 2.0, 1.0]):
        pairs = enumerate(zip(points, scores, strict=True))
        earlier = [Trial(n, point, 1.0, 2, 1, (at,), pruned=True) for n, (point, at) in pairs]
        proposed.append(propose(plan, earlier, 1))
    assert proposed[0] != proposed[1]


def test_all_trials_use_the_same_random_stream():
    names = []

    def named(_, name, __):
        names.append(name)
        return TrialOutcome(1.0, 1, 1)

    search(named, plan_of(), [], generation=0, shard=0)
    assert names == 5 * [("search", "mf")]


def test_the_search_learns_from_earlier_generations_and_as_much_from_pruned_trials(tmp_path):
    best = []
    for seed in range(6):
        size = {"seed": seed, "trials": 30, "trials_per_generation": 10}
        trials, _ = run(plan_of(**size), tmp_path / f"whole-{seed}")
        values = [trial.value for trial in trials]
        assert np.mean(values[20:]) < 0.6 * np.mean(values[:10])
        best.append(min(values))
        # At every rung the trials of this training are in the order of their final errors.
        halving = plan_of(**size, reduction_factor=3)
        halved, _ = run(halving, tmp_path / f"halved-{seed}", slowly_improving)
        assert {trial.state for trial in halved} == {"complete", "pruned"}
        assert [trial.params for trial in halved] == [trial.params for trial in trials]
    # The optimum is 0; the best of 30 random points averages 0.037, of these 0.012.
    assert np.mean(best) < 0.025


def test_later_generations_avoid_regions_where_training_diverges(tmp_path):
    late = []
    for seed in range(8):
        plan = plan_of(seed=seed, trials=30, trials_per_generation=10)
        trials, _ = run(plan, tmp_path / str(seed), diverging_above(1e-2))
        late += [trial.params["learning_rate"] > 1e-2 for trial in trials[10:]]
    # A third of the space diverges; the optimum is close to its edge.
    assert np.mean(late) < 1 / 3


def test_the_search_continues_after_a_generation_of_failed_trials():
    plan = plan_of()
    failed = [Trial(n, point, None, 1, None) for n, point in enumerate(propose(plan, [], 0))]
    proposals = propose(plan, failed, 1)
    assert len(proposals) == 5
    assert proposals != propose(plan, [], 0)


def test_qmc_continues_one_sequence_across_generations():
    whole = plan_of(sampler="qmc", trials=16, trials_per_generation=16)
    divided = plan_of(sampler="qmc", trials=16, trials_per_generation=4)
    generations = [propose(divided, [], generation) for generation in range(4)]
    assert list(itertools.chain(*generations)) == propose(whole, [], 0)


def test_qmc_fills_the_space_more_evenly_than_random_sampling():
    def emptiest(sampler, seed):
        """Minimum number of 32 points in any eighth of the logarithmic learning-rate range."""
        plan = plan_of(sampler=sampler, seed=seed, trials=33, trials_per_generation=33)
        position = plan.space["learning_rate"].position
        eighths = [int(8 * position(p["learning_rate"])) for p in propose(plan, [], 0)[1:]]
        return min(eighths.count(eighth) for eighth in range(8))

    assert np.mean([emptiest("qmc", seed) for seed in range(5)]) >= 3
    assert np.mean([emptiest("random", seed) for seed in range(5)]) < 2
