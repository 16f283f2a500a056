"""What an audit shows, in words that its numbers allow."""

import pandas as pd

from blendmf.common.wording import enumerated, p_value
from blendmf.evaluation.bootstrap import ROUNDING


def audit_findings(table: pd.DataFrame, blended: str | None, plain: str | None) -> list[str]:
    """What the protocol is worth, whether content helps in each, what foreknowing tags are worth.

    Parameters
    ----------
    table : DataFrame
        As `blendmf.studies.protocol_audit.audit` has it.
    blended, plain : str or None
        The models with and without content that every arm compares.

    Returns
    -------
    list of str
        Paragraphs of plain text.
    """
    arms = table.drop_duplicates("arm").set_index("arm")
    told = [
        _worth_of_protocol(table, blended or plain),
        _best_models(table),
        _worth_of_content(arms, blended, plain),
        _foreknowledge(arms),
        *_changes(table, blended),
    ]
    return [paragraph for paragraph in told if paragraph]


def _worth_of_protocol(table: pd.DataFrame, model: str | None) -> str:
    """How far a model's RMSE hangs on how the ratings are divided."""
    rows = table[(table["model"] == model) & table["rmse"].notna()]
    by_scheme = rows.drop_duplicates("scheme").sort_values("rmse", kind="stable")
    if len(by_scheme) < 2:
        return ""
    named = [
        f"{row['rmse']:.4f} under {row['scheme']} ({row['n_ratings']:,} test ratings)"
        for _, row in by_scheme.iterrows()
    ]
    spread = by_scheme["rmse"].max() - by_scheme["rmse"].min()
    return (
        f"The test RMSE of {model} is {enumerated(named)}: {spread:.4f} apart. Each protocol tests "
        "other ratings, so that figures compare within a protocol only."
    )


def _best_models(table: pd.DataFrame) -> str:
    best = table.dropna(subset="rmse").drop_duplicates("arm").set_index("arm")["model"]
    if len(best) < 2:
        return ""
    if len(set(best)) == 1:
        return f"The model of the lowest RMSE is {best.iloc[0]} in every arm."
    named = [f"{model} in {arm}" for arm, model in best.items()]
    return f"The model of the lowest RMSE is not the same in all arms: {enumerated(named)}."


def _worth_of_content(arms: pd.DataFrame, blended: str | None, plain: str | None) -> str:
    """In which arms the model with content is better than the one without."""
    known = arms.dropna(subset="content_minus_plain")
    if known.empty:
        return ""
    named = [
        f"{row['content_finding']} in {arm}, {row['content_minus_plain']:+.4f} "
        f"({row['content_low']:+.4f} to {row['content_high']:+.4f}, Holm-corrected "
        f"{p_value(row['content_p_holm'])})"
        for arm, row in known.iterrows()
    ]
    return f"RMSE of {blended} beside that of {plain}: {'; '.join(named)}."


def _foreknowledge(arms: pd.DataFrame) -> str:
    """How much of the items' future training knows under each protocol."""
    by_scheme = arms.drop_duplicates("scheme")
    named = [
        f"{100 * row['test_older_than_training_of_item']:.1f} % under {row['scheme']}"
        for _, row in by_scheme.iterrows()
    ]
    return f"Test ratings older than some training rating of the same item: {enumerated(named)}."


def _changes(table: pd.DataFrame, model: str | None) -> list[str]:
    """What an arm with the same test ratings does to the model with content."""
    rows = table[(table["model"] == model) & table["change"].notna()]
    return [_change(row) for _, row in rows.iterrows()]


def _change(row: pd.Series) -> str:
    low, high = row["change_low"], row["change_high"]
    if max(abs(low), abs(high)) <= ROUNDING:
        return f"{row['arm']}: nothing changes for {row['model']}; the data have no such content."
    finding, doubt = "not told apart" if low <= 0 <= high else "lower" if high < 0 else "higher", ""
    if finding != "not told apart" and abs(row["change"]) <= row["change_seed_sd"]:
        finding, doubt = f"perhaps {finding}", "; fits from other seeds differ by as much"
    later = row["tags_after_test_rating"]
    tags = "" if pd.isna(later) else f"; {100 * later:.1f} % of its uses of tags foreknow them"
    return (
        f"{row['arm']} against the experiment, on the same test ratings: RMSE of {row['model']} "
        f"{finding}, {row['change']:+.4f} ({low:+.4f} to {high:+.4f}, "
        f"{p_value(row['change_p_value'])}){doubt}{tags}."
    )
