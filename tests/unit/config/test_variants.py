from typing import Any

import pytest

from blendmf.config.variants import ablation_arms, arms

ITEM_SPACE = {"content_factors_regularization": {"low": 0.1, "high": 1.0}}

CONFIG: dict[str, Any] = {
    "dataset": {"name": "films"},
    "scale": None,
    "split": {"scheme": "per-user-temporal", "train": 0.7},
    "content": {"parts": ["genres", "year", "decade"], "tags": "train-only", "dealt": None},
    "models": {
        "bias": {"kind": "bias"},
        "mf": {"kind": "mf", "search": True},
        "mf-content": {"kind": "mf-content", "blend": "item", "search": True, "space": ITEM_SPACE},
    },
    "audit": {
        "arms": {
            "random": {"split": {"scheme": "random"}},
            "all-tags": {"content": {"tags": "all"}},
        },
        "models": None,
    },
    "ablation": {
        "model": "mf-content",
        "leave_out": [["genres"], ["tags"], ["year", "decade"]],
        "placebos": 2,
    },
}


def test_every_variation_has_a_folder_of_its_own_below_the_data_set() -> None:
    assert list(arms(CONFIG)) == [
        "films",
        "films/audit/random",
        "films/audit/all-tags",
        *(f"films/ablation/{name}" for name in ablation_arms(CONFIG)),
    ]


def test_the_ablation_takes_away_what_there_is_and_nothing_else() -> None:
    changed = ablation_arms(CONFIG)
    assert list(changed) == [
        *("blend-user", "blend-both", "no-content", "no-genres", "no-year-decade"),
        *("placebo-1", "placebo-2"),
    ]
    assert changed["no-genres"] == {"content": {"parts": ["year", "decade"]}}
    assert changed["placebo-2"] == {"content": {"dealt": 2}}


def test_no_part_is_left_out_that_would_leave_no_content() -> None:
    config = CONFIG | {"content": {"parts": ["genres"], "tags": "all", "dealt": None}}
    assert "no-genres" not in ablation_arms(config)


def test_a_null_model_makes_no_ablation() -> None:
    assert ablation_arms(CONFIG | {"ablation": {"model": None}}) == {}


def test_an_arm_searches_only_what_its_model_has() -> None:
    entries = {
        name: arms(CONFIG)[f"films/ablation/{name}"].models["mf-content"]
        for name in ("blend-user", "blend-both", "no-content", "placebo-1")
    }
    assert entries["blend-user"] == {"kind": "mf-content", "blend": "user", "search": True}
    assert entries["blend-both"] == CONFIG["models"]["mf-content"] | {"blend": "both"}
    assert entries["no-content"] == {"kind": "mf", "search": True}
    assert entries["placebo-1"] == CONFIG["models"]["mf-content"]


@pytest.mark.parametrize(
    ("arm", "path", "shared"),
    [
        ("audit/random", "data/ratings.parquet", True),
        ("audit/random", "split/train.parquet", False),
        ("audit/random", "matrices/train.npz", False),
        ("audit/random", "content/tfidf.npz", False),
        ("audit/random", "models/bias/seed-1/model.npz", False),
        ("audit/random", "comparison/table.csv", False),
        ("audit/all-tags", "matrices/train.npz", True),
        ("audit/all-tags", "content/tfidf.npz", False),
        ("audit/all-tags", "evaluation/mf/seed-1/metrics.json", True),
        ("audit/all-tags", "evaluation/mf-content/seed-1/metrics.json", False),
        ("audit/all-tags", "comparison/table.csv", False),
        ("ablation/blend-user", "content/tfidf.npz", True),
        ("ablation/blend-user", "search/mf-content/best.json", False),
        ("ablation/no-content", "models/mf-content/seed-1/model.npz", False),
        ("ablation/placebo-1", "content/tfidf.npz", False),
        ("ablation/placebo-1", "models/mf-content/seed-1/model.npz", False),
    ],
)
def test_an_arm_shares_what_its_change_does_not_touch(arm: str, path: str, shared: bool) -> None:
    home = arms(CONFIG)[f"films/{arm}"].home(path)
    assert home == ("films" if shared else f"films/{arm}")


def test_an_experiment_by_itself_shares_nothing() -> None:
    assert arms(CONFIG)["films"].home("data/ratings.parquet") == "films"


def test_the_audit_compares_the_models_that_it_names() -> None:
    config = CONFIG | {"audit": CONFIG["audit"] | {"models": ["bias", "mf"]}}
    assert set(arms(config)["films/audit/random"].models) == {"bias", "mf"}
