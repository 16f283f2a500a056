from blendmf.config.workflow_files import WorkflowFiles
from configs import experiment_with

SEARCH = {"trials": 9, "trials_per_generation": 4}


def files(n_ratings: int = 100_000, **search: int) -> WorkflowFiles:
    few = {name: None for name in experiment_with().models if name not in ("mf", "bias", "bayes")}
    changes = {
        "models": few | {"bayes-content": None},
        "search": {**SEARCH, **search},
        "recommendations": {"models": ["mf"]},
        "ablation": {"model": None},
    }
    return WorkflowFiles(experiment_with(changes), n_ratings)


def test_small_data_are_searched_in_one_job_unless_shards_are_configured() -> None:
    assert files().one_job_per_model
    assert not files(10**6).one_job_per_model
    assert not files(shards=2).one_job_per_model


def test_a_search_has_generations_followed_by_finalists() -> None:
    steps = ["generation-0", "generation-1", "generation-2", "finalists"]
    assert files().search_steps == steps
    assert files(shards=2).generation_shards("mf") == [
        f"results/{{dataset}}/search/mf/{step}/shard-{shard}.jsonl"
        for step in steps[:-1]
        for shard in (0, 1)
    ]


def test_stochastic_models_have_one_fit_per_seed() -> None:
    fits = [("bayes", 1), ("bayes", 2), ("bayes", 3), ("bias", 1), ("mf", 1), ("mf", 2), ("mf", 3)]
    assert files().model_seeds() == fits
    assert files().fits("{model}/{seed}", ["bias"]) == ["results/{dataset}/bias/1"]
    assert files().trained == ["bayes", "mf"]
    assert files().of_searched("{model}.csv") == [
        "results/{dataset}/bias.csv",
        "results/{dataset}/mf.csv",
    ]


def test_every_job_has_one_benchmark() -> None:
    jobs = [path.split("/benchmarks/")[1] for path in files().benchmarks()]
    assert len(set(jobs)) == len(jobs)
    assert {"search/mf.tsv", "train/mf.tsv", "evaluate/bias.tsv", "figures.tsv"} <= set(jobs)
    sharded = files(shards=2).benchmarks(before_manifest=True)
    assert sum("/search/mf/" in path for path in sharded) == 2 * 4
    assert sum("/train/mf/" in path for path in sharded) == 3
    assert not any(path.endswith("manifest.tsv") for path in sharded)


def test_the_explorer_needs_a_fit_on_all_ratings() -> None:
    assert "results/{dataset}/benchmarks/explorer.tsv" in files().benchmarks()
    without = experiment_with({"recommendations": {"models": []}})
    assert not any("explorer" in path for path in WorkflowFiles(without, 1000).benchmarks())
