"""Searches of a known function, run through files like the workflow rules."""

import math
from dataclasses import replace

from blendmf.config.models import model_entry
from blendmf.config.search import SearchSettings
from blendmf.search.generation import search
from blendmf.search.plan import SearchPlan
from blendmf.search.space import search_space
from blendmf.search.trials import TrialOutcome, read_trials, write_trials

SPACE = {
    "latent_dim": {"low": 5, "high": 50},
    "learning_rate": {"low": 1e-4, "high": 1e-1, "log": True},
    "regularization": {"low": 1e-5, "high": 1e-1, "log": True},
}
MF = model_entry({"kind": "mf", "space": SPACE})
OPTIMUM = {"latent_dim": 30, "learning_rate": 5e-3, "regularization": 3e-2}


def plan_of(
    *, space=None, training=None, entry=None, seed=42, model="mf", earlier_finalists=(), **changes
):
    """A plan of 15 trials; without `training` or `entry` it has no configured first trial."""
    settings = SearchSettings(
        **{
            "trials": 15,
            "trials_per_generation": 5,
            "reduction_factor": None,
            "finalists": 1,
            "finalist_seeds": 1,
            **changes,
        }
    )
    searched = entry or {"kind": "mf", "space": SPACE | (space or {}), "training": training or {}}
    plan = SearchPlan.of_model(model, model_entry(searched), settings, seed, earlier_finalists)
    return plan if training or entry else replace(plan, start=plan.start[1:])


def distance(params):
    """Squared distance from the optimum on the searched scale."""
    space = search_space(MF)
    return sum(
        (space[name].position(params[name]) - space[name].position(OPTIMUM[name])) ** 2
        for name in space
    )


def quadratic(params, *_):
    return TrialOutcome(distance(params), epochs=20, best_epoch=params["latent_dim"])


def diverging_above(limit):
    def objective(params, *_):
        value = math.inf if params["learning_rate"] > limit else distance(params)
        return TrialOutcome(value, epochs=3, best_epoch=2)

    return objective


def slowly_improving(params, _, goes_on):
    """Simulated training: the error falls from `distance` + 1 to `distance` in 50 epochs."""
    value = math.inf
    for epoch in range(1, 51):
        value = distance(params) + 1 - epoch / 50
        if not goes_on(epoch, value):
            break
    return TrialOutcome(value, epoch, epoch)


def run(plan, folder, objective=quadratic, shuffle=None):
    """Run a whole search through its files, like the rules; return its trials and files."""
    paths = []
    generation = 0
    while numbers := plan.numbers(generation):
        given = list(paths)
        if shuffle is not None:
            shuffle.shuffle(given)
        for shard in range(plan.settings.shards):
            earlier = read_trials(given, plan, range(numbers.start))
            trials = search(objective, plan, earlier, generation=generation, shard=shard)
            paths.append(folder / f"generation-{generation}" / f"shard-{shard}.jsonl")
            write_trials(paths[-1], trials)
        generation += 1
    return read_trials(paths, plan, range(plan.settings.trials)), paths
