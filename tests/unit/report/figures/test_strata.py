import numpy as np

from blendmf.report.figures.strata import PALE, highlighted, plot_cold_start, plot_strata
from drawn import texts_of
from stratum_tables import BINS, kinds, stratum_rows

RMSE = {
    "bias": 1.02,
    "content-only": 1.09,
    "global-mean": 1.16,
    "mf": 0.985,
    "mf-als": 0.995,
    "mf-content": 0.976,
    "mf-content-both": 0.98,
    "popularity": np.nan,
    "random": 1.52,
    "svd": 1.01,
}
FRONT = ["mf-content", "mf", "content-only", "bias", "popularity"]


def lines_of(axes, colour):
    """Lines of a panel in a colour, without the markers of labels."""
    return [line for line in axes.lines if line.get_color() == colour and len(line.get_xdata()) > 1]


def labels_of(axes):
    return {text.get_text() for text in axes.texts}


def test_the_best_of_each_kind_and_the_best_ranker_are_highlighted():
    assert list(highlighted(stratum_rows(RMSE), kinds(RMSE))) == FRONT
    without = {name: error for name, error in RMSE.items() if name not in ("mf", "popularity")}
    assert list(highlighted(stratum_rows(without), kinds(without))) == [
        *("mf-content", "mf-als", "content-only", "bias")
    ]


def test_the_best_of_a_kind_is_chosen_over_all_ratings_not_bins():
    table = stratum_rows({"mf": 1.0, "mf-als": 1.0, "bias": 1.1})
    small = (table["stratum"] == "user-history") & (table["bin"] == "11-20")
    table.loc[small & (table["model"] == "mf"), "rmse"] = 0.5
    table.loc[(table["bin"] == "51+") & (table["model"] == "mf"), "rmse"] = 1.02
    assert "mf-als" in highlighted(table, kinds(("mf", "mf-als", "bias")))


def test_cold_start_highlights_some_models_and_names_the_others():
    error, size = plot_cold_start(stratum_rows(RMSE), kinds(RMSE)).axes
    others = next(text for text in labels_of(error) if text.startswith("pale: "))
    assert others.splitlines() == [
        "pale: mf-als, mf-content-both, svd",
        "errors far above, not drawn (mean of the bins): global-mean (1.25), random (1.61)",
    ]
    assert len(lines_of(error, PALE)) == 3
    assert labels_of(error) - {others} == {"mf-content", "mf", "content-only", "bias"}
    assert [label.get_text() for label in size.get_xticklabels()] == ["0", "2", "201+"]
    assert labels_of(size) == {"120", "400", "9,000"}


def test_cold_start_draws_the_intervals_of_the_highlighted_models():
    figure = plot_cold_start(stratum_rows({"mf": 0.98, "bias": 1.02}), kinds(("mf", "bias")))
    spans = [
        tuple(segment[:, 1])
        for collection in figure.axes[0].collections
        for segment in collection.get_segments()
    ]
    filled = [lower for _, lower, n in BINS["cold-start"] if n]
    middles = np.array([e + 0.2 / (1 + lower) for e in (0.98, 1.02) for lower in filled])
    np.testing.assert_allclose(spans, np.column_stack([middles - 0.02, middles + 0.02]))


def test_strata_have_a_column_for_years_only_with_timestamps():
    with_years = plot_strata(stratum_rows(RMSE), kinds(RMSE), 7)
    without = plot_strata(stratum_rows(RMSE, ("user-history",)), kinds(RMSE), 7)
    assert (len(with_years.axes), len(without.axes)) == (6, 3)
    labels = set(texts_of(without))
    assert {"NDCG@7, full protocol", "training ratings of the user"} <= labels
    assert "year of the rating" not in labels


def test_strata_name_the_best_ranker_only_in_ranking_panels():
    figure = plot_strata(stratum_rows(RMSE), kinds(RMSE), 10)
    assert labels_of(figure.axes[1]) == set(FRONT) - {"popularity"}
    assert labels_of(figure.axes[3]) == set(FRONT)


def test_strata_leave_out_bins_of_few_users():
    table = stratum_rows(RMSE)
    few = (table["stratum"] == "year") & (table["n_users"] < 10)
    assert few.any()
    figure = plot_strata(table, kinds(RMSE), 10)
    (line,) = lines_of(figure.axes[1], highlighted(table, kinds(RMSE))["bias"].colour)
    assert np.isnan(line.get_ydata()).sum() == few.sum() / len(RMSE)
