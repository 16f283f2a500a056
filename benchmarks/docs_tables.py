"""Tables on the pages of experiments, each a function of the small files of results."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from benchmarks.docs_data import read, rows_of
from blendmf.report.number_format import or_dash

Rows = Iterator[Sequence[str]]

SYSTEMS = Path("workflow/experiments/notebook.yaml")
PAIRS = (
    ("mf-content", "mf"),
    ("bayes-content", "bayes"),
    ("bayes", "mf"),
    ("bayes-content", "mf-content"),
    ("mf", "bias"),
)
LEAKS = ("test_older_than_training_of_item", "test_item_cold")


def markdown(rows: Rows) -> str:
    """A Markdown table; the first row is its header."""
    header, *others = rows
    lines = [header, ["---"] * len(header), *others]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def models(data_set: str, data: Path) -> Rows:
    """Every model, best first."""
    yield "model", "RMSE", "95 % interval", "MAE", "precision", "recall", "NDCG, full"
    for row in rows_of(read(data, f"{data_set}/models.csv")):
        yield (
            f"`{row.model}`",
            or_dash(row.rmse),
            _between(row.rmse_low, row.rmse_high),
            *map(or_dash, (row.mae, row.rated_precision_at_k, row.rated_recall_at_k)),
            or_dash(row.full_ndcg_at_k),
        )


def pairs(data_set: str, data: Path) -> Rows:
    """RMSE of each model with words minus that of the same without, and of `bayes` and `mf`."""
    yield "model", "compared with", "RMSE, model minus other", "corrected p", "spread over seeds"
    found = {
        (row.model_a, row.model_b): row
        for row in rows_of(read(data, f"{data_set}/differences.csv"))
    }
    for pair in PAIRS:
        if pair in found:
            row, ends = found[pair], ("difference", "low", "high")
            gap = gap_of(*(getattr(row, end) for end in ends))
        else:
            row, ends = found[pair[::-1]], ("difference", "high", "low")
            gap = gap_of(*(-getattr(row, end) for end in ends))
        yield *(f"`{name}`" for name in pair), gap, or_dash(row.p_holm), or_dash(row.seed_sd)


def cold_start(data_set: str, data: Path) -> Rows:
    """RMSE by number of training ratings of the item."""
    found = read(data, f"{data_set}/strata.csv")
    shown = ["bias", "mf", "mf-content", "bayes", "bayes-content"]
    yield "training ratings of the item", "test ratings", *(f"`{name}`" for name in shown)
    for ratings, rows in found.groupby("bin", sort=False):
        rmse = rows.set_index("model")["rmse"]
        n = rows["n_ratings"].iloc[0]
        yield str(ratings), f"{n:,}", *(or_dash(rmse[name]) for name in shown)


def ranks(data_set: str, data: Path) -> Rows:
    """Test RMSE by number of factors."""
    found = read(data, f"{data_set}/rank-sweep.csv")
    table = found.pivot_table("test_rmse", "rank", "method")
    yield "factors", *(f"`{name}`" for name in table)
    for rank, row in table.iterrows():
        yield str(rank), *map(or_dash, row)


def protocols(data_set: str, data: Path) -> Rows:
    """Effect of content and leaks in each variant of the audit."""
    yield (
        *("protocol", "`mf-content` minus `mf`", "corrected p", "finding"),
        "older than a training rating of their item",
        "items without training ratings",
    )
    for rows in _variants(data_set, data):
        first = rows.iloc[0]
        yield (
            _protocol(first),
            gap_of(first.content_minus_plain, first.content_low, first.content_high),
            *(or_dash(first.content_p_holm), first.content_finding),
            *(f"{100 * first[name]:.1f} %" for name in LEAKS),
        )


def audited_errors(data_set: str, data: Path) -> Rows:
    """RMSE of some models in each variant of the audit."""
    shown = ["bias", "mf", "mf-content", "bayes", "bayes-content", "content-only"]
    yield "protocol", *(f"`{name}`" for name in shown)
    for rows in _variants(data_set, data):
        rmse = rows.set_index("model")["rmse"].reindex(shown)
        yield _protocol(rows.iloc[0]), *map(or_dash, rmse)


def tag_leaks(data_set: str, data: Path) -> Rows:
    """Shares of the uses of tags that were written later, or by the predicted user."""
    yield "tags", "uses written after the rating", "uses written later by the user of the rating"
    table = read(data, f"{data_set}/audit.csv").drop_duplicates("arm")
    for row in rows_of(table[table["scheme"] == "per-user-temporal"]):
        shares = (row.tags_after_test_rating, row.tags_after_by_own_user)
        yield f"`{row.tags}`", *(f"{100 * share:.1f} %" for share in shares)


def _protocol(row: Any) -> str:
    return f"`{row.scheme}`" + (", all tags" if row.tags == "all" else "")


def _variants(data_set: str, data: Path) -> Iterator[pd.DataFrame]:
    for _, rows in read(data, f"{data_set}/audit.csv").groupby("arm", sort=False):
        yield rows


def all_tags(data_set: str, data: Path) -> Rows:
    """What tags that were unknown at the time change."""
    yield "model", "RMSE, all tags minus `train-only`"
    table = read(data, f"{data_set}/audit.csv")
    for row in rows_of(table[(table["arm"] == "all-tags") & table["change"].notna()]):
        yield f"`{row.model}`", gap_of(row.change, row.change_low, row.change_high)


def ablation(data_set: str, data: Path, *, study: str = "ablation") -> Rows:
    """Every variant but the placebos, and the placebos together."""
    yield "variant", "RMSE", "minus the full model", "corrected p"
    table = read(data, f"{data_set}/{study}.csv")
    for row in rows_of(table[table["role"] != "placebo"]):
        gap = gap_of(row.difference, row.low, row.high) if row.role != "full" else ""
        note = " (the data have no such words)" if row.same_content else ""
        p_value = "" if row.role == "full" or row.same_content else or_dash(row.p_holm)
        yield f"{row.arm}{note}", or_dash(row.rmse), gap, p_value
    for row in rows_of(read(data, f"{data_set}/{study}-placebos.csv")):
        # The file has the full model minus the placebos.
        gap = gap_of(-row.difference, -row.high, -row.low)
        yield f"placebos, mean of {row.n_placebos}", or_dash(row.mean), gap, ""


def placebos(data_set: str, data: Path, *, study: str = "ablation") -> Rows:
    """The true content among the placebos."""
    yield (
        "placebos",
        "lowest",
        "highest",
        "true content",
        "beaten by it",
        "p",
        "smallest possible p",
    )
    for row in rows_of(read(data, f"{data_set}/{study}-placebos.csv")):
        yield (
            str(row.n_placebos),
            *map(or_dash, (row.lowest, row.highest, row.true_content)),
            *(str(row.n_beaten), or_dash(row.p_value), or_dash(row.smallest_p_value)),
        )


def published(data_set: str, data: Path) -> Rows:
    """The models of a run and the other systems of the experiment's configuration."""
    yield "system", "RMSE", "MAE", "P@10", "R@10", "note"
    ours = read(data, f"{data_set}/models.csv").rename(
        columns={"rated_precision_at_k": "precision", "rated_recall_at_k": "recall"}
    )
    theirs = pd.DataFrame(yaml.safe_load(SYSTEMS.read_text(encoding="utf-8"))["published"])
    ours["system"], ours["note"] = "`" + ours["model"] + "`", ""
    metrics = ["rmse", "mae", "precision", "recall"]
    both = pd.concat([ours, theirs], ignore_index=True).fillna({"note": ""})
    for row in both.sort_values("rmse", kind="stable").to_dict("records"):
        yield row["system"], *(or_dash(row[name]) for name in metrics), row["note"]


def _between(low: float, high: float) -> str:
    return f"{low:.4f} to {high:.4f}" if math.isfinite(low) else or_dash(low)


def gap_of(value: float, low: float, high: float) -> str:
    """A difference with its interval; bold if the interval excludes 0."""
    mark = "**" if low > 0 or high < 0 else ""
    return f"{mark}{value:+.4f}{mark} ({low:+.4f} to {high:+.4f})"
