"""Parts of the report of one data set: its tables, figures and charts, each with its text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from markupsafe import Markup

from blendmf.evaluation.user_metrics import higher_is_better
from blendmf.evaluation.verdict import with_findings
from blendmf.report.labels import label
from blendmf.report.pages.page import chart, figure, json_data, table
from blendmf.report.pages.tables import shown_table
from blendmf.report.pages.texts import explanation, has_text

MAIN_METRICS = ("rmse", "mae", "user_rmse", "rated_precision_at_k", "rated_ndcg_at_k")
"""Metrics that the choice of two models offers first."""


@dataclass(frozen=True, eq=False)
class ReportFiles:
    """What the report of a data set is made from; `results/README.md` describes the files.

    Attributes
    ----------
    dataset : str
    config : mapping
        The experiment's configuration.
    outcome : str
        The outcome in words, as reStructuredText.
    tables : mapping of str to DataFrame
        By name: table, metrics, differences, strata, groups, rank_sweep, fitted_on, usage,
        small_matrix.
    figures : mapping of str to str
        SVG documents by name; ``{name}-narrow`` is one for a phone.
    charts : mapping of str to mapping
        Vega-Lite specifications by name; ``{name}-narrow`` is one for a phone.
    trials : mapping of str to DataFrame
        Trials of each searched model.
    best : mapping of str to mapping
        ``best.json`` of each searched model.
    fits : mapping of str to sequence of mapping
        ``fit.json`` of each model's seeds.
    source, leakage, manifest : mapping
        ``data/source.json``, ``split/leakage.json``, ``manifest.json``.
    links : mapping of str to str
        Addresses of related pages by name.
    """

    dataset: str
    config: Mapping[str, Any]
    outcome: str
    tables: Mapping[str, pd.DataFrame]
    figures: Mapping[str, str]
    charts: Mapping[str, Mapping[str, Any]]
    trials: Mapping[str, pd.DataFrame]
    best: Mapping[str, Mapping[str, Any]]
    fits: Mapping[str, Sequence[Mapping[str, Any]]]
    source: Mapping[str, Any]
    leakage: Mapping[str, Any]
    manifest: Mapping[str, Any]
    links: Mapping[str, str]

    @property
    def k(self) -> int:
        """Length of the ranked lists."""
        return int(self.config["evaluation"]["k"])


class Parts:
    """Parts of the report."""

    def __init__(self, files: ReportFiles) -> None:
        self._files = files
        self._folder = f"results/{files.dataset}"
        self._shown: set[str] = set()

    def text(self, name: str) -> Markup:
        """The text that explains a part."""
        return explanation(name, self._files.config)

    def drawn(self, name: str) -> list[Markup]:
        """A figure with its text, or nothing if the run has no such figure."""
        figures = self._files.figures
        if name not in figures:
            return []
        self._shown.add(name)
        explained = [self.text(name)] if has_text(name) else []
        return [figure(name, figures[name], figures.get(f"{name}-narrow")), *explained]

    def further(self) -> list[Markup]:
        """Figures that are not shown yet, each with its text if it has one."""
        others = [name for name in self._files.figures if not name.endswith("-narrow")]
        return [part for name in others if name not in self._shown for part in self.drawn(name)]

    def charted(self, name: str) -> list[Markup]:
        """A chart with its text, or nothing if the run has no such chart."""
        charts = self._files.charts
        if name not in charts:
            return []
        return [chart(f"{name}-chart", charts[name], charts[f"{name}-narrow"]), self.text(name)]

    def plain(self, name: str, title: str) -> Markup:
        """A table of the run, all columns shown."""
        files = {
            "rank_sweep": f"{self._folder}/svd/rank-sweep.csv",
            "small_matrix": "results/small-matrix/errors.csv",
            "fitted_on": f"{self._folder}/split/fitted-on.csv",
            "usage": f"{self._folder}/usage.csv",
        }
        data = shown_table(self._files.tables[name], title, file=files[name])
        return table(name.replace("_", "-"), data)

    def models(self) -> Markup:
        """All metrics of every model, the settings that won, and what it cost."""
        files = self._files
        usage = files.tables["usage"]
        memory = usage[usage["rule"] == "train"].set_index("model")["used_mb"]
        rows = files.tables["table"].copy()
        names = rows["model"]
        rows["settings"] = [_settings(files.best.get(name)) for name in names]
        rows["trials"] = [_trials(files.best.get(name)) for name in names]
        rows["fit_seconds"] = [_seconds(files.fits.get(name, ())) for name in names]
        rows["peak_mb"] = names.map(memory)
        data = shown_table(
            rows,
            "All models, the lowest test RMSE first",
            file=f"{self._folder}/comparison/table.csv",
            k=files.k,
            hidden=("rated_recall_at_k", "full_recall_at_k", "n_ratings", "squared_error"),
        )
        return table("models", data)

    def differences(self) -> Markup:
        """All differences between pairs of models."""
        found = with_findings(self._files.tables["differences"])
        found["metric"] = [label(name, self._files.k) for name in found["metric"]]
        data = shown_table(
            found,
            "Differences between all pairs of models, paired over users",
            file=f"{self._folder}/comparison/differences.csv",
            hidden=("p_value", "relative_percent", "seed_sd", "n_users"),
        )
        return table("differences", data)

    def strata(self) -> Markup:
        """All metrics by group of users, items and years."""
        strata = self._files.tables["strata"]
        kept = ("model", "stratum", "bin", "n_ratings", "n_users", "rmse", "rmse_low", "rmse_high")
        shown = [*kept, "mae", "rated_ndcg_at_k", "full_ndcg_at_k"]
        others = [str(name) for name in strata if name not in (*shown, "lower", "upper")]
        data = shown_table(
            strata.loc[strata["n_ratings"] > 0, [*shown, *others]],
            "All metrics by group of users, items and years",
            file=f"{self._folder}/comparison/strata.csv",
            k=self._files.k,
            hidden=others,
        )
        return table("strata", data)

    def trials(self) -> list[Markup]:
        """All trials of all searches in one table; a model's own settings are hidden columns."""
        tables = [of.assign(model=model) for model, of in self._files.trials.items()]
        if not tables:
            return []
        trials = pd.concat(tables, ignore_index=True)
        first = ["model", "number", "generation", "state", "value", "finalist_mean", "epochs"]
        settings = [str(name) for name in trials if name not in (*first, "best_epoch")]
        words = [
            _written({name: row[name] for name in settings if pd.notna(row[name])})
            for row in trials[settings].to_dict("records")
        ]
        data = shown_table(
            trials[first].assign(settings=words).join(trials[["best_epoch", *settings]]),
            "All trials of the search",
            file=f"{self._folder}/search/MODEL/trials.csv",
            hidden=("best_epoch", "generation", *settings),
        )
        return [table("trials", data), self.text("trials-table")]

    def leakage(self) -> Markup:
        """Findings of the audit of the split."""
        found = [{"what": what, **found} for what, found in self._files.leakage.items()]
        names = ["meaning", "share", "numerator", "denominator", "what"]
        data = shown_table(
            pd.DataFrame(found)[names],
            "Findings of the audit",
            file=f"{self._folder}/split/leakage.json",
            hidden=("what",),
        )
        return table("leakage", data)

    def comparison(self) -> Markup:
        """The choice of two models and a metric."""
        files = self._files
        found = with_findings(files.tables["differences"])
        names = sorted(found["metric"].unique(), key=_main_first)
        metrics = {
            name: {"label": label(name, files.k), "higher": higher_is_better(name)}
            for name in names
        }
        means = files.tables["metrics"].pivot_table("mean", "metric", "model", aggfunc="first")
        keys = ["metric", "model_a", "model_b", "difference", "low", "high", "p_holm"]
        strata = files.tables["strata"]
        strata = strata[strata["n_ratings"] > 0]
        within = files.tables["groups"]
        groups = []
        for (stratum, group), rows in strata.groupby(["stratum", "bin"], sort=False):
            by_model = rows.set_index("model")
            values = {name: _rounded(by_model[name].dropna()) for name in names if name in by_model}
            counts = {name: int(by_model[name].iloc[0]) for name in ("n_users", "n_ratings")}
            own = within[(within["stratum"] == stratum) & (within["bin"] == group)]
            groups.append(
                {
                    "differences": shown_rows(own[keys[:-1]]),
                    "stratum": str(stratum).replace("-", " "),
                    "bin": str(group),
                    **counts,
                    "values": values,
                }
            )
        data = {
            "models": list(files.tables["table"]["model"]),
            "metrics": metrics,
            "values": {name: _rounded(means.loc[name].dropna()) for name in names},
            "differences": shown_rows(found[[*keys, "share_a_better", "n_users", "finding"]]),
            "strata": groups,
        }
        holder = Markup(
            '<div data-compare="compare-data"><noscript>Needs JavaScript.</noscript></div>'
        )
        return holder + json_data("compare-data", data)


def shown_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a table as JSON objects, floats rounded to what is shown."""
    return [
        {str(key): round(of, 6) if isinstance(of, float) else of for key, of in row.items()}
        for row in table.to_dict("records")
    ]


def _rounded(values: pd.Series) -> dict[str, float]:
    return {str(name): round(float(value), 6) for name, value in values.items()}


def _main_first(name: str) -> tuple[int, str]:
    return (MAIN_METRICS.index(name) if name in MAIN_METRICS else len(MAIN_METRICS), name)


def _settings(best: Mapping[str, Any] | None) -> str | None:
    """Settings that won a search, as a person would write them."""
    return None if best is None else _written(best["params"])


def _written(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {_short(of)}" for name, of in settings.items())


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _trials(best: Mapping[str, Any] | None) -> str | None:
    """Outcome of the trials of a search: ``13 complete, 17 pruned``."""
    if best is None:
        return None
    return ", ".join(f"{n} {state}" for state, n in best["trials"].items() if n)


def _seconds(fits: Sequence[Mapping[str, Any]]) -> float | None:
    """Mean seconds of a model's fits."""
    return sum(fit["seconds"] for fit in fits) / len(fits) if fits else None
