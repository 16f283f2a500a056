"""Rules that Snakemake reruns after a change of configuration or code."""

import os
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

import pytest
from project import Project

PAGES = {"usage", "report_page", "index_page"}
SHOWN = {"figures", "summarise", "final", "recommend", "explorer", "manifest", *PAGES}
"""Rules after `compare`."""

EVALUATE = {"evaluate", "evaluate_seeds"}
TRAIN = {"train", "train_seeds"}
SEEDS = {"evaluate_seeds", "train_seeds"}
SEARCH = {"search", "select_best", "importances"}
ALL = {"bayes-content", "bias", "mf", "mf-content", "popularity", "pure-svd", "svd"}
AFTER_TRAIN = {*TRAIN, "fitted_on", *EVALUATE, "compare", *SHOWN}
AFTER_SPLIT = {
    *("split", "leakage", "matrices", "content", "rank_sweep", "final_content"),
    *(*SEARCH, *AFTER_TRAIN),
}


def models(files: Iterable[str]) -> set[str]:
    """Models of files such as results/synthetic/models/mf/seed-1/model.npz."""
    return {Path(file).parts[3] for file in files}


BIAS_SWAPPED = {"user_shrinkage": 10, "item_shrinkage": 15}


@pytest.mark.parametrize(
    ("changes", "rules", "refitted"),
    [
        ({"evaluation": {"bootstrap_resamples": 300}}, {*EVALUATE, "compare", *SHOWN}, ()),
        ({"recommendations": {"n": 3}}, {"recommend", "explorer", "manifest", *PAGES}, ()),
        ({"report": {"figures": ["pdf"]}}, {"figures", "manifest", *PAGES}, ()),
        ({"small_matrix": {"adam_steps": 100}}, {"small_matrix", "manifest", *PAGES}, ()),
        ({"split": {"scheme": "random"}}, AFTER_SPLIT, ALL),
        ({"split": {"train": 0.15, "validation": 0.70}}, AFTER_SPLIT, ALL),
        ({"models": {"bias": {"user_shrinkage": 20}}}, AFTER_TRAIN - SEEDS, {"bias"}),
        ({"models": {"bias": BIAS_SWAPPED}}, AFTER_TRAIN - SEEDS, {"bias"}),
        ({"svd": {"ranks": [1, 2]}}, {"rank_sweep", *AFTER_TRAIN} - SEEDS, {"svd"}),
        (
            {"content": {"idf": "textbook"}},
            {"content", "final_content", *SEARCH, *AFTER_TRAIN} - {"evaluate", "train"},
            {"mf-content", "bayes-content"},
        ),
        ({"evaluation": {"k": 5}}, {*SEARCH, *AFTER_TRAIN} - {"train_seeds"}, {"pure-svd"}),
    ],
    ids=lambda changes: str(changes) if isinstance(changes, dict) else "",
)
def test_a_changed_parameter_reruns_exactly_the_rules_and_models_that_depend_on_it(
    changes: dict[str, Any], rules: set[str], refitted: Collection[str], smoke: Project
) -> None:
    pending = smoke.pending(changes=changes)
    assert set(pending) == rules
    fitted = [file for rule in TRAIN for file in pending.get(rule, ())]
    assert models(fitted) == set(refitted)
    assert models(pending.get("search", ())) <= set(refitted)
    if "evaluation" not in changes:
        evaluated = [file for rule in EVALUATE for file in pending.get(rule, ())]
        assert models(evaluated) == set(refitted)


def test_explicit_defaults_in_any_order_rerun_nothing(smoke: Project) -> None:
    defaults = {"train": 0.70, "scheme": "per-user-temporal"}
    assert smoke.pending(changes={"split": defaults, "models": {"svd": {"rank": None}}}) == {}


def test_moving_the_project_and_touching_its_library_reruns_nothing(copy: Project) -> None:
    for file in (copy.code / "src").rglob("*.py"):
        os.utime(file)
    assert copy.pending() == {}


@pytest.mark.parametrize(
    ("file", "rules"),
    [
        ("src/blendmf/report/figures/ratings.py", {"figures", *PAGES}),
        (
            "src/blendmf/audits/leakage.py",
            {"leakage", "summarise", "manifest", *PAGES},
        ),
        ("src/blendmf/evaluation/bootstrap.py", {"compare", *SHOWN}),
        ("src/blendmf/config/checks.py", set()),
        ("scripts/figures.py", {"figures", *PAGES}),
    ],
)
def test_an_edited_file_reruns_exactly_the_rules_that_use_it(
    file: str, rules: set[str], copy: Project
) -> None:
    with (copy.code / file).open("a") as source:
        source.write("\nEDITED = True\n")
    assert set(copy.pending()) == rules
