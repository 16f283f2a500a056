"""What jobs would ask for, beside what jobs that were measured took.

`measured_jobs.csv` has one job a row: what `Job` and its `Fit` say of it, the most memory that it
held (MB) and the processor time that it took, compiling included. Measured on generated data of 10
thousand to 10 million ratings, the same as text in three formats, ml-100k and ml-latest-small.
"""

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from blendmf.resources.job import Job
from blendmf.resources.largest_fit import Fit
from blendmf.resources.requests import LEAST_MINUTES, disk_mb, memory_mb, minutes
from blendmf.resources.size import Size

MEASURED = pd.read_csv(Path(__file__).with_name("measured_jobs.csv"), keep_default_na=False)
RULES = Path(__file__).parents[3] / "workflow/rules"
SMALL = Job(Size(100_000, 943, 1682, terms=100), train_share=0.7, resamples=1000)


def taken(row: Any, made: type) -> dict[str, Any]:
    return {f.name: getattr(row, f.name) for f in fields(made) if hasattr(row, f.name)}


def job_of(row: Any) -> Job:
    fit = Fit(**taken(row, Fit)) if row.kind else None
    of_job = {k: v for k, v in taken(row, Job).items() if k != "fits"}
    return Job(
        Size(**taken(row, Size)),
        fits=[fit] * row.fits if fit else [],
        scored=fit,
        **of_job,
    )


@pytest.mark.parametrize("rule", sorted(set(MEASURED["rule"])))
def test_no_job_used_more_memory_than_it_would_ask_for_nor_less_than_half(rule: str) -> None:
    for row in MEASURED[MEASURED["rule"] == rule].itertuples():
        asked = memory_mb(rule, job_of(row))
        assert row.measured_mb <= asked <= 2 * row.measured_mb, row


@pytest.mark.parametrize("rule", sorted(set(MEASURED["rule"])))
def test_every_job_would_have_had_thrice_the_time_that_it_took(rule: str) -> None:
    for row in MEASURED[MEASURED["rule"] == rule].itertuples():
        assert minutes(rule, job_of(row)) * 60 >= 3 * row.processor_seconds, row


def test_every_rule_of_the_workflow_was_measured() -> None:
    sources = (path.read_text() for path in RULES.glob("*.smk"))
    asking = {name for text in sources for name in re.findall(r'memory_of\("(\w+)"\)', text)}
    assert asking == set(MEASURED["rule"])


@pytest.mark.parametrize("rule", ["import_tables", "split", "search", "train", "evaluate"])
def test_measurements_reach_from_100_thousand_to_10_million_ratings(rule: str) -> None:
    ratings = MEASURED["ratings"][MEASURED["rule"] == rule]
    assert ratings.min() <= 100_000
    assert ratings.max() >= 10_000_000


def test_another_attempt_asks_for_twice_as_much() -> None:
    first, second, third = (memory_mb("split", SMALL, attempt) for attempt in (1, 2, 3))
    assert (second, third) == (2 * first, 4 * first)
    assert minutes("split", SMALL, 2) == 2 * minutes("split", SMALL, 1)


def test_processes_of_snakemake_that_share_the_memory_are_added() -> None:
    alone, shared = (memory_mb("split", SMALL, 2, snakemakes=n) for n in (0, 2))
    assert 200 < shared - alone < 500


def test_more_of_anything_never_asks_for_less() -> None:
    fit = Fit("mf-content", 32, "sgd", "numba", "auto", 50, weighs_words=True, maps_words=True)
    for change in ("ratings", "users", "items", "tags", "terms", "text_bytes"):
        small, large = (
            Job(
                Size(**{"ratings": 10**6, "users": 10**4, "items": 10**4, change: n}),
                train_share=0.7,
                fits=[fit],
                scored=fit,
            )
            for n in (10**6, 10**7)
        )
        for rule in set(MEASURED["rule"]):
            assert memory_mb(rule, small) <= memory_mb(rule, large)
            assert minutes(rule, small) <= minutes(rule, large)


def test_a_rule_that_nobody_has_measured_is_refused() -> None:
    with pytest.raises(KeyError):
        memory_mb("unheard_of", SMALL)


def test_time_grows_with_trials_and_epochs() -> None:
    def asked(epochs: int, trials: int) -> int:
        size = Size(10**7, 70_000, 10_000)
        fit = Fit("mf", 48, "sgd", "numba", "auto", epochs)
        return minutes("search", Job(size, train_share=0.7, fits=[fit] * trials))

    assert LEAST_MINUTES < asked(50, 1) < asked(100, 1) < asked(100, 30)


def test_disk_is_asked_for_what_is_downloaded_and_unpacked() -> None:
    text = Size(10**6, 6000, 4000, text_bytes=26 * 10**6, origin="download")
    assert disk_mb("fetch", Job(text)) > 2 * 26
    assert disk_mb("split", Job(text)) < disk_mb("split", Job(Size(10**7, 1, 1)))
