"""Expected durations compared with measured jobs, and the schedule of a run."""

from statistics import geometric_mean

import pandas as pd
import pytest

from blendmf.resources.costs import COSTS, RULES
from blendmf.resources.durations import USUAL, Planned, expected_run, expected_seconds
from measured_jobs import MEASURED, measured_job


def test_every_class_of_jobs_has_a_usual_duration() -> None:
    assert USUAL.keys() == COSTS.keys()


# `scaling` depends on the number of jobs that it reads, and `figures` has got more of them since
# its jobs were measured.
@pytest.mark.parametrize("rule", sorted(RULES.keys() - {"scaling", "figures"}))
def test_the_usual_duration_of_a_rule_is_within_a_factor_of_two_of_the_measured_ones(
    rule: str,
) -> None:
    rows = MEASURED[MEASURED["rule"] == rule]
    ratios = [
        expected_seconds(measured_job(row)) / row.processor_seconds for row in rows.itertuples()
    ]
    assert 1 / 2 < geometric_mean(ratios) < 2, pd.Series(ratios).describe()


def planned(*jobs: Planned) -> dict[int, Planned]:
    return dict(enumerate(jobs))


def test_jobs_run_at_the_same_time_on_free_cores() -> None:
    jobs = planned(*[Planned(10.0)] * 4)
    assert expected_run(jobs, 1) == 40
    assert expected_run(jobs, 2) == 20
    assert expected_run(jobs, 3) == 20
    assert expected_run(jobs, 8) == 10
    assert expected_run({}, 2) == 0


def test_a_chain_takes_its_whole_length_on_any_number_of_cores() -> None:
    chain = planned(Planned(1.0), Planned(2.0, needs=[0]), Planned(3.0, needs=[1]))
    assert expected_run(chain, 1) == expected_run(chain, 8) == 6


def test_the_critical_path_starts_first() -> None:
    jobs = planned(
        Planned(4.0),
        Planned(4.0),
        Planned(1.0),
        Planned(7.0, needs=[2]),
        Planned(0.0, needs=[0, 3]),
    )
    # Beside the chain of 1 + 7 s one core takes both jobs of 4 s.
    assert expected_run(jobs, 2) == 8


def test_jobs_of_several_threads_wait_for_all_of_them() -> None:
    assert expected_run(planned(Planned(5.0, threads=2), Planned(5.0)), 2) == 10
    # More threads than cores are scaled down, as Snakemake does.
    assert expected_run(planned(Planned(5.0, threads=8)), 2) == 5


def test_jobs_that_are_done_already_hold_nothing_up() -> None:
    assert expected_run({7: Planned(3.0, needs=[1, 2])}, 1) == 3
