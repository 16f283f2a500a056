from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from blendmf.report.figure_files import save_figure
from blendmf.report.figures.ablation import plot_ablation
from blendmf.report.figures.audit import plot_audit
from blendmf.report.figures.comparison import plot_comparison, plot_differences
from blendmf.report.figures.rank_sweep import plot_rank_sweep
from blendmf.report.figures.ratings import plot_ratings
from blendmf.report.figures.scaling import plot_scaling
from blendmf.report.figures.small_matrix import plot_small_matrix
from blendmf.report.figures.strata import plot_cold_start, plot_strata
from blendmf.report.figures.style import is_narrow
from comparison_tables import RMSE, metrics
from drawn import small_matrix, texts_of
from outcomes import difference_rows
from stratum_tables import kinds, stratum_rows

LONG = "mf-content-with-item-blend-and-train-only-tags-and-decades"


def parts(n_items=400):
    random = np.random.default_rng(0)
    popularity = 1 / np.arange(1, n_items + 1)
    table = pd.DataFrame(
        {
            "item_id": random.choice(n_items, 5000, p=popularity / popularity.sum()),
            "rating": random.integers(1, 6, 5000).astype(np.float32),
        }
    )
    return table[:3500], table[3500:4250], table[4250:]


def rank_sweep(ranks=(1, 2, 5, 10, 20, 50)):
    rows = [
        (method, rank, start + 0.001 * rank, start + 0.01 + 0.001 * rank, 0.01 * rank)
        for method, start in (("svd", 1.0), ("mf", 0.97))
        for rank in ranks
    ]
    columns = ["method", "rank", "validation_rmse", "test_rmse", "seconds"]
    return pd.DataFrame(rows, columns=columns)


RULES = [
    *((rule, None) for rule in ("fetch", "import_tables", "split", "matrices", "content")),
    *(("train", model) for model in ("bias", "svd", "mf", LONG)),
    *(("evaluate", model) for model in ("bias", "svd", "mf", LONG)),
    *((rule, None) for rule in ("compare", "plot_ratings", "pages", "manifest")),
]


def only(model, name):
    return {name: RMSE[model]}


def scaling_table(jobs=RULES, ratings=(10_000, 1_000_000, 10_000_000, 100_000_000)):
    rows = [
        (rule, model, n, 1 + place * n / 1e6, 100 + 20 * place + n * 30 / 2**20)
        for place, (rule, model) in enumerate(jobs)
        for n in ratings
    ]
    return pd.DataFrame(rows, columns=["rule", "model", "ratings", "processor_seconds", "peak_mib"])


def differences_of(rmse=RMSE, **form):
    panels = ("rmse", "rated_precision_at_k", "full_ndcg_at_k")
    tables = [difference_rows(panel, rmse, 0.0003, 0.001, 0.0002) for panel in panels]
    return plot_differences(pd.concat(tables, ignore_index=True), kinds(rmse), "mf", 10, **form)


def cold_start_of(rmse, **form):
    return plot_cold_start(stratum_rows(rmse), kinds(rmse), **form)


def strata_of(rmse, strata=("user-history", "year"), **form):
    return plot_strata(stratum_rows(rmse, strata), kinds(rmse), 10, **form)


MANY = RMSE | {f"mf-{name}": 0.98 for name in ("als", "both", "gd", "tags", "user")}


def audited():
    """Table of an audit with several variants and one model that is far above the others."""
    errors = {"mf": 0.92, "mf-content": 0.91, "bias": 0.95, LONG: 0.93, "global-mean": 1.6}
    rows = [
        {
            "arm": arm,
            "model": model,
            "rmse": rmse,
            "rmse_low": rmse - 0.01,
            "rmse_high": rmse + 0.01,
            "content_minus_plain": -0.01,
            "content_low": -0.02,
            "content_high": 0.001,
            "content_finding": "not distinguishable",
        }
        for arm in ("as configured", "all-tags", "global-temporal")
        for model, rmse in errors.items()
    ]
    return pd.DataFrame(rows)


def ablation_table():
    rows = [("full", "full", 0.0), ("no-genres", "left out", 0.004), ("no-content", "none", 0.01)]
    rows += [(f"placebo-{n}", "placebo", 0.0195 + n * 1e-5) for n in range(19)]
    table = pd.DataFrame(rows, columns=["arm", "role", "difference"])
    interval = {"low": table["difference"] - 0.001, "high": table["difference"] + 0.001}
    return table.assign(**interval, seed_sd=0.0005, holds=True, same_content=False)


FIGURES = {
    "ablation": lambda **form: plot_ablation(ablation_table(), **form),
    "audit": lambda **form: plot_audit(audited(), "mf-content", "mf", **form),
    "scaling": lambda **form: plot_scaling(scaling_table(), **form),
    "scaling-of-one-rule": lambda **form: plot_scaling(scaling_table(RULES[:1]), **form),
    "ratings": lambda **form: plot_ratings(*parts(), **form),
    "ratings-of-few-items": lambda **form: plot_ratings(*parts(n_items=3), **form),
    "rank-sweep": lambda **form: plot_rank_sweep(rank_sweep(), **form),
    "rank-sweep-of-one-rank": lambda **form: plot_rank_sweep(rank_sweep((5,)), **form),
    "comparison": lambda **form: plot_comparison(metrics(), kinds(RMSE), 10, **form),
    "comparison-of-one": lambda **form: plot_comparison(
        metrics(only("mf", LONG)), {LONG: "mf"}, 10, **form
    ),
    "comparison-without-ratings": lambda **form: plot_comparison(
        metrics(only("popularity", "popularity")), {"popularity": "popularity"}, 10, **form
    ),
    "differences": differences_of,
    "differences-of-many": lambda **form: differences_of(MANY | {LONG: 0.97}, **form),
    "differences-of-one": lambda **form: differences_of(only("mf", "mf"), **form),
    "cold-start": lambda **form: cold_start_of(RMSE, **form),
    "cold-start-of-many": lambda **form: cold_start_of(MANY, **form),
    "cold-start-of-one": lambda **form: cold_start_of(only("mf", LONG), **form),
    "cold-start-without-ratings": lambda **form: cold_start_of(
        only("popularity", "popularity"), **form
    ),
    "strata": lambda **form: strata_of(RMSE, **form),
    "strata-of-many": lambda **form: strata_of(MANY, **form),
    "strata-of-one": lambda **form: strata_of(only("mf", LONG), ("user-history",), **form),
    "strata-without-ratings": lambda **form: strata_of(only("popularity", "popularity"), **form),
    "small-matrix": lambda **form: plot_small_matrix(*small_matrix(), **form),
}


@dataclass(frozen=True)
class DrawnText:
    text: str
    size: float
    box: Bbox


@pytest.fixture
def texts_drawn(monkeypatch):
    """Return a function that collects the texts drawn by another function."""

    def collect(draw_figure):
        drawn = {}
        draw = Text.draw

        def recording(text, renderer):
            if text.get_visible() and text.get_text().strip():
                box = text.get_window_extent(renderer)
                drawn[text] = DrawnText(text.get_text(), text.get_fontsize(), box)
            draw(text, renderer)

        with monkeypatch.context() as patch:
            patch.setattr(Text, "draw", recording)
            draw_figure()
        return list(drawn.values())

    return collect


@pytest.mark.parametrize("narrow", [False, True], ids=["page", "phone"])
@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_small_and_its_texts_are_legible(name, narrow, tmp_path, texts_drawn):
    figure = FIGURES[name](narrow=narrow)
    assert is_narrow(figure) == narrow
    path = tmp_path / "figure.svg"
    texts = texts_drawn(lambda: save_figure(path, figure, "what it shows"))
    assert path.stat().st_size < 150_000
    width, height = 72 * figure.get_size_inches()
    for drawn in texts:
        assert drawn.size >= 9, drawn
        assert drawn.box.x0 >= -1, drawn
        assert drawn.box.y0 >= -1, drawn
        assert drawn.box.x1 <= width + 1, drawn
        assert drawn.box.y1 <= height + 1, drawn
    for a, b in combinations(texts, 2):
        shared_width = min(a.box.x1, b.box.x1) - max(a.box.x0, b.box.x0)
        shared_height = min(a.box.y1, b.box.y1) - max(a.box.y0, b.box.y0)
        assert min(shared_width, shared_height) <= 1, (a, b)


def test_the_long_tail_figure_states_the_share_of_the_top_fifth():
    table = pd.DataFrame({"item_id": [1] * 6 + [2, 3, 4, 5], "rating": 3.0})
    texts = texts_of(plot_ratings(table, table[:0], table[:0]))
    assert "top 20% of the items (1)\nhold 60% of the ratings" in texts


def test_small_matrix_draws_the_bound():
    figure = plot_small_matrix(*small_matrix())
    assert any(set(line.get_ydata()) == {0.1219} for line in figure.axes[0].lines)
