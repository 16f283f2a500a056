from pathlib import Path

import pytest

from blendmf.report.console import MOST_CAUTIONS, closing, plan
from blendmf.resources.size import Size
from configs import experiment_with

OUTCOME = Path("results/d/comparison/outcome.rst")
BRIEF = {
    "answer": "Yes: content helps.",
    "best": [
        {"model": "mf", "rmse": 0.9, "low": 0.8, "high": 1.0},
        {"model": "mf-content", "rmse": 0.91, "low": None, "high": None},
    ],
    "cautions": [f"Caution {number} {'word ' * 100}" for number in range(6)],
}


def test_the_plan_has_the_data_models_trials_jobs_and_time() -> None:
    sizes = {"d": Size(1000, 20, 30), "unknown": Size(0, 1, 1)}
    lines = plan(experiment_with(), sizes, 12, 2, 90.0).splitlines()
    assert lines[:2] == [
        "Data:   d: 1,000 ratings, 20 users, 30 items",
        "Data:   unknown: size not known yet",
    ]
    assert lines[2].startswith("Models: 13: als, ")
    assert lines[3:] == [
        "Search: 8 of the models are searched, 30 trials each",
        "Jobs:   12 on 2 cores; jobs that are done already are not repeated",
        "Time:   about 1 min 30 s expected",
    ]


def test_a_cluster_has_no_cores_and_a_queue() -> None:
    text = plan(experiment_with(), {}, 12, None, 90.0)
    assert "12 on a cluster" in text
    assert "without waiting in its queue" in text


@pytest.mark.parametrize("is_there", [True, False])
def test_the_closing_lines_are_few_and_end_with_where_to_read_on(
    is_there: bool, tmp_path: Path
) -> None:
    report = tmp_path / "report.html"
    if is_there:
        report.touch()
    lines = closing(BRIEF, report, OUTCOME).splitlines()
    assert lines[0] == "Answer: Yes: content helps."
    assert lines[2:4] == ["  mf          0.9000 (0.8000 to 1.0000)", "  mf-content  0.9100"]
    assert lines[4] == "Cautions: 6"
    assert [line[:11] for line in lines[5:9]] == [f"- Caution {n}" for n in range(MOST_CAUTIONS)]
    assert max(map(len, lines)) <= 200
    assert lines[9] == f"- and 2 more in {OUTCOME}"
    assert lines[10:] == [f"Report: {report}" if is_there else f"In words: {OUTCOME}"]


def test_of_several_data_sets_each_has_its_answer() -> None:
    lines = closing(BRIEF, Path("absent"), OUTCOME, only_answer=True).splitlines()
    assert lines == ["Answer: Yes: content helps.", f"In words: {OUTCOME}"]
