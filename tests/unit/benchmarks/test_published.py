import math
from pathlib import Path

import pandas as pd
import pytest
import yaml
from snakemake.common.configfile import load_configfile
from snakemake.utils import update_config

from benchmarks import published
from benchmarks.docs_benchmarks import published_splits
from benchmarks.published import COLUMNS, INFORMATION, Plan, Split, System, compared
from blendmf.common.errors import UserError
from blendmf.config.checks import experiment
from blendmf.config.variants import variants
from blendmf.report.number_format import or_dash
from configs import ROOT

EXPERIMENTS = ROOT / "workflow/experiments/published"
PLAN = Plan(
    {"bayes": ["ratings"], "bayes-content": ["ratings", "words"]},
    [
        Split("b", "films/audit/b", "films.csv", [System("theirs", 0.9, ["ratings"], "a paper")]),
        Split("absent", "absent", "absent.csv", [System("theirs", 0.5, ["ratings"], "a paper")]),
        Split("a", "books", "books.csv", [System("graph", 0.7, ["ratings", "graphs"], "it", "x")]),
    ],
)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Results of two of the three splits."""
    tables = {
        "films/audit/b": [("bayes-content", 3, 0.88, 0.86, 0.90), ("bayes", 3, 0.91, 0.89, 0.93)],
        "books": [("bayes", 1, 0.8, 0.7, 0.9), ("bias", 1, 0.9, 0.8, 1.0)],
    }
    for folder, rows in tables.items():
        (tmp_path / folder / "comparison").mkdir(parents=True)
        table = pd.DataFrame(rows, columns=["model", "seeds", "rmse", "rmse_low", "rmse_high"])
        table.to_csv(tmp_path / folder / "comparison/table.csv", index=False)
    return tmp_path


def test_systems_are_ordered_by_split_and_error(results: Path) -> None:
    table = compared(PLAN, results)
    assert table.columns.tolist() == list(COLUMNS)
    shown = table[["split", "system", "rmse", "fits", "uses"]].fillna("")
    assert shown.to_numpy().tolist() == [
        ["b", "blendmf bayes-content", 0.88, "mean of 3 fits", "ratings, words"],
        ["b", "theirs", 0.9, "", "ratings"],
        ["b", "blendmf bayes", 0.91, "mean of 3 fits", "ratings"],
        ["a", "graph", 0.7, "", "ratings, graphs"],
        ["a", "blendmf bayes", 0.8, "single fit", "ratings"],
    ]
    assert table.loc[4, ["low", "high"]].tolist() == [0.7, 0.9]
    assert table.loc[3, ["low", "high"]].isna().all()


def test_splits_without_results_are_left_out_with_a_line(
    results: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Plan, "read", lambda: PLAN)
    published.main([str(results)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "absent: left out, it has no results; it needs absent.csv"
    assert len(lines) == 1 + 1 + 5
    written = pd.read_csv(results / "benchmarks/published.csv")
    assert written["system"].tolist() == compared(PLAN, results)["system"].tolist()


def test_the_tables_of_the_page_divide_the_systems_by_what_they_use(results: Path) -> None:
    (results / "benchmarks").mkdir()
    compared(PLAN, results).to_csv(results / "benchmarks/published.csv", index=False)
    only, further = (
        list(published_splits(results, ratings_only=flag))[1:] for flag in (True, False)
    )
    assert [row[:4] for row in only] == [
        ("b", "theirs", "0.9", or_dash(math.nan)),
        ("b", "blendmf bayes", "0.91", "0.89 to 0.93"),
        ("a", "blendmf bayes", "0.8", "0.7 to 0.9"),
    ]
    assert [(row[1], row[5]) for row in further] == [
        ("blendmf bayes-content", "mean of 3 fits"),
        ("graph", "x"),
    ]


def test_unknown_information_is_refused() -> None:
    with pytest.raises(UserError, match=r"x: uses the future; known: ratings, "):
        System("x", 0.9, ["ratings", "the future"], "a paper")


def test_the_shipped_plan_is_complete() -> None:
    plan = Plan.read()
    for split in plan.splits:
        assert split.needs
        for system in split.published:
            assert system.uses[0] == "ratings"
            assert system.source
            assert system.rmse > 0
            stops = "test part for stopping" in system.uses
            assert stops == (system.system == "GLocal-K")
    assert len({split.split for split in plan.splits}) == len(plan.splits)
    assert {name for uses in plan.ours.values() for name in uses} < set(INFORMATION)


@pytest.mark.parametrize("split", Plan.read().splits, ids=lambda split: split.split)
def test_every_split_is_configured_with_the_information_it_is_labelled_with(split: Split) -> None:
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    for name in ("common", split.results.split("/")[0]):
        update_config(config, load_configfile(str(EXPERIMENTS / f"{name}.yaml")))
    variant = variants(experiment(config))[split.results]
    assert set(variant.models) <= set(Plan.read().ours)
    for name, entry in variant.models.items():
        uses = Plan.read().ours[name]
        assert entry.training.refit, "fitted to all ratings that are not tested"
        assert ("times" in uses) == entry.training.uses_times
        assert ("words" in uses) == entry.uses_content
        assert not entry.searched
