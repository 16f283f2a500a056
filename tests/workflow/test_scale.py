"""A miniature of the experiment on several data sizes."""

import pandas as pd
import pytest
from project import Project

SIZES = {
    "synthetic-2k": {"users": 60, "items": 150, "ratings": 2000},
    "synthetic-100k": {"users": 714, "items": 1000, "ratings": 100_000},
}
LARGE = ("synthetic-10k", "synthetic-1m", "synthetic-10m", "synthetic-25m", "synthetic-100m")
MINIATURE = {
    "scale": dict.fromkeys(LARGE) | SIZES,
    "models": {"svd": {"rank": 2}, "mf": None, "mf-content": None},
    "svd": {"ranks": [2]},
    "ablation": {"model": None},
    "evaluation": {"full_users": 30, "bootstrap_resamples": 100},
    "recommendations": {"models": ["svd"], "users": 25},
}
SCALE = {"experiment": "workflow/experiments/scale.yaml", "changes": MINIATURE}
ONCE_FOR_EACH_SIZE = {
    *("fetch", "import_tables", "split", "leakage", "matrices", "content", "fitted_on"),
    *("rank_sweep", "compare", "figures", "summarise", "pages", "manifest"),
    *("final_content", "explorer"),
}


@pytest.mark.slow
def test_every_rule_is_measured_on_every_size(fresh: Project) -> None:
    fresh.succeed("--cores", "2", **SCALE)
    rules = pd.read_csv(fresh.run / "results/scale/rules.csv", keep_default_na=False)
    jobs = set(zip(rules["rule"], rules["model"], strict=True))
    fits = {(rule, model) for rule in ("train", "evaluate") for model in ("bias", "svd")}
    assert jobs == {(rule, "") for rule in ONCE_FOR_EACH_SIZE} | fits | {
        ("final", "svd"),
        ("recommend", "svd"),
    }
    for _, rows in rules.groupby(["rule", "model"]):
        assert rows["ratings"].tolist() == [2000, 100_000]
    assert (rules["processor_seconds"] > 0).all()
    assert (rules["peak_mib"] > 10).all()
    assert (fresh.run / "results/scale/rules.svg").is_file()
    for name, size in SIZES.items():
        ratings = pd.read_parquet(fresh.run / f"results/{name}/data/ratings.parquet")
        assert len(ratings) == size["ratings"]
        listed = pd.read_csv(fresh.run / f"results/{name}/recommendations/svd.csv")
        assert listed["user_id"].nunique() == 25
        usage = pd.read_csv(fresh.run / f"results/{name}/usage.csv", keep_default_na=False)
        assert set(rules["rule"]) < set(usage["rule"])
        assert usage["asked_by_used"].between(1, 2).all(), usage
    assert "Nothing to be done" in fresh.succeed("--cores", "2", **SCALE)
    fresh.succeed("--report", str(fresh.folder / "report.html"), **SCALE)
