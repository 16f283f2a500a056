"""Searches of a known function, run through their files as the rules do."""

import math

from blendmf.search.plan import SearchPlan
from blendmf.search.shard import search
from blendmf.search.space import search_space
from blendmf.search.trials import TrialOutcome, read_trials, write_trials

MF = {"kind": "mf"}
SPACE = {
    "latent_dim": {"low": 5, "high": 50},
    "learning_rate": {"low": 1e-4, "high": 1e-1, "log": True},
    "regularization": {"low": 1e-5, "high": 1e-1, "log": True},
}
OPTIMUM = {"latent_dim": 30, "learning_rate": 5e-3, "regularization": 3e-2}


def plan_of(*, entry=None, training=None, seed=42, model="mf", **changes):
    search_block = {
        "trials": 15,
        "trials_per_generation": 5,
        "shards": 1,
        "sampler": "tpe",
        "space": SPACE,
        **changes,
    }
    return SearchPlan.of_model(model, MF | (entry or {}), training or {}, search_block, seed)


def distance(params):
    """Squared distance from the optimum on the searched scale; 0 at best."""
    space = search_space(MF, SPACE)
    return sum(
        (space[name].position(params[name]) - space[name].position(OPTIMUM[name])) ** 2
        for name in space
    )


def quadratic(params):
    return TrialOutcome(distance(params), epochs=20, best_epoch=params["latent_dim"])


def diverging_above(limit):
    def objective(params):
        value = math.inf if params["learning_rate"] > limit else distance(params)
        return TrialOutcome(value, epochs=3, best_epoch=2)

    return objective


def run(plan, folder, objective=quadratic, shuffle=None):
    """Run a whole search through its files, as the rules do; return its trials and files."""
    paths = []
    generation = 0
    while numbers := plan.numbers(generation):
        given = list(paths)
        if shuffle is not None:
            shuffle.shuffle(given)
        for shard in range(plan.shards):
            earlier = read_trials(given, plan, range(numbers.start))
            trials = search(objective, plan, earlier, generation=generation, shard=shard)
            paths.append(folder / f"generation-{generation}" / f"shard-{shard}.jsonl")
            write_trials(paths[-1], trials)
        generation += 1
    return read_trials(paths, plan, range(plan.trials)), paths
