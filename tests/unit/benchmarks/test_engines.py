import numpy as np
import pandas as pd
import pytest

from benchmarks.engine_case import (
    Case,
    bytes_per_update,
    hash_of,
    measure,
    synthetic_ratings,
)
from benchmarks.engines import cases, copy_bandwidth, main, with_share_of_bandwidth
from blendmf.studies.engine_parity import COMPARED_MODELS
from blendmf.training.parameters import Parameters, Terms
from blendmf.training.pytorch.device import choose_device


def test_a_case_has_a_speed_per_thread_count_and_a_single_hash():
    rows = measure(Case("blocks", "mf", None, 5000, 8, (1, 2)))
    assert [row["threads"] for row in rows] == [1, 2]
    assert len({row["parameters_hash"] for row in rows}) == 1
    assert all(row["updates_per_second"] > 0 for row in rows)


def test_generated_ratings_are_reproducible_and_power_law():
    (one, words), (same, _) = synthetic_ratings(20_000), synthetic_ratings(20_000)
    np.testing.assert_array_equal(one.users, same.users)
    assert words.shape[0] == one.shape[1]
    counts = np.sort(np.bincount(one.items, minlength=one.shape[1]))
    assert counts[-1] > 5 * np.median(counts)


@pytest.mark.parametrize(
    ("kind", "blend", "expected"),
    [
        # Two rows of 4 x 32 bytes and two biases, read and written; the rating of 12 bytes.
        ("mf", None, 2 * 8 * 32 + 16 + 12),
        # Plus 3 words: a row each, with their index and weight.
        ("mf-content", "item", 2 * 8 * 32 + 16 + 12 + 3 * (8 * 32 + 8)),
        ("mf-content", "user", 2 * 8 * 32 + 16 + 12 + 3 * (8 + 8)),
    ],
)
def test_bytes_of_an_update_are_counted_by_term(kind, blend, expected):
    assert bytes_per_update(Terms.of_kind(kind, blend), 32, 3.0) == expected


def test_the_hash_covers_every_bit():
    bias = np.zeros(4, dtype=np.float32)
    changed = bias.copy()
    changed[3] = np.nextafter(np.float32(0), np.float32(1))
    one, same, other = (hash_of(Parameters(3.0, b)) for b in (bias, bias.copy(), changed))
    assert one == same != other


def test_the_bandwidth_share_uses_the_bandwidth_of_the_same_thread_count(monkeypatch):
    monkeypatch.setattr("benchmarks.engines.copy_bandwidth", lambda threads: threads * 1e9)
    row = dict.fromkeys(("engine", "variant", "ratings", "latent_dim"), 0)
    rows = [
        row | {"threads": n, "updates_per_second": 1e6, "bytes_per_update": 500.0} for n in (1, 2)
    ]
    assert with_share_of_bandwidth(rows)["share_of_copy_bandwidth"].tolist() == [0.5, 0.25]
    monkeypatch.setattr("benchmarks.engines.gpu_copy_bandwidth", lambda: 1e10)
    on_gpu = with_share_of_bandwidth([*rows, rows[0] | {"engine": "torch cuda"}])
    assert on_gpu["share_of_copy_bandwidth"].tolist() == [0.5, 0.25, 0.05]


def test_the_copy_bandwidth_is_plausible():
    assert 1e8 < copy_bandwidth(1, repeats=1) < 1e13


@pytest.mark.slow
def test_the_benchmark_writes_its_table_and_figure(tmp_path, monkeypatch):
    monkeypatch.setattr("benchmarks.engines.copy_bandwidth", lambda _: 1e10)
    few = {name: COMPARED_MODELS[name] for name in ("mf", "content", "mf-content-item")}
    monkeypatch.setattr("benchmarks.engines.COMPARED_MODELS", few)
    sizes = ["--ratings", "3000", "--latent-dim", "8", "--threads", "1", "2"]
    main([*sizes, "--output", str(tmp_path)])
    table = pd.read_csv(tmp_path / "engines.csv")
    assert set(table["engine"]) == {"blocks", f"torch {choose_device('auto')}"}
    blocks = table[table["engine"] == "blocks"]
    assert len(blocks[["variant", "parameters_hash"]].drop_duplicates()) == 3
    assert (tmp_path / "engines.svg").stat().st_size > 1000


def test_a_single_engine_and_variant_can_be_measured():
    asked = list(cases([10, 20], [4], [1, 2], ["torch", "blocks"], ["mf-content-item"]))
    assert {(case.engine, case.variant) for case in asked} == {
        ("torch", "mf-content item"),
        ("blocks", "mf-content item"),
    }
    assert [case.ratings for case in asked] == [10, 20, 10, 20]
    assert [tuple(case.threads) for case in asked] == [(1,), (1,), (1, 2), (1, 2)]
    (alone,) = cases([10], [4], [1], variants=["mf"])
    assert (alone.engine, alone.kind) == ("blocks", "mf")


def test_the_survey_covers_every_engine_and_variant():
    survey = list(cases([10, 20, 30], [4, 8], [1, 2]))
    assert {case.engine for case in survey} == {"blocks", "torch"}
    assert len({case.variant for case in survey}) == 5
    assert len(survey) == 3 * 2 + 4 + 1
