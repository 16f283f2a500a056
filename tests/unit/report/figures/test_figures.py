from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from blendmf.report.figure_files import save_figure
from blendmf.report.figures.comparison import plot_comparison, plot_differences
from blendmf.report.figures.learning_curves import plot_learning_curves
from blendmf.report.figures.rank_sweep import plot_rank_sweep
from blendmf.report.figures.ratings import plot_ratings
from blendmf.report.figures.scaling import plot_scaling
from blendmf.report.figures.search import ModelSearch, plot_search
from blendmf.report.figures.small_matrix import plot_small_matrix
from blendmf.report.figures.strata import plot_cold_start, plot_strata
from blendmf.search.space import Dimension
from comparison_tables import RMSE, metrics
from drawn import texts_of
from outcomes import difference_rows
from stratum_tables import kinds, stratum_rows

LONG = "mf-content-with-item-blend-and-train-only-tags-and-decades"
SPACE = {
    "latent_dim": Dimension(5, 50, whole=True),
    "learning_rate": Dimension(1e-4, 1e-1, log=True),
    "regularization": Dimension(1e-5, 1e-1, log=True),
}


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


def history(best_epoch=12, epochs=20):
    epoch = np.arange(1, epochs + 1)
    return pd.DataFrame(
        {
            "epoch": epoch,
            "train_rmse": 1.1 - 0.01 * epoch,
            "validation_rmse": 0.95 + 0.001 * (epoch - best_epoch) ** 2,
        }
    )


def trials(n=30, failed=(3,), pruned=(12, 13, 20), finalists=(5, 6)):
    random = np.random.default_rng(1)
    number = np.arange(n)
    value = 0.95 + 0.1 * random.random(n) ** 3
    value[list(failed)] = np.nan
    state = np.where(np.isnan(value), "failed", "complete")
    state[np.isin(number, pruned)] = "pruned"
    return pd.DataFrame(
        {
            "number": number,
            "generation": number // 10,
            "state": state,
            "value": value,
            "finalist_mean": np.where(np.isin(number, finalists), value + 0.01, np.nan),
            "latent_dim": random.integers(5, 51, n),
            "learning_rate": 10 ** random.uniform(-4, -1, n),
            "regularization": 10 ** random.uniform(-5, -1, n),
        }
    )


def importances(shares=(0.7, 0.25, 0.05)):
    return pd.DataFrame({"parameter": list(SPACE), "importance": shares})


def searched(model, chosen, table, shares=None):
    shares = importances() if shares is None else shares
    return ModelSearch(model, "validation RMSE", chosen, table, shares, SPACE)


def rank_sweep(ranks=(1, 2, 5, 10, 20, 50)):
    rows = [
        (method, rank, start + 0.001 * rank, start + 0.01 + 0.001 * rank, 0.01 * rank)
        for method, start in (("svd", 1.0), ("mf", 0.97))
        for rank in ranks
    ]
    columns = ["method", "rank", "validation_rmse", "test_rmse", "seconds"]
    return pd.DataFrame(rows, columns=columns)


def small_matrix():
    iteration = np.arange(1, 201)
    curves = pd.concat(
        pd.DataFrame(
            {"method": method, "iteration": iteration, "squared_error": 0.1219 + excess**iteration}
        )
        for method, excess in (("gradient-descent", 0.8), ("per-entry-sgd", 0.99))
    )
    methods = ["truncated-svd", "gradient-descent", "per-entry-sgd"]
    errors = pd.DataFrame(
        {"method": methods, "squared_error": [0.1219, 0.1219, 0.2559], "bound": 0.1219}
    )
    return curves, errors


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


def differences_of(rmse=RMSE):
    panels = ("rmse", "rated_precision_at_k", "full_ndcg_at_k")
    tables = [difference_rows(panel, rmse, 0.0003, 0.001, 0.0002) for panel in panels]
    return plot_differences(pd.concat(tables, ignore_index=True), kinds(rmse), "mf", 10)


def cold_start_of(rmse):
    return plot_cold_start(stratum_rows(rmse), kinds(rmse))


def strata_of(rmse, strata=("user-history", "year")):
    return plot_strata(stratum_rows(rmse, strata), kinds(rmse), 10)


MANY = RMSE | {f"mf-{name}": 0.98 for name in ("als", "both", "gd", "tags", "user")}

FIGURES = {
    "scaling": lambda: plot_scaling(scaling_table()),
    "scaling-of-one-rule": lambda: plot_scaling(scaling_table(RULES[:1])),
    "ratings": lambda: plot_ratings(*parts()),
    "ratings-of-few-items": lambda: plot_ratings(*parts(n_items=3)),
    "learning-curves": lambda: plot_learning_curves(
        [history()] * 4, ["a", "a", "b", LONG], [1] * 4
    ),
    "learning-curves-of-one-epoch": lambda: plot_learning_curves([history()[:1]], ["mf"], [1]),
    "learning-curves-of-none": lambda: plot_learning_curves([history()[:0]], ["bias"], [1]),
    "search": lambda: plot_search([searched("mf", 5, trials()), searched(LONG, 6, trials())]),
    "search-of-one-trial": lambda: plot_search(
        [searched(LONG, 0, trials(1, ()), importances((0.0, 0.0, 0.0)))]
    ),
    "search-of-none": lambda: plot_search([]),
    "rank-sweep": lambda: plot_rank_sweep(rank_sweep()),
    "rank-sweep-of-one-rank": lambda: plot_rank_sweep(rank_sweep((5,))),
    "comparison": lambda: plot_comparison(metrics(), kinds(RMSE), 10),
    "comparison-of-one": lambda: plot_comparison(metrics(only("mf", LONG)), {LONG: "mf"}, 10),
    "comparison-without-ratings": lambda: plot_comparison(
        metrics(only("popularity", "popularity")), {"popularity": "popularity"}, 10
    ),
    "differences": differences_of,
    "differences-of-many": lambda: differences_of(MANY | {LONG: 0.97}),
    "differences-of-one": lambda: differences_of(only("mf", "mf")),
    "cold-start": lambda: cold_start_of(RMSE),
    "cold-start-of-many": lambda: cold_start_of(MANY),
    "cold-start-of-one": lambda: cold_start_of(only("mf", LONG)),
    "cold-start-without-ratings": lambda: cold_start_of(only("popularity", "popularity")),
    "strata": lambda: strata_of(RMSE),
    "strata-of-many": lambda: strata_of(MANY),
    "strata-of-one": lambda: strata_of(only("mf", LONG), ("user-history",)),
    "strata-without-ratings": lambda: strata_of(only("popularity", "popularity")),
    "small-matrix": lambda: plot_small_matrix(*small_matrix()),
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


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_small_and_its_texts_are_legible(name, tmp_path, texts_drawn):
    figure = FIGURES[name]()
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


def test_learning_curves_state_the_best_epochs_over_the_seeds():
    figure = plot_learning_curves([history(12), history(15)], ["mf", "mf"], [1, 2])
    assert "best: 0.950 at epochs 12 to 15" in texts_of(figure)


def test_learning_curves_leave_out_models_not_trained_by_epochs():
    figure = plot_learning_curves([history(), history()[:0]], ["mf", "bias"], [1, 1])
    assert "mf" in texts_of(figure)
    assert "bias" not in texts_of(figure)


def marked(figure, marker, colour=None):
    """Points with a marker, by panel."""
    return [
        [tuple(point) for point in line.get_xydata() if np.isfinite(point).all()]
        for axes in figure.axes
        for line in axes.lines
        if line.get_marker() == marker and colour in (None, line.get_color())
    ]


def test_search_marks_the_chosen_trial_and_the_finalists_in_every_panel():
    table = trials()
    figure = plot_search([searched("mf", 6, table)])
    taken, finalists = table.loc[6], table.loc[[5, 6]]
    panels = [table["number"] + 1, *(table[parameter] for parameter in SPACE)]
    assert marked(figure, "*") == [[(places[6], taken["value"])] for places in panels]
    assert marked(figure, "D") == [
        list(zip(places[[5, 6]], finalists["finalist_mean"], strict=True)) for places in panels
    ]


def test_search_draws_pruned_trials_hollow_and_not_as_the_best_so_far():
    table = trials(pruned=(12, 13))
    table.loc[12, "value"] = table["value"].min() - 0.01
    figure = plot_search([searched("mf", 6, table)])
    history = marked(figure, "o", "white")[0]
    assert (13.0, table.loc[12, "value"]) in history
    assert len(history) <= 2
    steps = figure.axes[0].lines[2].get_ydata()
    assert min(steps) == table.loc[table["state"] == "complete", "value"].min()


def test_small_matrix_draws_the_bound():
    figure = plot_small_matrix(*small_matrix())
    assert any(set(line.get_ydata()) == {0.1219} for line in figure.axes[0].lines)
