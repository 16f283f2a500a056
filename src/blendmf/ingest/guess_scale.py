"""Guesses what ratings mean: their scale, values of items not rated, and repeated ratings."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from blendmf.ingest.ids import with_unified_ids
from blendmf.ingest.import_tables import refuse_equal_ratings
from blendmf.ingest.overlay_text import Initial
from blendmf.ingest.raw_tables import RawTable, RawTables
from blendmf.ingest.validation import drop_unrated, pair_keys, sorted_by_item

FILES: tuple[str, ...] = ("format", "csv")
"""Keys of the files, which come last."""

USUAL_SCALES = (
    *((0, 1), (-1, 1), (1, 5), (0.5, 5), (0, 5), (1, 7), (1, 10), (0.5, 10), (0, 10)),
    *((-5, 5), (-10, 10), (1, 100), (0, 100)),
)
LEAST_COVERED = 1 / 2
"""Smallest share of a usual scale that ratings must cover to be of that scale."""

LEAST_OF_MARKERS = 1 / 200
"""Smallest share of all rows that have a marker."""

LEAST_OF_OTHERS = 3
"""Smallest number of different ratings that a marker can differ from."""

FAR = 2
"""Distance of a marker, as a multiple of the range of the others."""

LEAST_OF_ZEROS = 1 / 20
"""Share of ratings of 0 from which on they may mean something else."""


class Scale(NamedTuple):
    """The range that ratings may have, on what that rests, and whether it is a usual scale."""

    low: float
    high: float
    reason: str
    is_usual: bool


def markers(values: NDArray[np.float64], counts: NDArray[np.integer]) -> list[float]:
    """Values that mark items as not rated: the lowest, the highest, both or none.

    A value is one if it is a whole number and frequent, and if it is either much farther from the
    others than they are from each other, or the only negative one below much larger ones.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Distinct ratings, ascending.
    counts : ndarray of shape (n,)
        Number of rows of each.
    """
    low, high = _is_marker(values, counts), _is_marker(values[::-1], counts[::-1])
    if not low and not high:
        return []
    ends = [float(value) for value, found in ((values[0], low), (values[-1], high)) if found]
    inner = slice(int(low), len(values) - int(high))
    return sorted([*ends, *markers(values[inner], counts[inner])])


def _is_marker(values: NDArray[np.float64], counts: NDArray[np.integer]) -> bool:
    """Whether the first of ascending or descending values is a marker."""
    if len(values) <= LEAST_OF_OTHERS:
        return False
    value, nearest, farthest = values[:2].tolist() + values[-1:].tolist()
    is_far = abs(value - nearest) > FAR * abs(farthest - nearest)
    is_negative_alone = value < 0 <= nearest and farthest > -2 * value
    is_frequent = counts[0] >= max(2, LEAST_OF_MARKERS * counts.sum())
    return bool(value % 1 == 0 and is_frequent and (is_far or is_negative_alone))


def scale(values: NDArray[np.float64]) -> Scale:
    """The range that ratings may have.

    That is the narrowest usual scale that contains them, if they cover enough of it; otherwise the
    lowest and the highest.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Distinct ratings, ascending.
    """
    low, high = float(values[0]), float(values[-1])
    observed = f"The ratings are from {low:.10g} to {high:.10g}"
    if (low, high) in USUAL_SCALES:
        return Scale(low, high, f"{observed}.", True)
    covering = [
        (a, b)
        for a, b in USUAL_SCALES
        if a <= low and high <= b and high - low >= LEAST_COVERED * (b - a)
    ]
    if not covering:
        return Scale(low, high, f"{observed}; please widen this if others are possible.", False)
    a, b = min(covering, key=lambda bounds: bounds[1] - bounds[0])
    reason = f"{observed}; {a:g} to {b:g} is the usual scale that contains them. Please check."
    return Scale(a, b, reason, False)


def doubt_about_zeros(values: NDArray[np.float64], counts: NDArray[np.integer]) -> str | None:
    """Why ratings of 0 may mark items as not rated; None if they do not seem to."""
    few = counts[0] < LEAST_OF_ZEROS * counts.sum() or (len(values) > 1 and counts[0] <= counts[1])
    if values[0] != 0 or len(values) < 4 or few:
        return None
    return (
        f"{counts[0]:,} of {counts.sum():,} ratings are 0: if 0 means not rated, add unrated: [0] "
        "and raise the lower end of rating_range"
    )


def describe_values(found: Initial, table: RawTable) -> None:
    """Add the scale, markers and repeated ratings to a configuration, in front of the files."""
    files = {key: found.dataset.pop(key) for key in FILES if key in found.dataset}
    n_of = table.rows["rating"].value_counts().sort_index()
    values, counts = n_of.index.to_numpy(dtype=np.float64), n_of.to_numpy(dtype=np.int64)
    unrated = markers(values, counts)
    is_rated = ~np.isin(values, unrated)
    if is_rated.sum() == 1:
        refuse_equal_ratings(np.repeat(values[is_rated], counts[is_rated]), table.file)
    low, high, reason, is_usual = scale(values[is_rated])
    found.dataset["rating_range"] = [int(b) if b % 1 == 0 else b for b in (low, high)]
    found.reasons["rating_range"] = reason
    if not is_usual:
        ends = [(value, int(counts[values == value].sum())) for value in (low, high)]
        shown = " and ".join(f"{count:,} rows have {value:.10g}" for value, count in ends)
        found.checks.append(f"rating_range: [{low:.10g}, {high:.10g}] is a guess; {shown}")
    if unrated:
        found.dataset["unrated"] = [int(value) for value in unrated]
        shown = ", ".join(
            f"{counts[values == value][0]:,} of {len(table.rows):,} rows have {value:g}"
            for value in unrated
        )
        found.reasons["unrated"] = f"{shown}, unlike the other ratings."
        found.checks.append(f"unrated: {shown}, taken for not rated")
        table, _ = drop_unrated(table, unrated)
    if doubt := doubt_about_zeros(values[is_rated], counts[is_rated]):
        found.checks.append(doubt)
    tables, findings = with_unified_ids(RawTables(table))
    doubts = [finding for finding in (*table.findings, *findings) if finding.doubtful]
    found.checks += [f"{doubt.count:,} {doubt.what}" for doubt in doubts]
    rows = tables["ratings"].rows
    pairs, n_of_pair = np.unique(pair_keys(rows), return_counts=True)
    n_pairs, n_repeated = len(pairs), int((n_of_pair > 1).sum())
    if n_repeated:
        found.dataset["duplicates"] = "last"
        found.reasons["duplicates"] = (
            f"{n_repeated:,} of {n_pairs:,} pairs are rated more than once: the newest counts. "
            "mean: their mean. error: stop."
        )
        found.checks.append(f"duplicates: {n_repeated:,} pairs are rated more than once")
    seconds = rows["timestamp"]
    if (seconds != seconds.iloc[0]).any():
        found.counts |= {"first": int(seconds.min()), "last": int(seconds.max())}
    elif sorted_by_item(table.rows):
        found.split["scheme"] = "random"
        found.reasons["split.scheme"] = (
            "There are no different times, and each user's rows are sorted by item: the last ones "
            "are not the newest but ratings of the same few items."
        )
        found.checks.append("split: random, because rows are sorted by item and have no times")
    found.counts |= {
        "ratings": n_pairs,
        "users": rows["user_id"].nunique(),
        "items": rows["item_id"].nunique(),
    }
    if found.counts["users"] == found.counts["ratings"]:
        found.checks.append("every user has only one rating: is the column of users right?")
    found.dataset |= files
