"""Ratings made from known parameters, so that a model can be judged by what it recovers.

The rating of user u and item i is

    r = clip(round(mu + b_u + b_i + p_u . (q_i + C_i V) + noise e), 0.5, 5)

rounded to half steps, with e standard normal. How often an item is rated, and how much a user
rates, follow shifted power laws (Zipf-Mandelbrot), as in collected data.
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
from blendmf.ingest.descriptions import GENRES_TYPE
from blendmf.ingest.power_law import deal, draw_distinct, place_in_group
from blendmf.models.factor_model import FactorModel

RATING_RANGE = (0.5, 5.0)
RATING_STEP = 0.5

GLOBAL_MEAN = 3.5
USER_BIAS_DEVIATION = 0.4
ITEM_BIAS_DEVIATION = 0.4
FACTOR_EFFECT_DEVIATION = 0.5
"""Standard deviation of p_u . q_i over all pairs, in ratings."""
CONTENT_EFFECT_DEVIATION = 0.4
"""Standard deviation of p_u . (C_i V) over all pairs, in ratings."""

ITEM_EXPONENT = 1.0
USER_EXPONENT = 0.8
TERM_EXPONENT = 0.5

MIN_RATINGS_PER_USER = 5
LARGEST_SHARE_RATED = 0.5
"""A user rates at most this share of the items; more would leave no chance to popularity."""
TERMS_PER_ITEM = 4

FIRST_TIMESTAMP = 1_000_000_000
PERIOD_SECONDS = 5 * 365 * 86_400
YEARS = (1960, 2010)

RATINGS_PER_BLOCK = 1 << 18
RATINGS_SCHEMA = pa.schema(
    [
        ("user_id", pa.int64()),
        ("item_id", pa.int64()),
        ("rating", pa.float32()),
        ("timestamp", pa.int64()),
    ]
)


def generate(folder: Path, settings: SyntheticSettings, seed: int) -> None:
    """Write generated canonical tables and the parameters behind them.

    ``ratings.parquet`` is sorted by user and time; ``items.parquet`` has the words of an item as
    its genres; ``tags.parquet`` is empty. ``truth.npz`` is the planted `FactorModel` (position k
    is id k + 1; its content matrix holds binary term rows of length 1), with the standard
    deviation ``noise`` beside it. Memory grows with users and items, not with ratings.

    Parameters
    ----------
    folder : Path
    settings : mapping
        ``dataset.synthetic`` of the configuration: ``users``, ``items``, ``ratings`` (exactly as
        many are made, no pair twice), ``latent_dim``, ``terms``, ``noise``.
    seed : int

    Raises
    ------
    UserError
        If users and items cannot have that many ratings between them.
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


def ratings_per_user(settings: SyntheticSettings, seed: int) -> NDArray[np.int64]:
    """Deal to each user a number of items, of shape (n_users,), in all ``ratings`` exactly."""
    n_users, n_items, n_ratings = (settings.users, settings.items, settings.ratings)
    most = int(n_items * LARGEST_SHARE_RATED)
    if not n_users * MIN_RATINGS_PER_USER <= n_ratings <= n_users * most:
        raise UserError(
            f"dataset.synthetic.ratings: {n_ratings} ratings cannot be dealt to {n_users} users "
            f"and {n_items} items; each user rates {MIN_RATINGS_PER_USER} to {most} items, so "
            f"give {n_users * MIN_RATINGS_PER_USER} to {n_users * most} ratings, or more items"
        )
    beyond_least = n_ratings - n_users * MIN_RATINGS_PER_USER
    extra = deal(beyond_least, n_users, USER_EXPONENT, most=most - MIN_RATINGS_PER_USER)
    rng = stream(seed, "synthetic", "activity")
    return np.asarray(rng.permutation(extra + MIN_RATINGS_PER_USER))


def planted_model(settings: SyntheticSettings, content: sp.csr_array, seed: int) -> FactorModel:
    """Draw the parameters from which the ratings are made.

    Parameters
    ----------
    settings : mapping
        As for `generate`.
    content : csr_array of shape (n_items, n_terms)
        C, from `item_terms`.
    seed : int
    """
    n_users, n_items, n_terms = (settings.users, settings.items, settings.terms)
    d = settings.latent_dim
    deviation = np.sqrt(FACTOR_EFFECT_DEVIATION / np.sqrt(d))

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
        content_factors=normal(
            "content_factors", CONTENT_EFFECT_DEVIATION / (deviation * np.sqrt(d)), n_terms, d
        ),
        content=content,
    )


def item_terms(settings: SyntheticSettings, seed: int) -> sp.csr_array:
    """Draw the terms of each item: binary rows scaled to length 1, of shape (n_items, n_terms)."""
    shape = (settings.items, settings.terms)
    rng = stream(seed, "synthetic", "content")
    counts = rng.integers(1, min(TERMS_PER_ITEM, shape[1]) + 1, shape[0])
    items, terms = draw_distinct(counts, shape[1], TERM_EXPONENT, rng)
    values = 1.0 / np.sqrt(counts[items])
    return sp.csr_array((values.astype(np.float32), (items, terms)), shape=shape)


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


def _ratings(
    truth: FactorModel, counts: NDArray[np.int64], noise: float, seed: int
) -> Iterator[pa.Table]:
    """Yield the ratings of some users after those of others, each block from its own stream."""
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
        columns = (users + 1, items + 1, ratings.astype(np.float32), _timestamps(own, rng))
        yield pa.table(list(columns), schema=RATINGS_SCHEMA)


def _timestamps(users: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw uniformly over the period, strictly increasing within each user (`users` is sorted)."""
    drawn = users * PERIOD_SECONDS + rng.integers(0, PERIOD_SECONDS, len(users))
    drawn.sort()
    return FIRST_TIMESTAMP + drawn - users * PERIOD_SECONDS + place_in_group(users)
