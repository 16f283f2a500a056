"""Job sizes derived from the configuration and the workflow files."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from snakemake.iocontainers import Wildcards

from blendmf.config.training import TrainingSettings
from blendmf.config.variants import variants
from blendmf.resources.costs import gpus
from blendmf.resources.requests import JobSizes, job_of
from blendmf.resources.size import Size
from blendmf.training.engines import choose_engine
from configs import experiment_with

SIZE = Size(100_000, 943, 1682, 0, 100)
CUDA = {"engine": "torch", "device": "cuda"}
SEARCH = {"trials": 30, "trials_per_generation": 10, "finalists": 3, "finalist_seeds": 3}


def job(rule: str, model: str | None = None, *, shard: bool = False, **changes: Any) -> Any:
    found = experiment_with(changes)
    wildcards = ({"model": model} if model else {}) | ({"shard": "1"} if shard else {})
    return job_of(rule, found, variants(found)["ml-100k"], SIZE, wildcards)


def test_model_size_is_the_maximum_of_its_search_space_or_its_settings() -> None:
    assert job("train", "mf").fits[0].factors == 50
    assert job("train", "als").fits[0].factors == 20
    assert job("train", "svd").fits[0].factors == 50
    assert job("train", "item-neighbours").fits[0].neighbours == 500

    models = {
        "mf": {"search": False, "training": {"latent_dim": 24}},
        "svd": {"search": False, "rank": None},
    }
    assert job("train", "mf", models=models).fits[0].factors == 24
    assert job("train", "svd", models=models).fits[0].factors == 50, "the largest of svd.ranks"


def test_a_job_counts_one_fit_or_every_trial_and_finalist() -> None:
    divided = SEARCH | {"shards": 4}
    assert len(job("train", "mf", search=SEARCH).fits) == 1
    assert len(job("search", "mf", search=SEARCH).fits) == 39
    assert len(job("search", "svd", search=SEARCH).fits) == 30, "its finalists are not refitted"
    assert len(job("search", "mf", shard=True, search=divided).fits) == 3
    assert not job("compare").fits


def test_a_model_is_scored_for_all_its_seeds() -> None:
    assert len(job("evaluate", "mf").fits) == 3
    assert len(job("evaluate", "bias").fits) == 1


def test_the_rank_sweep_fits_both_methods_at_every_rank() -> None:
    fits = job("rank_sweep").fits
    ranks = [1, 2, 5, 10, 20, 50]
    assert sorted((fit.method, fit.factors) for fit in fits) == [
        *(("closed_form", rank) for rank in ranks),
        *(("sgd", rank) for rank in ranks),
    ]
    alone = job("rank_sweep", svd={"compared_with": None}).fits
    assert {fit.method for fit in alone} == {"closed_form"}


def test_words_count_only_for_models_that_use_them() -> None:
    words = {
        name: (fit.user_words, fit.item_words)
        for name in ("mf", "mf-content", "content-only", "bias")
        for fit in job("train", name).fits
    }
    assert words == {
        "mf": (False, False),
        "mf-content": (False, True),
        "content-only": (True, True),
        "bias": (False, False),
    }


@pytest.mark.parametrize("optimiser", ["sgd", "adam", "gd"])
@pytest.mark.parametrize("engine", ["auto", "torch", "numba"])
@pytest.mark.parametrize("device", ["auto", "cpu", "cuda", "mps"])
def test_the_engine_is_the_engine_chosen_by_training(
    optimiser: str, engine: str, device: str
) -> None:
    if optimiser != "sgd" and engine == "numba":
        return
    training = {"optimiser": optimiser, "engine": engine, "device": device}
    (fit,) = job("train", "mf", models={"mf": {"training": training}}).fits
    chosen, _ = choose_engine(TrainingSettings(**training))
    assert fit.method == {"numba": "sgd", "torch": "torch"}[chosen]


def test_a_gpu_is_requested_only_where_configured() -> None:
    def requested(rule: str, model: str | None = None, **training: str) -> int:
        return gpus(job(rule, model, training=training))

    assert requested("train", "mf") == requested("train", "mf", engine="torch") == 0
    assert requested("train", "mf", device="cuda") == 1
    for rule in ("train", "search"):
        assert requested(rule, "mf-content", **CUDA) == 1
        assert requested(rule, "als", **CUDA) == 0, "solved on the CPU"
        assert requested(rule, "bias", **CUDA) == 0
    assert requested("rank_sweep", **CUDA) == 1
    assert requested("evaluate", "mf", **CUDA) == requested("compare", **CUDA) == 0


def test_a_job_scores_the_variants_that_it_compares() -> None:
    of_one = job("compare").n_scores
    assert of_one == 13 + 2 * 7, "three seeds of the seven stochastic models"
    n_audited = len(experiment_with().audit.arms)
    assert job("audit_table").n_scores == of_one * (1 + n_audited)
    assert job("ablation_table").n_scores == 3 * (1 + 2 + 1 + 3 + 19)


def test_catalogues_are_ranked_to_score_or_recommend_or_to_search_a_ranking_model() -> None:
    sampled = {"evaluation": {"full_users": 40}, "recommendations": {"users": 30}}
    jobs = [("evaluate", "mf"), ("recommend", "mf"), ("search", "pure-svd"), ("search", "svd")]
    listed = [job(rule, model, **sampled).listed_users for rule, model in jobs]
    assert listed == [40, 30, 40, 0]
    assert job("evaluate", "mf").listed_users == SIZE.users


def test_counts_replace_estimates_once_the_data_are_imported(tmp_path: Path) -> None:
    found = experiment_with()
    sizes = JobSizes(found, variants(found), tmp_path)
    before = sizes.job("split", {}).size
    counts = {"ratings": 90, "users": 9, "items_rated": 8, "tags": 7}
    facts = {"data/source.json": {"counts": counts}, "content/content.json": {"terms": 12}}
    for path, fact in facts.items():
        file = tmp_path / "ml-100k" / path
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(fact))
    after = sizes.job("split", {"dataset": "ml-100k"}).size
    assert before.ratings == 100_000
    assert (after.ratings, after.users, after.items, after.terms) == (90, 9, 8, 12)
    assert sizes.job("import_tables", {}).size == before, "counts may be those of other data"


def test_snakemake_wildcards_are_accepted(tmp_path: Path) -> None:
    found = experiment_with()
    wildcards = Wildcards(fromdict={"dataset": "ml-100k", "model": "mf", "seed": "2"})
    job = JobSizes(found, variants(found), tmp_path).job("train", wildcards)
    assert [fit.factors for fit in job.fits] == [50]


def test_planning_imports_no_heavy_library() -> None:
    heavy = ("numpy", "pandas", "scipy", "pyarrow", "numba", "torch", "sklearn", "optuna")
    code = f"import sys, blendmf.resources.requests; print(sorted(set({heavy}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
