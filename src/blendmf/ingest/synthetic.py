"""Ratings generated from known parameters, to test which of them a model recovers.

The rating of user u and item i is

    r = clip(round(mu + b_u + b_i + p_u . (q_i + C_i V) + noise e), 0.5, 5)

rounded to half steps, with e standard normal. The number of ratings per item and per user follows
shifted power laws (Zipf-Mandelbrot), as in collected data: the weight of rank k (from 0) is
proportional to (k + RANK_SHIFT) ** -exponent.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import scipy.sparse as sp
from numpy.typing import NDArray

from blendmf.common.errors import UserError
from blendmf.common.files import read_arrays, replacing, write_arrays
from blendmf.common.random_streams import stream
from blendmf.config.dataset import SyntheticSettings
from blendmf.data.tables import write_table
from blendmf.ingest.raw_tables import GENRES_TYPE
from blendmf.models.factor_model import FactorModel

Integers = NDArray[np.int64]

RATING_RANGE = (0.5, 5.0)
RATING_STEP = 0.5

GLOBAL_MEAN = 3.5
USER_BIAS_DEVIATION = 0.4
ITEM_BIAS_DEVIATION = 0.4
FACTOR_EFFECT_DEVIATION = 0.5
"""Standard deviation of p_u . q_i over all pairs, in ratings."""
CONTENT_EFFECT_DEVIATION = 0.4
"""Standard deviation of p_u . (C_i V) over all pairs, in ratings."""

RANK_SHIFT = 10.0
ITEM_EXPONENT = 1.0
USER_EXPONENT = 0.8
TERM_EXPONENT = 0.5

MIN_RATINGS_PER_USER = 5
LARGEST_SHARE_RATED = 0.5
"""Largest share of the items that a user rates; with more, popularity would not matter."""
TERMS_PER_ITEM = 4

FIRST_TIMESTAMP = 1_000_000_000
PERIOD_SECONDS = 5 * 365 * 86_400
YEARS = (1960, 2010)

RATINGS_PER_BLOCK = 1 << 18
RATINGS_SCHEMA = pa.schema(
    {
        "user_id": pa.int64(),
        "item_id": pa.int64(),
        "rating": pa.float32(),
        "timestamp": pa.int64(),
    }
)


def generate(folder: Path, settings: SyntheticSettings, seed: int) -> None:
    """Write generated canonical tables and the parameters behind them.

    ``ratings.parquet`` is sorted by user and time; ``items.parquet`` has the terms of an item as
    its genres; ``tags.parquet`` is empty. ``truth.npz`` contains the `FactorModel` (position k is
    id k + 1; the rows of its content matrix are binary, scaled to length 1) and the standard
    deviation ``noise``. Memory grows with users and items, not with ratings.

    Raises
    ------
    UserError
        If that many ratings are impossible for that many users and items.
    """
    counts = ratings_per_user(settings, seed)
    content = item_terms(settings, seed)
    truth = planted_model(settings, content, seed)
    folder.mkdir(parents=True, exist_ok=True)
    with (
        replacing(folder / "ratings.parquet") as temporary,
        pq.ParquetWriter(temporary, RATINGS_SCHEMA, compression="zstd") as writer,
    ):
        for block in _ratings(truth, counts, float(settings.noise), seed):
            writer.write_table(block)
    write_table(folder / "items.parquet", _items(content, seed))
    no_tags = {"user_id": "int64", "item_id": "int64", "tag": "str", "timestamp": "int64"}
    write_table(folder / "tags.parquet", pd.DataFrame(columns=list(no_tags)).astype(no_tags))
    truth.save(folder / "truth.npz")
    noise = {"noise": np.array(settings.noise, dtype=np.float64)}
    write_arrays(folder / "truth.npz", read_arrays(folder / "truth.npz") | noise)


def ratings_per_user(settings: SyntheticSettings, seed: int) -> Integers:
    """Draw the number of ratings of each user, of shape (n_users,), with the configured sum."""
    n_users, n_items, n_ratings = (settings.users, settings.items, settings.ratings)
    most = int(n_items * LARGEST_SHARE_RATED)
    if not n_users * MIN_RATINGS_PER_USER <= n_ratings <= n_users * most:
        raise UserError(
            f"dataset.synthetic.ratings: {n_ratings} ratings are impossible for {n_users} users "
            f"and {n_items} items; each user rates {MIN_RATINGS_PER_USER} to {most} items, so "
            f"give {n_users * MIN_RATINGS_PER_USER} to {n_users * most} ratings, or more items"
        )
    beyond_least = n_ratings - n_users * MIN_RATINGS_PER_USER
    extra = power_law_shares(beyond_least, n_users, USER_EXPONENT, most - MIN_RATINGS_PER_USER)
    rng = stream(seed, "synthetic", "activity")
    return np.asarray(rng.permutation(extra + MIN_RATINGS_PER_USER))


def item_terms(settings: SyntheticSettings, seed: int) -> sp.csr_array:
    """Draw the terms of each item: binary rows scaled to length 1, of shape (n_items, n_terms)."""
    shape = (settings.items, settings.terms)
    rng = stream(seed, "synthetic", "content")
    counts = rng.integers(1, min(TERMS_PER_ITEM, shape[1]) + 1, shape[0])
    items, terms = draw_distinct(counts, shape[1], TERM_EXPONENT, rng)
    values = 1.0 / np.sqrt(counts[items])
    return sp.csr_array((values.astype(np.float32), (items, terms)), shape=shape)


def planted_model(settings: SyntheticSettings, content: sp.csr_array, seed: int) -> FactorModel:
    """Draw the parameters behind the ratings; `content` is C, of shape (n_items, n_terms)."""
    n_users, n_items, n_terms = (settings.users, settings.items, settings.terms)
    d = settings.latent_dim
    deviation = np.sqrt(FACTOR_EFFECT_DEVIATION / np.sqrt(d))
    content_deviation = CONTENT_EFFECT_DEVIATION / (deviation * np.sqrt(d))

    def normal(name: str, scale: float, *shape: int) -> NDArray[np.float32]:
        draws = stream(seed, "synthetic", name).standard_normal(shape)
        return np.asarray(scale * draws, dtype=np.float32)

    return FactorModel(
        n_users,
        n_items,
        RATING_RANGE,
        GLOBAL_MEAN,
        user_bias=normal("user_bias", USER_BIAS_DEVIATION, n_users),
        item_bias=normal("item_bias", ITEM_BIAS_DEVIATION, n_items),
        user_factors=normal("user_factors", deviation, n_users, d),
        item_factors=normal("item_factors", deviation, n_items, d),
        content_factors=normal("content_factors", content_deviation, n_terms, d),
        content=content,
    )


def _items(content: sp.csr_array, seed: int) -> pd.DataFrame:
    n_items, n_terms = content.shape
    width = len(str(n_terms))
    words = pa.array([f"word{term:0{width}d}" for term in range(1, n_terms + 1)])
    genres = pa.ListArray.from_arrays(
        pa.array(content.indptr, pa.int32()), words.take(pa.array(content.indices))
    )
    ids = np.arange(1, n_items + 1)
    years = stream(seed, "synthetic", "years").integers(*YEARS, n_items)
    return pd.DataFrame(
        {
            "item_id": ids,
            "title": [f"Item {i}" for i in ids],
            "year": pd.array(years, dtype="Int64"),
            "genres": pd.Series(pd.arrays.ArrowExtensionArray(genres), dtype=GENRES_TYPE),
        }
    )


def _ratings(truth: FactorModel, counts: Integers, noise: float, seed: int) -> Iterator[pa.Table]:
    """Yield the ratings in blocks of whole users, each drawn from its own stream."""
    vectors = truth.item_vectors
    parameters = (truth.user_bias, truth.item_bias, truth.user_factors, vectors)
    user_bias, item_bias, user_factors, item_vectors = (np.asarray(p, float) for p in parameters)
    popularity = stream(seed, "synthetic", "popularity").permutation(truth.n_items)
    block_of_user = (np.cumsum(counts) - counts) // RATINGS_PER_BLOCK
    starts = np.flatnonzero(np.diff(block_of_user, prepend=-1))
    for number, (start, end) in enumerate(zip(starts, [*starts[1:], len(counts)], strict=True)):
        rng = stream(seed, "synthetic", "ratings", number)
        own, ranks = draw_distinct(counts[start:end], truth.n_items, ITEM_EXPONENT, rng)
        users, items = own + start, popularity[ranks]
        scores = GLOBAL_MEAN + user_bias[users] + item_bias[items]
        scores += np.einsum("nd,nd->n", user_factors[users], item_vectors[items])
        scores += noise * rng.standard_normal(len(scores))
        ratings = np.clip(RATING_STEP * np.rint(scores / RATING_STEP), *RATING_RANGE)
        # Uniform over the period, strictly increasing within each user.
        seconds = own * PERIOD_SECONDS + rng.integers(0, PERIOD_SECONDS, len(own))
        seconds.sort()
        seconds = FIRST_TIMESTAMP + seconds - own * PERIOD_SECONDS + _place_in_group(own)
        columns = [users + 1, items + 1, ratings.astype(np.float32), seconds]
        yield pa.table(columns, schema=RATINGS_SCHEMA)


def power_law_shares(total: int, n_shares: int, exponent: float, most: int) -> Integers:
    """Divide `total`, at most ``n_shares * most``, into integer shares in power-law proportions.

    No share exceeds `most`; the excess of the largest shares is divided among the others. The
    shares, of shape (n_shares,), add up to `total` exactly.
    """
    weights = (np.arange(n_shares) + RANK_SHIFT) ** -exponent
    shares = np.zeros(n_shares)
    n_full, n_above = 0, n_shares
    while n_above:
        left = weights[n_full:]
        shares[n_full:] = (total - n_full * most) * left / left.sum()
        n_above = int((shares[n_full:] > most).sum())
        shares[n_full : n_full + n_above] = most
        n_full += n_above
    # Rounding the running sum instead of each share preserves the total.
    edges = np.floor(np.append(0.0, np.cumsum(shares)) + 0.5).astype(np.int64)
    return np.diff(edges)


def draw_distinct(
    counts: Integers, n_options: int, exponent: float, rng: np.random.Generator
) -> tuple[Integers, Integers]:
    """Draw ``counts[g]`` distinct ones of `n_options` options for each group g.

    Option k has a probability of about (k + RANK_SHIFT) ** -exponent; an option that the group
    already has is redrawn. Returns the groups and the options, of shape (sum of counts,), sorted by
    group and within a group in the order of the draws.
    """
    finished: list[Integers] = []
    pairs = np.empty(0, dtype=np.int64)
    lacking = np.asarray(counts, dtype=np.int64)
    oversampling = 1.25
    while lacking.any():
        n_drawn = np.ceil(oversampling * lacking).astype(np.int64)
        groups = np.repeat(np.arange(len(counts)), n_drawn)
        drawn = groups * n_options + _draw(len(groups), n_options, exponent, rng)
        # Unlike np.unique, this keeps the order of first occurrence.
        pairs = np.asarray(pd.unique(np.append(pairs, drawn)))
        groups = pairs // n_options
        found = np.bincount(groups, minlength=len(counts))
        lacking = np.where(lacking > 0, np.maximum(counts - found, 0), 0)
        is_short = lacking[groups] > 0
        finished.append(pairs[~is_short])
        pairs = pairs[is_short]
        oversampling *= 2.0
    pairs = np.concatenate([*finished, pairs])
    pairs = pairs[np.argsort(pairs // n_options, kind="stable")]
    groups, options = np.divmod(pairs, n_options)
    kept = _place_in_group(groups) < counts[groups]
    return groups[kept], options[kept]


def _draw(n: int, n_options: int, exponent: float, rng: np.random.Generator) -> Integers:
    """Draw from 0 to n_options - 1 by the inverse of the continuous distribution function."""
    low, high = RANK_SHIFT, n_options + RANK_SHIFT
    uniform = rng.random(n)
    if exponent == 1.0:
        drawn = low * (high / low) ** uniform
    else:
        power = 1.0 - exponent
        drawn = (low**power + uniform * (high**power - low**power)) ** (1.0 / power)
    return np.minimum((drawn - low).astype(np.int64), n_options - 1)


def _place_in_group(groups: Integers) -> Integers:
    """Number the entries of each group from 0; equal groups are adjacent."""
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    lengths = np.diff(starts, append=len(groups))
    return np.arange(len(groups)) - np.repeat(starts, lengths)
