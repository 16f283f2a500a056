"""Additional memory of steps on whole tables, in multiples of the ratings table."""

import tracemalloc
from functools import partial

import numpy as np
import pandas as pd
import pytest

from blendmf.audits.leakage import MOMENTS, leakage
from blendmf.common.files import write_json
from blendmf.config.dataset import DatasetSettings, SyntheticSettings
from blendmf.config.protocol import SplitSettings
from blendmf.data.matrices import matrices
from blendmf.data.splits import split
from blendmf.data.tables import read_blocks, read_table, write_table
from blendmf.ingest.import_tables import import_tables
from blendmf.ingest.synthetic import generate
from blendmf.resources.usage import BYTES_PER_RATING

SETTINGS = SyntheticSettings(
    users=3000, items=1500, ratings=400_000, latent_dim=2, terms=5, noise=0.5
)


def held(function, *arguments):
    """Peak memory of a call without its arguments, in multiples of the ratings table."""
    tracemalloc.start()
    try:
        function(*arguments)
        return tracemalloc.get_traced_memory()[1] / (BYTES_PER_RATING * SETTINGS.ratings)
    finally:
        tracemalloc.stop()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("synthetic")
    generate(made, SETTINGS, seed=3)
    write_json(made / "origin.json", {"format": "canonical", "rating_range": [0.5, 5]})
    return made


@pytest.fixture(scope="module")
def ratings(folder):
    return read_table(folder / "ratings.parquet")


def test_import(folder):
    assert held(import_tables, folder, DatasetSettings(name="synthetic")) < 2.5


def test_split(ratings):
    assert held(partial(split, seed=1, files=(), **SplitSettings().model_dump()), ratings) < 1.5


def test_matrices(ratings, folder):
    parts = [ratings[k::3].reset_index(drop=True) for k in range(3)]
    assert held(matrices, *parts, read_table(folder / "items.parquet")) < 1.5


def test_leakage_holds_one_block_at_a_time(tmp_path, ratings, monkeypatch):
    monkeypatch.setattr("blendmf.data.tables.ROWS_PER_BLOCK", 20_000)
    paths = [tmp_path / f"{k}.parquet" for k in range(3)]
    for k, path in enumerate(paths):
        write_table(path, ratings[k::3])
    no_tags = ratings[MOMENTS].iloc[:0]

    def audit():
        leakage(*(read_blocks(path, MOMENTS) for path in paths), no_tags)

    assert held(audit) < 0.5


def test_reading_a_table_does_not_hold_it_twice(folder, ratings):
    assert held(read_table, folder / "ratings.parquet") < 1.2
    assert isinstance(ratings, pd.DataFrame)
    assert ratings["rating"].dtype == np.float32
