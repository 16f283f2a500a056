"""What is read off the configuration about a job."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from blendmf.config.validate import complete_config
from blendmf.config.variants import arms
from blendmf.resources.job import job_of
from blendmf.resources.size import Size
from blendmf.training.engines import choose_engine
from blendmf.config.training import TrainingSettings

ROOT = Path(__file__).parents[3]
SCHEMA = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text())
SIZE = Size(100_000, 943, 1682, 0, 100)
CUDA = {"engine": "torch", "device": "cuda"}


def config(**changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = yaml.safe_load((ROOT / "config.yaml").read_text())
    for block, keys in changes.items():
        made[block] |= keys
    complete_config(made, SCHEMA)
    return made


def job(rule: str, model: str | None = None, *, sharded: bool = False, **changes: Any) -> Any:
    made = config(**changes)
    return job_of(rule, made, arms(made)["ml-100k"], SIZE, model, sharded=sharded)


def test_a_searched_model_may_be_as_large_as_its_space_allows() -> None:
    assert job("train", "mf").fits[0].factors == 50
    assert job("train", "als").fits[0].factors == 20
    assert job("train", "svd").fits[0].factors == 50
    assert job("train", "item-neighbours").fits[0].neighbours == 500


def test_a_model_that_is_not_searched_is_as_large_as_its_settings() -> None:
    models = {"mf": {"kind": "mf", "training": {"latent_dim": 24}}, "svd": {"kind": "svd"}}
    assert job("train", "mf", models=models).fits[0].factors == 24
    assert job("train", "svd", models=models).fits[0].factors == 50, "the highest of svd.ranks"


def test_a_job_fits_once_or_every_trial_and_the_finalists() -> None:
    search = {"trials": 30, "trials_per_generation": 10, "finalists": 3, "finalist_seeds": 3}
    assert len(job("train", "mf", search=search).fits) == 1
    assert len(job("search", "mf", search=search).fits) == 39
    assert len(job("search", "mf", sharded=True, search=search | {"shards": 4}).fits) == 3
    assert len(job("finalists", "mf", sharded=True, search=search | {"shards": 4}).fits) == 3
    assert not job("compare").fits


def test_finalists_of_a_model_without_chance_keep_their_scores() -> None:
    search = {"trials": 30, "finalists": 3, "finalist_seeds": 3}
    assert len(job("search", "svd", search=search).fits) == 30
    assert not job("finalists", "svd", sharded=True, search=search).fits


def test_the_sweep_fits_both_methods_at_every_rank() -> None:
    fits = job("rank_sweep").fits
    assert sorted({fit.kind for fit in fits}) == ["mf", "svd"]
    assert sorted(fit.factors for fit in fits if fit.kind == "mf") == [1, 2, 5, 10, 20, 50]
    assert all(fit.kind == "svd" for fit in job("rank_sweep", svd={"compared_with": None}).fits)


def test_words_belong_to_the_kinds_that_have_them() -> None:
    terms = {
        name: (fit.weighs_words, fit.maps_words)
        for name in ("mf", "mf-content", "content-only", "bias")
        for fit in job("train", name).fits
    }
    assert terms == {
        "mf": (False, False),
        "mf-content": (False, True),
        "content-only": (True, True),
        "bias": (False, False),
    }


@pytest.mark.parametrize("optimiser", ["sgd", "adam", "gd"])
@pytest.mark.parametrize("engine", ["auto", "torch", "numba"])
@pytest.mark.parametrize("device", ["auto", "cpu", "cuda", "mps"])
def test_the_engine_is_the_one_that_training_chooses(
    optimiser: str, engine: str, device: str
) -> None:
    if optimiser != "sgd" and engine == "numba":
        return
    asked = {"optimiser": optimiser, "engine": engine, "device": device}
    models = {"mf": {"kind": "mf", "training": asked}}
    (fit,) = job("train", "mf", models=models).fits
    settings = TrainingSettings.of_model({"training": asked}, {})
    assert fit.engine == choose_engine(settings, 1000)[0]


def test_a_gpu_is_asked_for_where_the_configuration_names_one_and_nowhere_else() -> None:
    assert job("train", "mf").gpus == 0
    assert job("train", "mf", training={"engine": "torch"}).gpus == 0
    assert job("train", "mf", training={"device": "cuda"}).gpus == 1
    for rule in ("train", "search", "finalists"):
        assert job(rule, "mf-content", training=CUDA).gpus == 1
        assert job(rule, "als", training=CUDA).gpus == 0, "solved on the CPU"
        assert job(rule, "bias", training=CUDA).gpus == 0
    assert job("rank_sweep", training=CUDA).gpus == 1
    assert job("evaluate", "mf", training=CUDA).gpus == 0
    assert job("compare", training=CUDA).gpus == 0


def test_scores_are_those_of_the_arms_that_a_job_reads() -> None:
    of_one = job("compare").n_scores
    assert of_one == 13 + 2 * 7, "three seeds of the seven models with chance in them"
    assert job("audit_table").n_scores == of_one * 2, "one arm tests the same ratings"
    unpaired = job("audit_table", audit={"arms": {"random": {"split": {"scheme": "random"}}}})
    assert (unpaired.n_scores, unpaired.resamples) == (of_one, 0)
    assert job("ablation_table").n_scores == 3 * (1 + 2 + 1 + 3 + 19)
