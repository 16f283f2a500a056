from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest

from ablated import per_user, rmse
from blendmf.audits.leakage import leakage
from blendmf.evaluation.differences import DIFFERENCE_COLUMNS
from blendmf.report.figures.audit import plot_audit
from blendmf.studies.protocol_audit import AUDIT_COLUMNS, AuditedVariant, audit, audit_findings
from drawn import saved, texts_of

RMSE = {"mf": 0.98, "mf-content": 0.97, "bias": 1.02, "popularity": np.nan}
MOMENTS = ["user_id", "item_id", "timestamp"]


def metrics(shift):
    return pd.DataFrame(
        [
            (model, metric, value, value - 0.02, value + 0.02, 0.001)
            for model, error in RMSE.items()
            for metric, value in (
                ("rmse", error + shift),
                ("rated_precision_at_k", 0.5),
                ("full_ndcg_at_k", 0.05),
            )
            if not np.isnan(value)
        ],
        columns=["model", "metric", "mean", "low", "high", "seed_sd"],
    )


def differences(value, low, high, p_holm):
    row = {"metric": "rmse", "model_a": "mf", "model_b": "mf-content", "difference": -value}
    row |= {"low": -high, "high": -low, "p_value": p_holm, "p_holm": p_holm, "seed_sd": 0.001}
    return pd.DataFrame([{**dict.fromkeys(DIFFERENCE_COLUMNS, 0.0), **row}])


def facts_of_leakage():
    train = pd.DataFrame([(1, 7, 50), (2, 7, 10)], columns=MOMENTS)
    test = pd.DataFrame([(1, 8, 60), (2, 7, 20)], columns=MOMENTS)
    tags = pd.DataFrame([(1, 7, 30), (2, 7, 40), (2, 7, 5)], columns=MOMENTS)
    return leakage([train], [test.iloc[:0]], [test], tags)


def variant(name, scheme="per-user-temporal", tags="train-only", shift=0.0, factor=1.0, **content):
    split = {"scheme": scheme, "parts": {"test": {"ratings": 1234, "users": 120}}}
    gap = {"value": -0.01, "low": -0.02, "high": -0.005, "p_holm": 0.01} | content
    fits = {
        "mf": [per_user(1.0, seed, 0.002) for seed in (0, 1)],
        "mf-content": [per_user(factor, seed, 0.002) for seed in (2, 3)],
        "popularity": [per_user().assign(squared_error=np.nan)],
    }
    return AuditedVariant(
        name,
        metrics(shift),
        differences(**gap),
        split,
        facts_of_leakage(),
        {"tags": tags},
        fits,
    )


VARIANTS = [
    variant("as configured"),
    variant("global-temporal", "global-temporal", shift=0.05, value=0.001, low=-0.01, high=0.012),
    variant("all-tags", tags="all", shift=-0.01, factor=0.97, p_holm=0.2),
]


@pytest.fixture
def table():
    return audit(VARIANTS, "mf-content", "mf", 400, 1)


def test_the_table_has_a_row_per_variant_and_model_best_first(table):
    assert list(table.columns) == AUDIT_COLUMNS
    assert list(table["arm"].unique()) == ["as configured", "global-temporal", "all-tags"]
    for _, own in table.groupby("arm", sort=False):
        assert list(own["model"]) == ["mf-content", "mf", "bias", "popularity"]
    row = table.set_index(["arm", "model"]).loc[("global-temporal", "mf")]
    assert (row["rmse"], row["rmse_low"], row["rmse_high"]) == pytest.approx((1.03, 1.01, 1.05))
    assert (row["n_ratings"], row["n_users"], row["tags"]) == (1234, 120, "train-only")
    popularity = table[table["model"] == "popularity"]
    assert popularity["rmse"].isna().all()
    assert (popularity["rated_precision_at_k"] == 0.5).all()


def test_the_difference_by_content_is_computed_per_variant(table):
    arms = table.drop_duplicates("arm").set_index("arm")
    assert arms["content_minus_plain"].to_list() == [-0.01, 0.001, -0.01]
    assert arms["content_low"].to_list() == [-0.02, -0.01, -0.02]
    assert arms["content_high"].to_list() == [-0.005, 0.012, -0.005]
    assert arms["content_finding"].to_list() == ["better", "not distinguishable", "perhaps better"]


def test_only_variants_with_equal_test_ratings_are_paired_with_the_first(table):
    changed = table.dropna(subset="change").set_index("model")
    assert set(changed["arm"]) == {"all-tags"}
    assert set(changed.index) == {"mf", "mf-content"}
    assert changed.loc["mf", "change"] == 0.0
    row = changed.loc["mf-content"]
    first, here = ([rmse(t) for t in a.per_user["mf-content"]] for a in (VARIANTS[0], VARIANTS[2]))
    assert row["change"] == pytest.approx(np.mean(here) - np.mean(first))
    assert row["change_low"] < row["change"] < row["change_high"] < 0
    spread = np.hypot(np.std(here, ddof=1), np.std(first, ddof=1))
    assert row["change_seed_sd"] == pytest.approx(spread)


def test_tag_shares_count_the_tags_used_by_the_variant(table):
    arms = table.drop_duplicates("arm").set_index("arm")
    # Test rating (2, 7) at 20: the tags on item 7 at 30 and 40 are later, and the one at 40 is by
    # the same user. Training knows the tags at 5 and 30.
    assert arms.loc["all-tags", "tags_after_test_rating"] == pytest.approx(2 / 3)
    assert arms.loc["all-tags", "tags_after_by_own_user"] == pytest.approx(1 / 3)
    assert arms.loc["as configured", "tags_after_test_rating"] == pytest.approx(1 / 2)
    assert arms.loc["as configured", "tags_after_by_own_user"] == 0.0
    assert arms.loc["as configured", "test_item_cold"] == 0.5


def test_findings_compare_the_protocols(table):
    found = audit_findings(table, "mf-content", "mf")
    assert found[0].startswith(
        "The test RMSE of mf-content is 0.9700 under per-user-temporal (1,234 test ratings) and "
        "1.0200 under global-temporal (1,234 test ratings), a range of 0.0500. Each protocol tests"
    )
    assert found[1] == "The model with the lowest RMSE is mf-content in every variant."
    assert "better in as configured, -0.0100" in found[2]
    assert "not distinguishable in global-temporal, +0.0010" in found[2]
    assert "perhaps better in all-tags" in found[2]
    assert found[-1].startswith("all-tags compared with the experiment, on the same test ratings")
    assert "lower" in found[-1]
    assert "in 66.7 % of its uses of tags the tag is newer" in found[-1]


def test_a_best_model_that_depends_on_the_protocol_is_named(table):
    turned = table.copy()
    turned.loc[(turned["arm"] == "global-temporal") & (turned["model"] == "bias"), "rmse"] = 0.5
    ordered = turned.sort_values(["arm", "rmse"], kind="stable")
    found = " ".join(audit_findings(ordered, "mf-content", "mf"))
    assert "differs between variants" in found
    assert "bias in global-temporal" in found


def findings_of(variants):
    return audit_findings(audit(variants, "mf-content", "mf", 400, 1), "mf-content", "mf")


def with_fits(audited, *factors):
    return replace(audited, per_user={"mf-content": [per_user(factor) for factor in factors]})


def test_a_change_within_the_seed_spread_is_qualified():
    arms = [with_fits(VARIANTS[0], 1.0, 1.2), with_fits(VARIANTS[2], 1.05, 1.27)]
    found = findings_of(arms)[-1]
    assert "RMSE of mf-content perhaps higher, +0.0" in found
    assert "; fits from other seeds differ by as much; in 66.7 %" in found
    single = [with_fits(VARIANTS[0], 1.0), with_fits(VARIANTS[2], 1.05)]
    found = findings_of(single)[-1]
    assert "RMSE of mf-content higher, +0.0" in found


def test_the_all_tags_variant_changes_nothing_without_tags():
    same = [variant("as configured"), variant("all-tags", tags="all")]
    expected = "all-tags: nothing changes for mf-content; the data have no such content."
    assert findings_of(same)[-1] == expected


@pytest.mark.parametrize(("blended", "plain"), [(None, "mf"), ("mf-content", None), (None, None)])
def test_other_results_do_not_depend_on_the_pair_of_models(blended, plain):
    table = audit(VARIANTS, blended, plain, 400, 1)
    assert table["content_minus_plain"].isna().all()
    assert any("lowest RMSE" in found for found in audit_findings(table, blended, plain))
    texts = texts_of(plot_audit(table, blended, plain))
    assert "no pair of models with and without content" in texts


def test_the_figure_has_every_variant_and_is_reproducible(table, tmp_path):
    texts = set(texts_of(plot_audit(table, "mf-content", "mf")))
    assert {"as configured", "global-temporal", "all-tags", "mf", "mf-content", "bias"} <= texts
    draw = partial(plot_audit, table, "mf-content", "mf")
    assert saved(draw, tmp_path) == saved(draw, tmp_path, font_size=30)


def test_a_model_that_is_good_in_only_one_variant_is_drawn_there(table):
    odd = table.query("model == 'bias'").assign(model="odd", rmse=3.0, rmse_low=2.9, rmse_high=3.1)
    never = plot_audit(pd.concat([table, odd]), "mf-content", "mf")
    assert any("not drawn (mean): odd" in text for text in texts_of(never))
    is_last = odd["arm"] == "all-tags"
    odd.loc[is_last, ["rmse", "rmse_low", "rmse_high"]] = [0.9, 0.89, 0.91]
    assert {"odd", "3.00"} <= set(texts_of(plot_audit(pd.concat([table, odd]), "a", "b")))


def test_ranking_only_models_leave_the_figure_empty(table):
    ranked = table[table["model"] == "popularity"]
    assert "no model predicts ratings" in texts_of(plot_audit(ranked, None, None))
