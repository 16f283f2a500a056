from functools import partial

import numpy as np
import pytest

from ablated import per_user, rmse
from blendmf.evaluation.bootstrap import holm
from blendmf.report.figures.ablation import plot_ablation
from blendmf.studies.ablation import FULL, ablation, findings, role_of
from drawn import saved, texts_of

CONTENT = {"parts": ["genres", "tags", "year"], "terms_by_part": {"genres": 3, "year": 9}}
CHANGED = {
    "blend-user": {"entry": {"kind": "mf-content", "blend": "user"}},
    "no-content": {"entry": {"kind": "mf"}},
    "no-genres": {"content": {"parts": ["tags", "year"]}},
    "no-tags": {"content": {"parts": ["genres", "year"]}},
}
PLACEBOS = {f"placebo-{number}": {"content": {"dealt": number}} for number in range(1, 25)}
FACTORS = {"no-content": 1.03, "no-genres": 1.01}


def ablated(factors=FACTORS, n_placebos=24, noise=0.004, placebo=1.04):
    """Ablation of variants whose errors are a multiple of the full model's errors."""
    chosen = dict(list(PLACEBOS.items())[:n_placebos])
    changed = CHANGED | chosen
    default = dict.fromkeys(chosen, placebo) | factors
    fits = {
        name: [per_user(default.get(name, 1.0), 2 * place + seed, noise) for seed in (0, 1)]
        for place, name in enumerate([FULL, *changed])
    }
    return fits, ablation_of(fits, changed)


def ablation_of(fits, changed):
    names = [name for name, tables in fits.items() for _ in tables]
    tables = [table for tables in fits.values() for table in tables]
    return ablation(names, tables, changed, CONTENT, resamples=400, seed=1)


def test_roles_follow_from_what_a_variant_changes():
    roles = [role_of(change) for change in [*CHANGED.values(), PLACEBOS["placebo-1"]]]
    assert roles == ["blend", "no content", "left out", "left out", "placebo"]


def test_each_variant_is_compared_with_the_full_model():
    fits, found = ablated()
    table = found.table.set_index("arm")
    assert list(table.index) == [FULL, *CHANGED, *PLACEBOS]
    of_full, of_none = (list(map(rmse, fits[name])) for name in (FULL, "no-content"))
    row = table.loc["no-content"]
    assert [row["rmse_seed_1"], row["rmse_seed_2"]] == pytest.approx(of_none)
    assert row["difference"] == pytest.approx(np.mean(of_none) - np.mean(of_full))
    assert row["rmse_seed_sd"] == pytest.approx(np.std(of_none, ddof=1))
    spread = np.hypot(np.std(of_none, ddof=1), np.std(of_full, ddof=1))
    assert row["seed_sd"] == pytest.approx(spread)
    assert row["low"] > 0
    assert np.isnan(table.loc[FULL, "difference"])
    assert set(table.index[table["holds"]]) == {"no-content", "no-genres"}


def test_p_values_are_corrected_among_the_variants_that_change_the_content():
    table = ablated()[1].table.set_index("arm")
    tested = ["blend-user", "no-content", "no-genres"]
    np.testing.assert_allclose(table.loc[tested, "p_holm"], holm(table.loc[tested, "p_value"]))
    assert table.drop(index=tested)["p_holm"].isna().all()


def test_the_ablation_of_content_absent_from_the_data_is_marked():
    found = ablated()[1]
    table = found.table.set_index("arm")
    assert list(table.index[table["same_content"]]) == ["no-tags"]
    assert "no-tags: the data have no such content" in findings(found)[1]


def test_a_difference_within_the_seed_spread_is_not_conclusive():
    changed = {"no-content": CHANGED["no-content"]}
    factors = {FULL: (1.0, 1.2), "no-content": (1.05, 1.27)}
    found = ablation_of({name: list(map(per_user, of)) for name, of in factors.items()}, changed)
    row = found.table.set_index("arm").loc["no-content"]
    assert row["low"] > 0
    assert row["p_holm"] < 0.05
    assert not row["holds"]
    assert "no-content: perhaps worse than the full model" in findings(found)[0]


def test_true_content_that_beats_all_placebos():
    fits, found = ablated()
    placebos = found.placebos
    of_placebos = np.array([np.mean(list(map(rmse, fits[name]))) for name in PLACEBOS])
    assert placebos.n_placebos == placebos.n_beaten == 24
    assert placebos.p_value == placebos.smallest_p_value == pytest.approx(1 / 25)
    assert placebos.mean == pytest.approx(of_placebos.mean())
    assert placebos.sd == pytest.approx(of_placebos.std(ddof=1))
    assert placebos.lowest == pytest.approx(of_placebos.min())
    assert placebos.highest == pytest.approx(of_placebos.max())
    expected = (of_placebos.mean() - placebos.true_content) / of_placebos.std(ddof=1)
    assert placebos.distance == pytest.approx(expected)
    assert placebos.high < 0
    assert "beats 24 of 24 placebos (permutation p = 0.04)" in placebos.verdict
    assert "with the true content it is 0.0" in placebos.verdict
    assert " lower, with placebos 0.0" in placebos.verdict
    assert placebos.verdict.endswith(" higher on average.")


def test_true_content_that_is_no_better_than_the_placebos():
    _, found = ablated(placebo=1.0)
    placebos = found.placebos
    assert 0 < placebos.n_beaten < 24
    assert placebos.p_value == pytest.approx((1 + 24 - placebos.n_beaten) / 25)
    assert "does not differ significantly from content of the wrong items" in placebos.verdict
    assert placebos.verdict.endswith(" lower on average.")
    assert findings(found)[0] == placebos.verdict


def test_beating_placebos_is_not_enough_to_claim_that_content_helps():
    _, found = ablated({"no-content": 0.9})
    assert "beats 24 of 24 placebos" in found.placebos.verdict
    assert "help" not in found.placebos.verdict
    assert "with the true content it is 0.0" in found.placebos.verdict
    assert " higher, with placebos" in found.placebos.verdict


def test_placebos_that_are_equal_are_not_beaten():
    _, found = ablated(n_placebos=3, noise=0.0, placebo=1.0)
    assert found.placebos.n_beaten == 0
    assert found.placebos.p_value == 1.0
    assert found.placebos.distance is None


def test_few_placebos_limit_the_attainable_significance():
    _, found = ablated(n_placebos=3)
    assert found.placebos.n_beaten == 3
    assert "so few cannot show" in found.placebos.verdict
    assert "a p of 0.05 takes 19 placebos" in found.placebos.verdict


@pytest.mark.parametrize("n_placebos", [0, 1, 24])
def test_the_figure_has_every_variant_and_is_reproducible(tmp_path, n_placebos):
    _, found = ablated(n_placebos=n_placebos)
    figure = plot_ablation(found.table)
    texts = set(texts_of(figure))
    assert {*CHANGED, "no such content here"} <= texts
    names = {f"{n_placebos} placebos", f"{n_placebos} placebo"} & texts
    assert names == ({f"{n_placebos} placebo{'s' * (n_placebos > 1)}"} if n_placebos else set())
    draw = partial(plot_ablation, found.table)
    assert saved(draw, tmp_path) == saved(draw, tmp_path, font_size=30)
