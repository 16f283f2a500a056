"""Rules that Snakemake reruns after a change of configuration or code."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from project import Project

SHOWN = {"figures", "summarise", "pages", "manifest", "usage"}
"""Rules after `compare`."""

EVALUATE = {"evaluate", "evaluate_seeds"}
AFTER_TRAIN = {"train", "fitted_on", *EVALUATE, "compare", *SHOWN}
AFTER_SPLIT = {
    *("split", "leakage", "matrices", "places", "content", "search", "select_best"),
    *("rank_sweep", "recommend", "studies", *AFTER_TRAIN),
}


def models(files: Iterable[str]) -> set[str]:
    """Models of files such as results/synthetic/models/mf/seed-1/model.npz."""
    return {Path(file).parts[3] for file in files}


@pytest.mark.parametrize(
    ("changes", "rules"),
    [
        ({"evaluation": {"bootstrap_resamples": 300}}, {*EVALUATE, "compare", *SHOWN}),
        ({"recommendations": {"n": 3}}, {"recommend", "manifest", "usage"}),
        (
            {"small_matrix": {"adam_steps": 100}},
            {"small_matrix", "manifest", "usage"},
        ),
        ({"split": {"scheme": "random"}}, AFTER_SPLIT),
    ],
    ids=[
        "evaluation.bootstrap_resamples",
        "recommendations.n",
        "small_matrix.adam_steps",
        "split.scheme",
    ],
)
def test_a_changed_parameter_reruns_exactly_the_rules_that_depend_on_it(
    changes: dict[str, Any], rules: set[str], smoke: Project
) -> None:
    assert set(smoke.pending(changes=changes)) == rules


@pytest.mark.parametrize(
    ("changes", "refitted", "rules"),
    [
        (
            {"models": {"bias": {"user_shrinkage": 20}}},
            {"bias"},
            AFTER_TRAIN - {"evaluate_seeds"},
        ),
        (
            {"svd": {"ranks": [1, 2]}},
            {"svd"},
            {"rank_sweep", *AFTER_TRAIN} - {"evaluate_seeds"},
        ),
        (
            {"content": {"idf": "textbook"}},
            {"mf-content", "bayes-content"},
            {"content", "search", "select_best", "recommend", "studies", *AFTER_TRAIN}
            - {"evaluate"},
        ),
    ],
    ids=["models.bias.user_shrinkage", "svd.ranks", "content.idf"],
)
def test_a_changed_parameter_reruns_only_the_models_that_use_it(
    changes: dict[str, Any], refitted: set[str], rules: set[str], smoke: Project
) -> None:
    pending = smoke.pending(changes=changes)
    assert set(pending) == rules
    evaluated = [file for rule in EVALUATE for file in pending.get(rule, ())]
    assert models(pending["train"]) == models(evaluated) == refitted
    assert models(pending.get("search", ())) <= refitted


def test_a_changed_list_length_reruns_only_searches_scored_by_lists(
    smoke: Project,
) -> None:
    pending = smoke.pending(changes={"evaluation": {"k": 5}})
    assert set(pending) == {
        *("search", "select_best", "studies", *AFTER_TRAIN),
    }
    assert models(pending["search"]) == models(pending["train"]) == {"pure-svd"}


@pytest.mark.parametrize(
    ("changes", "rules"),
    [
        ({"split": {"train": 0.15, "validation": 0.70}}, AFTER_SPLIT),
        (
            {"models": {"bias": {"user_shrinkage": 10, "item_shrinkage": 15}}},
            AFTER_TRAIN - {"evaluate_seeds"},
        ),
    ],
    ids=["split", "models.bias"],
)
def test_swapping_two_parameters_reruns_what_depends_on_them(
    changes: dict[str, Any], rules: set[str], smoke: Project
) -> None:
    assert set(smoke.pending(changes=changes)) == rules


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
        ("src/blendmf/report/figures/ratings.py", {"figures", "summarise", "usage"}),
        (
            "src/blendmf/audits/leakage.py",
            {"leakage", "summarise", "pages", "manifest", "usage"},
        ),
        ("src/blendmf/evaluation/bootstrap.py", {"compare", *SHOWN}),
        ("src/blendmf/config/checks.py", set()),
        ("scripts/figures.py", {"figures", "summarise", "usage"}),
    ],
)
def test_an_edited_file_reruns_exactly_the_rules_that_use_it(
    file: str, rules: set[str], copy: Project
) -> None:
    with (copy.code / file).open("a") as source:
        source.write("\nEDITED = True\n")
    assert set(copy.pending()) == rules
