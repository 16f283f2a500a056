"""What the report of a small made-up run is made from."""

from pathlib import Path

import pandas as pd
import yaml

from blendmf.report.pages.data_set_parts import ReportFiles
from outcomes import best_of, finding, outcome_text, results

SVG = '<svg class="adaptive" role="img" viewBox="0 0 1 1"><title>What {} shows</title></svg>'
CHART = {"description": "A chart.", "usermeta": {"hint": ""}, "data": {"values": [{}]}}
STRATA = pd.DataFrame(
    [
        {"model": model, "stratum": "user-history", "bin": f"{lower}+", "lower": lower}
        | dict.fromkeys(("rmse", "rmse_low", "rmse_high", "mae"), error)
        | dict.fromkeys(("rated_ndcg_at_k", "full_ndcg_at_k"), 0.5)
        | {"n_ratings": lower, "n_users": 2}
        for model, error in (("mf", 0.9), ("mf-content", 0.8))
        for lower in (0, 10)
    ]
)

GROUPS = pd.DataFrame(
    [
        {"metric": "rmse", "stratum": "user-history", "bin": "10+", "n_users": 2}
        | {"model_a": "mf", "model_b": "mf-content", "difference": 0.1, "low": 0.05, "high": 0.2}
    ]
)


def report_files(**changed):
    run = results()
    trial = {"number": 0, "generation": 0, "state": "complete", "value": 0.94}
    trials = pd.DataFrame([trial | {"finalist_mean": 0.95, "epochs": 3, "best_epoch": 2}])
    usage = [{"rule": "train", "model": name, "used_mb": 99.5} for name in run.models]
    files = {
        "dataset": "made-up",
        "config": yaml.safe_load(Path("config.yaml").read_text(encoding="utf-8")),
        "outcome": outcome_text(),
        "tables": {
            "table": run.table,
            "metrics": run.metrics,
            "differences": run.differences,
            "strata": STRATA,
            "groups": GROUPS,
            "rank_sweep": run.rank_sweep,
            "fitted_on": run.fitted_on,
            "usage": pd.DataFrame(usage),
            "small_matrix": pd.DataFrame({"method": ["svd"], "squared_error": [0.5]}),
        },
        "figures": {name: SVG.format(name) for name in ("comparison", "ratings")},
        "charts": dict.fromkeys(("search", "search-narrow"), CHART),
        "trials": {"mf": trials.assign(latent_dim=16, learning_rate=0.0123456)},
        "best": {"mf": best_of("mf") | {"params": {"latent_dim": 16, "learning_rate": 0.0123456}}},
        "fits": {"mf": [{"seconds": 1.0}, {"seconds": 2.0}]},
        "source": run.source | {"name": "made-up"},
        "leakage": {"test_item_cold": finding(5, 9)},
        "manifest": {"regenerate": "make report"},
        "links": {"All data sets": "../index.html"},
    }
    return ReportFiles(**(files | changed))
