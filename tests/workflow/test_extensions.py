"""A model, a metric and a figure, each added by one new file and one line of registration."""

import pandas as pd
import pytest
from project import Project

MODEL = '''
"""Each item's median rating."""

from typing import ClassVar, Literal

import numpy as np

from blendmf.common.files import read_arrays, write_arrays
from blendmf.config.models import OwnEntry
from blendmf.models.observations import known_positions


class MedianModel:
    """Predicts each item's median rating."""

    kind: ClassVar[str] = "median-model"
    predicts_ratings: ClassVar[bool] = True

    def __init__(self, n_users, medians):
        self.n_users, self.n_items, self.medians = n_users, len(medians), medians

    def predict(self, users, items):
        positions, known = known_positions(items, self.n_items)
        return np.where(known, self.medians[positions], np.median(self.medians))

    def score_pairs(self, users, items):
        return self.predict(users, items).astype(np.float32)

    def score_users(self, users):
        return np.tile(self.medians, (len(np.atleast_1d(users)), 1)).astype(np.float32)

    def save(self, path):
        arrays = {"n_users": np.array(self.n_users), "medians": self.medians}
        write_arrays(path, {"kind": np.array(self.kind), **arrays})

    @classmethod
    def load(cls, path):
        arrays = read_arrays(path)
        return cls(int(arrays["n_users"]), arrays["medians"])


class MedianEntry(OwnEntry):
    """Predicts each item's median rating, plus a number."""

    model: ClassVar[type] = MedianModel
    kind: Literal["median"]
    plus: float = 0.0

    def fit(self, train, validation, *, rating_range, random):
        of_item = [train.ratings[train.items == item] for item in range(train.shape[1])]
        middle = float(np.median(train.ratings))
        medians = [np.median(own) if len(own) else middle for own in of_item]
        return MedianModel(train.shape[0], np.clip(np.array(medians) + self.plus, *rating_range))
'''

METRIC = '''
"""Share of the relevant items among the first half of the list."""

from blendmf.evaluation.ranking_metrics import RankedLists, ratio


def recall_at_half(lists: RankedLists):
    """Hits in the first half / n_relevant."""
    return ratio(lists.hits[:, : lists.k // 2].sum(axis=1), lists.n_relevant)
'''

FIGURE = '''
"""Number of ratings of each part."""

from blendmf.report.figures.of_run import RunFigure
from blendmf.report.figures.style import new_figure, shared_look


def _draw(run, narrow=False):
    with shared_look():
        figure = new_figure(2.0, narrow)
        figure.subplots().bar(["train", "validation", "test"], [len(part) for part in run.parts])
    return figure


SIZES = RunFigure(_draw, lambda run: f"The test part has {len(run.parts[2])} ratings.")
'''

LINES = {
    "src/blendmf/config/models.py": (
        "OWN_KINDS: tuple[str, ...] = (",
        '"blendmf.models.median:MedianEntry",',
    ),
    "src/blendmf/evaluation/metrics.py": (
        "METRICS = {",
        '"recall_at_half": RankingMetric("Recall@{k}/2", recall_at_half),',
    ),
    "src/blendmf/report/figures/registry.py": (
        "FIGURES = {",
        '"sizes": "blendmf.report.figures.sizes:SIZES",',
    ),
}
FEW = {
    "models": {
        "median": {"kind": "median", "plus": 0.1},
        **dict.fromkeys(("mf", "mf-content", "popularity", "pure-svd", "bayes-content")),
    },
    "svd": {"compared_with": None},
    "ablation": {"model": None},
}


def add(project: Project) -> None:
    source = project.code / "src/blendmf"
    (source / "models/median.py").write_text(MODEL)
    (source / "evaluation/half.py").write_text(METRIC)
    (source / "report/figures/sizes.py").write_text(FIGURE)
    for file, (start, line) in LINES.items():
        path = project.code / file
        text = path.read_text()
        assert text.count(start) == 1, file
        path.write_text(text.replace(start, f"{start}{line}"))
    metrics = source / "evaluation/metrics.py"
    imported = "from blendmf.evaluation.half import recall_at_half\n"
    metrics.write_text(metrics.read_text().replace("\nMETRICS", f"\n{imported}METRICS", 1))


@pytest.mark.slow
def test_a_model_a_metric_and_a_figure_are_one_file_and_one_line_each(fresh: Project) -> None:
    add(fresh)
    fresh.succeed("--cores", "2", changes=FEW)
    comparison = fresh.run / "results/synthetic/comparison"
    table = pd.read_csv(comparison / "table.csv").set_index("model")
    assert table.loc["median", "rmse"] > 0
    metrics = pd.read_csv(comparison / "metrics.csv")
    half = metrics[metrics["metric"] == "rated_recall_at_half"].set_index("model")["mean"]
    whole = metrics[metrics["metric"] == "rated_recall_at_k"].set_index("model")["mean"]
    assert (half <= whole).all()
    assert half.loc["median"] > 0
    page = (fresh.run / "results/synthetic/report.html").read_text()
    assert "Further figures" in page
    assert f"The test part has {int(table.loc['median', 'n_ratings'])} ratings." in page
    assert "Recall@10/2" in page
    # An edit of the model reruns the fits, but not the data.
    model = fresh.code / "src/blendmf/models/median.py"
    model.write_text(model.read_text().replace("+ self.plus", "- self.plus"))
    planned = fresh.succeed("-n", changes=FEW)
    assert "train" in planned
    assert "fetch" not in planned
