import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from benchmarks import environment, known_answers
from benchmarks.accuracy import Evaluation
from benchmarks.known_checks import (
    COLUMNS,
    Check,
    Measurement,
    compared,
    measure,
    table_of,
    verdict,
)
from benchmarks.protocols import Protocol, Tables, in_random_order, random_folds, temporal_split
from blendmf.common.files import write_json
from blendmf.config.models import model_entry
from blendmf.data.tables import write_table

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
CLOSE, SAME = {"rmse": 0.01, "mae": 0.01}, {"predictions": 0.01, "rmse": 0.01}
SPLIT = {"scheme": "per-user-temporal", "train": 0.7, "validation": 0.15, "min_ratings": 1}

# Predicts the same rating for all pairs, shifted by the seed.
FAKE_ADAPTER = """
import numpy as np
from adapter import Point, answer

def curve(problem, request):
    level = request.settings["level"] + request.settings.get("per_seed", 0) * request.seed
    assert not len(problem.validation.users)
    yield Point(0, 1.0, np.full(len(problem.test.users), level))

answer(curve)
"""


def check(found, known=0.9, tolerance=0.002, **more):
    named = ("temporal", "ml-100k", "Surprise SVD", "README", "rmse")
    return Check(*named, known, found, tolerance, **more)


NO_FIGURE = check(math.nan, note="not installed: no compiler")
OFF = "off: temporal, ml-100k, Surprise SVD, rmse: "
SKIPPED = check(math.nan, skipped=True, note="no data")


@pytest.mark.parametrize(
    ("checks", "agree", "lines"),
    [
        ([check(0.9019), check(0.8981)], True, ["2 of 2 figures agree with the known ones"]),
        *(
            ([check(0.9), check(found, note="why")], False, [OFF, "1 of 2 figures agree"])
            for found in (0.9021, 0.8979, math.nan, math.inf)
        ),
        ([NO_FIGURE], False, [f"off: {NO_FIGURE}", "0 of 1 figures agree"]),
        (
            [check(0.9), SKIPPED, SKIPPED],
            True,
            ["skipped, not checked: ml-100k, Surprise SVD: no data", "1 of 1 figures agree"],
        ),
        ([SKIPPED], False, ["skipped", "0 of 0"]),
        ([], False, ["0 of 0"]),
    ],
)
def test_the_verdict_reports_deviations_and_skipped_figures(checks, agree, lines):
    found, report = verdict(checks)
    assert found is agree
    for line, beginning in zip(report.splitlines(), lines, strict=True):
        assert line.startswith(beginning)


def test_a_missing_figure_is_reported_with_the_reason():
    assert str(NO_FIGURE).endswith("rmse: not installed: no compiler")


def test_the_table_has_every_figure():
    table = table_of([check(0.9), check(0.95), check(math.nan, skipped=True)])
    assert list(table.columns) == COLUMNS
    assert table["outcome"].tolist() == ["agrees", "off", "skipped"]
    assert table["difference"].tolist()[:2] == [0.0, pytest.approx(0.05)]


def tables_of(n_users=20, per_user=12):
    random = np.random.default_rng(0)
    n = n_users * per_user
    items = np.concatenate([random.permutation(30)[:per_user] + 100 for _ in range(n_users)])
    ratings = {
        "user_id": np.repeat(np.arange(n_users) + 1, per_user),
        "item_id": items,
        "rating": random.integers(1, 6, n).astype(np.float32),
        # The source is not sorted by time; some ratings have equal timestamps.
        "timestamp": np.tile(np.arange(per_user)[::-1] // 2, n_users),
    }
    items = {
        "item_id": np.arange(30) + 100,
        "title": "x",
        "year": pd.array([1990] * 30, dtype="Int16"),
        "genres": [["Drama"]] * 30,
    }
    tags = {"user_id": [1], "item_id": [100], "tag": ["dark"], "timestamp": [1]}
    return Tables("ml-100k", *map(pd.DataFrame, (ratings, items, tags)), (1.0, 5.0))


def test_split_parts_are_ordered_by_user_and_time():
    tables = tables_of()
    problem = temporal_split(tables, SPLIT)
    assert len(problem.validation) == 0
    assert len(problem.train) == 20 * 8
    assert len(problem.test) == 20 * 2
    first = tables.ratings[tables.ratings["user_id"] == 1].sort_values("timestamp", kind="stable")
    in_time = first["item_id"].to_numpy() - 100
    assert problem.train.items[:8].tolist() == in_time[:8].tolist()
    assert problem.test.items[:2].tolist() == in_time[-2:].tolist()
    assert problem.train.ratings[:8].tolist() == first["rating"].tolist()[:8]


def test_the_word_matrix_has_a_row_per_item():
    settings = {"max_terms": 50, "min_items": 1, "idf": "smooth", "dealt": None}
    words = {**settings, "parts": ["tags"], "tags": "all"}
    content = temporal_split(tables_of(), SPLIT, words).content
    assert content.shape == (30, 1)
    assert np.flatnonzero(np.diff(content.indptr)).tolist() == [0]


def test_each_rating_is_in_the_test_part_of_exactly_one_fold():
    tables = tables_of()
    problems = random_folds(tables, 5, seed=1)
    tested = [
        (user, item)
        for problem in problems
        for user, item in zip(problem.test.users, problem.test.items, strict=True)
    ]
    assert len(set(tested)) == len(tested) == len(tables.ratings)
    assert {len(problem.train) + len(problem.test) for problem in problems} == {len(tested)}
    again, other = random_folds(tables, 5, seed=1)[0], random_folds(tables, 5, seed=2)[0]
    np.testing.assert_array_equal(again.test.items, problems[0].test.items)
    assert not np.array_equal(other.test.items, problems[0].test.items)


def test_a_random_order_keeps_the_ratings():
    problem = temporal_split(tables_of(), SPLIT)
    shuffled = in_random_order(problem, 3)
    assert not np.array_equal(shuffled.train.items, problem.train.items)
    assert (shuffled.train.to_matrix() != problem.train.to_matrix()).nnz == 0


def test_predictions_are_clipped_and_figures_are_means_over_the_problems():
    problems = random_folds(tables_of(), 2, seed=0)
    scores = [np.full(len(problems[0].test), 9.0), np.full(len(problems[1].test), -9.0)]
    outcome = measure(scores, problems, Evaluation(2, 3.5), (1.0, 5.0))
    high, low = 5.0 - problems[0].test.ratings, problems[1].test.ratings - 1.0
    assert outcome.metrics["mae"] == pytest.approx((high.mean() + low.mean()) / 2)
    assert set(outcome.predictions) == {1.0, 5.0}


def test_predictions_are_compared_individually_and_a_failure_never_agrees():
    one = Measurement({"rmse": 1.0}, np.array([1.0, 2.0]))
    other = Measurement({"rmse": 1.1}, np.array([1.0, 4.0]))
    assert compared(one, other, "predictions") == (0.0, pytest.approx(math.sqrt(2)))
    assert compared(one, other, "rmse") == (1.0, 1.1)
    assert math.isnan(compared(Measurement(failure="broken"), other, "predictions")[1])
    assert math.isnan(compared(one, Measurement(failure="broken"), "rmse")[1])


def entry(system, published, **more):
    fake = {"distribution": "numpy", "adapter": "fake.py", "tolerance": CLOSE}
    return {"system": system, **fake, "published": published, **more}


@pytest.fixture
def gate(tmp_path, adapters, peers_environment):
    """Run the command with these systems on a small data set; returns exit code and table."""
    (adapters / "fake.py").write_text(FAKE_ADAPTER)
    tables, folder = tables_of(), tmp_path / "results/ml-100k"
    for name in ("ratings", "items", "tags"):
        write_table(folder / f"data/{name}.parquet", getattr(tables, name))
    write_json(folder / "data/source.json", {"rating_range": tables.rating_range})

    def run(systems, *options):
        plan = {
            "seed": 0,
            "small_matrix": {
                "source": "known",
                "rank": 2,
                "sgd_epochs": 5,
                "adam_steps": 1,
                "rounding": 1e-9,
                "published": {"truncated-svd": {"squared_error": 0.1219, "tolerance": 5e-5}},
            },
            "protocols": [
                {
                    "name": "folds",
                    "source": "elsewhere",
                    "folds": 2,
                    "clipped_to": {"ml-100k": [1, 5]},
                    "evaluation": {"k": 2, "relevance_threshold": 3.5},
                    "systems": systems,
                }
            ],
        }
        (tmp_path / "plan.yaml").write_text(yaml.safe_dump(plan))
        places = {"plan": tmp_path / "plan.yaml", "adapters": adapters}
        places |= {"environment": peers_environment, "output": tmp_path / "out"}
        arguments = [f"--{name}={place}" for name, place in places.items()]
        try:
            known_answers.main([str(folder), *arguments, *options])
            code = 0
        except SystemExit as end:
            code = end.code
        return code, pd.read_csv(tmp_path / "out/known-answers.csv")

    return run


def mae_of(level):
    return float(np.abs(tables_of().ratings["rating"] - level).mean())


def test_the_command_passes_if_all_figures_agree(gate, capsys):
    right = entry("right", {"ml-100k": {"mae": mae_of(3)}}, settings={"level": 3.0})
    code, table = gate([right])
    assert code == 0
    assert table["system"].tolist() == ["blendmf truncated-svd", "every method", "right"]
    assert set(table["outcome"]) == {"agrees"}
    assert "3 of 3 figures agree" in capsys.readouterr().out


def test_the_command_fails_reports_deviations_and_writes_all_figures(gate, capsys):
    systems = [
        entry("wrong", {"ml-100k": {"mae": mae_of(3) + 0.02}}, settings={"level": 3.0}),
        entry("gone", {"ml-100k": {"mae": 1.0}}, distribution="absent"),
        entry("elsewhere", {"ml-latest-small": {"mae": 1.0}}, settings={"level": 3.0}),
        entry("slow", {"ml-100k": {"mae": 1.0}}, settings={"level": 3.0}, slow=True),
        entry("right", {"ml-100k": {"mae": mae_of(2)}}, settings={"level": 2.0}),
    ]
    code, table = gate(systems, "--fast")
    report = capsys.readouterr().out.splitlines()
    assert code == 1
    outcomes = dict(zip(table["system"], table["outcome"], strict=True))
    assert outcomes == {
        "blendmf truncated-svd": "agrees",
        "every method": "agrees",
        "wrong": "off",
        "gone": "off",
        "elsewhere": "skipped",
        "slow": "skipped",
        "right": "agrees",
    }
    assert ["off: " in line for line in report[-5:]] == [True, True, False, False, False]
    assert "wrong, mae: " in report[-5]
    assert "gone, mae: not installed: no compiler" in report[-4]
    assert report[-3].startswith("skipped, not checked: ml-latest-small, elsewhere: ")
    assert "BLENDMF_DATA" in report[-3]
    assert "slow" in report[-2]
    assert report[-1] == "3 of 5 figures agree with the known ones"


@pytest.mark.slow
def test_a_counterpart_is_compared_with_the_system_in_the_same_run(gate):
    def counterpart(**more):
        return {"settings": {"kind": "global-mean"}, "tolerance": SAME, **more}

    mean = float(tables_of().ratings["rating"].mean())
    settings = {"level": mean, "per_seed": 0.6}
    known = entry("constant", {"ml-100k": {}}, settings=settings, counterpart=counterpart())
    code, table = gate([known])
    own = table[table["system"] == "blendmf global-mean"].set_index("metric")
    assert set(own["compared_with"]) == {"constant"}
    assert own.loc["rmse", "outcome"] == "agrees"
    # The mean of each fold's training part differs slightly from the overall mean.
    assert 0 < own.loc["predictions", "found"] < 0.05

    known = entry("constant", {"ml-100k": {}}, settings=settings, counterpart=counterpart(orders=3))
    code, table = gate([known])
    own = table[table["system"] == "blendmf global-mean"].set_index("metric")
    # With seeds 0, 1 and 2 the system is 0, 0.6 and 1.2 above the mean.
    assert own.loc["predictions", "found"] == pytest.approx(math.sqrt((0.36 + 1.44) / 3), abs=0.05)
    assert code == 1


def test_the_shipped_plan_is_complete():
    plan = yaml.safe_load((BENCHMARKS / "known-answers.yaml").read_text())
    protocols = [Protocol(**entry) for entry in plan["protocols"]]
    required = environment.read_requirements(BENCHMARKS / "adapters/requirements.txt")
    installed = {requirement.split("==")[0] for requirement in required}
    counterparts = set()
    for protocol in protocols:
        assert protocol.evaluation == (10, 3.5)
        for known in protocol.systems:
            assert known.distribution in installed
            assert (BENCHMARKS / "adapters" / known.adapter).is_file()
            assert set(known.published) <= set(protocol.clipped_to)
            for figures in known.published.values():
                assert set(figures) <= set(known.tolerance)
            if known.counterpart is not None:
                settings = dict(known.counterpart.settings)
                assert settings.pop("standardised", False) is False
                model_entry(settings)
                counterparts.add(known.counterpart.settings["kind"])
    assert counterparts == {"bias", "random", "mf", "item-neighbours"}
