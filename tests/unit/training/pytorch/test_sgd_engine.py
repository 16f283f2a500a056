import math
import re
from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from hypothesis import given
from hypothesis import strategies as st

from blendmf.common.errors import UserError
from blendmf.common.random_streams import stream
from blendmf.config.training import TrainingSettings
from blendmf.models.observations import Observations
from blendmf.training.loop import train_epochs
from blendmf.training.parameters import Parameters, Terms
from blendmf.training.pytorch import sgd_engine as torch_sgd
from blendmf.training.pytorch.content import Content
from blendmf.training.pytorch.device import repeatable
from blendmf.training.pytorch.sgd_engine import TorchSgdEngine
from blendmf.training.pytorch.torch_rows import Touched, damping
from blendmf.training.pytorch.torch_schedule import Schedule
from blendmf.training.sgd.block_sgd import BlockSgdEngine
from blendmf.training.sgd.blocks import Blocks
from blendmf.training.sgd.reference import SgdEngine
from dense_reference import SETTINGS, VARIANTS, dense_gradients, problem

RANGE = (0.5, 5.0)
CPU = torch.device("cpu")
ON_CPU = replace(SETTINGS, device="cpu", blocks=1, batch_size=1)
TRAINED = TrainingSettings(
    engine="torch",
    device="cpu",
    blocks=4,
    batch_size=256,
    latent_dim=4,
    epochs=10,
    init_deviation=0.1,
)
needs_cuda = pytest.mark.skipif(
    not torch.cuda.is_available(), reason="no CUDA device on this machine"
)


class GivenOrder:
    """Stands in for a generator whose permutations are known beforehand."""

    def __init__(self, orders):
        self.orders = list(orders)

    def permutation(self, n):
        order = self.orders.pop(0)
        assert len(order) == n
        return order


def engine_of(parameters, train, content, settings=ON_CPU, kind=TorchSgdEngine):
    random = np.random.default_rng(0)
    return kind(parameters.copy(), train, content, settings, RANGE, random)


def assert_same(parameters, expected, **tolerance):
    expected = expected.arrays()
    assert parameters.arrays().keys() == expected.keys()
    for name, array in parameters.arrays().items():
        np.testing.assert_allclose(array, expected[name], err_msg=name, **tolerance)


@pytest.mark.parametrize("variant", VARIANTS)
def test_batches_of_one_rating_are_the_sequential_kernel(variant):
    parameters, train, content = problem(VARIANTS[variant])
    engine = engine_of(parameters, train, content)
    sequential = engine_of(parameters, train, content, kind=SgdEngine)
    for _ in range(3):
        engine.run_epoch(0.1)
        sequential.run_epoch(0.1)
    assert_same(engine.parameters(), sequential.parameters(), rtol=1e-9, atol=1e-12)
    assert engine.rmse(train) == pytest.approx(sequential.rmse(train), rel=1e-6)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_short_step_goes_along_the_gradient_of_the_whole_batch(variant):
    parameters, train, content = problem(VARIANTS[variant])
    engine = engine_of(parameters, train, content, replace(ON_CPU, batch_size=1000))
    engine.run_epoch(1e-6)
    moved = engine.parameters().arrays()
    for name, gradient in dense_gradients(parameters, train, content).items():
        step = (parameters.arrays()[name] - moved[name]) / 1e-6
        np.testing.assert_allclose(step, gradient, rtol=1e-3, atol=1e-3, err_msg=name)


def planted(kind="mf", blend=None, n_ratings=4000, seed=7):
    """Parameters to start from, and ratings of 120 users and 80 items from known factors."""
    random = np.random.default_rng(seed)
    shape, d = (120, 80), 2
    content = sp.csr_array((random.random((80, 12)) < 0.2) * 0.5)
    vectors = random.normal(0.0, 0.5, (80, d)) + content @ random.normal(0.0, 0.5, (12, d))
    scores = 3.0 + random.normal(0.0, 0.4, (120, 1)) + random.normal(0.0, 0.4, 80)
    scores = scores + random.normal(0.0, 0.6, (120, d)) @ vectors.T
    scores = np.clip(scores + random.normal(0.0, 0.3, shape), *RANGE)
    cells = random.permutation(120 * 80)[: n_ratings + 1000].astype(np.int32)
    parts = [
        Observations(c // 80, c % 80, scores.reshape(-1)[c].astype(np.float32), shape)
        for c in (cells[:n_ratings], cells[n_ratings:])
    ]
    terms = Terms.of_kind(kind, blend)
    start = Parameters.initial(terms, parts[0], 12, TRAINED, stream(seed, "start"))
    return start, *parts, content


KINDS = {
    "mf": ("mf", None),
    "mf-content-user": ("mf-content", "user"),
    "mf-content-item": ("mf-content", "item"),
    "mf-content-both": ("mf-content", "both"),
    "content": ("content", None),
}


def trained(variant, settings=TRAINED, kind=TorchSgdEngine, n_ratings=4000):
    start, train, validation, content = planted(*KINDS[variant], n_ratings)
    engine = engine_of(start, train, content, settings, kind)
    return train_epochs(engine, train, validation, settings)


def assert_same_bits(training, other):
    assert training.history == other.history
    for name, array in training.parameters.arrays().items():
        np.testing.assert_array_equal(array, other.parameters.arrays()[name], err_msg=name)


def test_an_epoch_goes_through_the_block_engines_rounds():
    _, train, _ = problem(VARIANTS["mf"], n_ratings=30)
    blocks = Blocks.deal(train, 3, np.random.default_rng(1))
    lengths = np.diff(blocks.starts.astype(int))
    cells = np.repeat(np.arange(9), lengths)
    user_order, item_order = np.array([2, 0, 1]), np.array([1, 0, 2])
    order = Schedule(blocks, CPU).draw(GivenOrder([user_order, item_order])).numpy()
    first = 0
    for round_ in range(3):
        together = user_order * 3 + np.roll(item_order, -round_)
        last = first + lengths[together].sum()
        assert set(cells[order[first:last]]) == set(together[lengths[together] > 0])
        first = last
    assert sorted(order) == list(range(30))
    for cell in range(9):
        assert (np.diff(order[cells[order] == cell]) > 0).all()


@pytest.mark.parametrize("variant", ["mf", "mf-content-user"])
def test_batches_of_one_rating_end_where_the_block_engine_does(variant):
    settings = replace(TRAINED, batch_size=1, epochs=1)
    ends = [trained(variant, settings, kind, 300) for kind in (TorchSgdEngine, BlockSgdEngine)]
    assert_same(*(end.parameters for end in ends), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("variant", KINDS)
def test_batches_end_near_the_block_engine(variant):
    torch_rmse, numba_rmse = (
        trained(variant, kind=kind).validation_rmse for kind in (TorchSgdEngine, BlockSgdEngine)
    )
    assert torch_rmse == pytest.approx(numba_rmse, abs=0.01)


@given(st.integers(1, 300), st.floats(0.0, 0.9))
def test_damping_turns_steps_at_once_into_steps_in_turn(n, h):
    w = damping(torch.tensor([float(n)]), torch.tensor([h], dtype=torch.float64)).item()
    left = 1.0
    for _ in range(n):
        left *= 1 - h
    assert w * n * h == pytest.approx(1 - left, rel=1e-9, abs=1e-12)
    assert 0 < w <= 1 + 1e-12


def test_damping_leaves_single_steps_and_untouched_rows_alone():
    counts, shrinkage = torch.tensor([1.0, 0.0, 50.0, 3.0]), torch.tensor([0.3, 0.2, 0.0, 7.0])
    assert damping(counts, shrinkage).tolist() == pytest.approx([1.0, 1.0, 1.0, 1 / 2.997])


def test_many_ratings_of_one_row_do_not_overshoot():
    n = 500
    train = Observations(
        np.arange(n, dtype=np.int32), np.zeros(n, dtype=np.int32), np.ones(n, np.float32), (n, 1)
    )
    start = Parameters(3.0, np.zeros(n), np.zeros(1), np.zeros((n, 3)), np.zeros((1, 3)))
    settings = replace(ON_CPU, bias_regularization=0.0, batch_size=n, error_clip=5.0)
    engine = engine_of(start, train, sp.csr_array((1, 0)), settings)
    engine.run_epoch(0.1)
    moved = engine.parameters()
    assert moved.item_bias[0] == pytest.approx(-2.0)
    np.testing.assert_allclose(moved.user_bias, -0.2)


@pytest.mark.parametrize("n_rows", [4, 1000])
def test_touched_rows_sum_their_entries(n_rows):
    entries = torch.tensor([3, 0, 3, 1, 3, 0])
    touched = Touched.of(entries, n_rows)
    sums = touched.sums(torch.tensor([1.0, 2.0, 4.0, 8.0, 16.0, 32.0]))
    slots = zip(touched.rows.tolist(), sums.tolist(), strict=True)
    found = {row: total for row, total in slots if total}
    assert found == {0: 34.0, 1: 8.0, 3: 21.0}
    assert len(touched.rows) <= min(len(entries), n_rows + 1)


def test_words_fill_their_capacity_with_nothing():
    dense = np.array([[0.0, 2.0, 3.0], [0.0, 0.0, 0.0], [5.0, 0.0, 0.0]])
    content = Content.from_csr(sp.csr_array(dense), torch.float64, CPU)
    items = torch.tensor([2, 1, 0, 2, 3])
    words = content.words(items, 7)
    found = torch.zeros(5, 4, dtype=torch.float64)
    found.index_put_((words.owners, words.words), words.weights, accumulate=True)
    np.testing.assert_array_equal(found[:4, :3], dense[items[:4]])
    assert not found[4].any()
    assert not found[:, 3].any()
    assert content.most_words(1) == 2
    assert content.most_words(9) == 3
    assert content.words(items).weights.tolist() == [5.0, 2.0, 3.0, 5.0]


@pytest.mark.parametrize("variant", ["mf-content-both", "content"])
def test_two_runs_give_the_same_bits_for_any_number_of_threads(variant):
    settings = replace(TRAINED, epochs=3)
    before = torch.get_num_threads()
    runs = []
    try:
        for threads in (1, 2, 4):
            torch.set_num_threads(threads)
            runs.append(trained(variant, settings))
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    for run in runs[1:]:
        assert_same_bits(runs[0], run)


def test_training_leaves_the_state_of_pytorch_as_it_was():
    start, train, _, content = planted()
    for deterministic in (True, False):
        engine = engine_of(start, train, content, replace(TRAINED, deterministic=deterministic))
        engine.run_epoch(0.1)
        assert not torch.are_deterministic_algorithms_enabled()
        assert torch.utils.deterministic.fill_uninitialized_memory
    with repeatable(), pytest.raises(ZeroDivisionError), repeatable(False):
        raise ZeroDivisionError
    assert not torch.are_deterministic_algorithms_enabled()


def test_mixed_precision_ends_near_full_precision():
    exact, mixed = (
        trained("mf-content-both", replace(TRAINED, mixed_precision=mixed))
        for mixed in (False, True)
    )
    assert mixed.validation_rmse == pytest.approx(exact.validation_rmse, abs=0.005)
    assert not np.array_equal(mixed.parameters.user_factors, exact.parameters.user_factors)
    assert mixed.parameters.user_factors.dtype == np.float32


def test_a_penalty_that_nearly_empties_user_content_within_an_epoch_stays_finite():
    parameters, train, content = problem(VARIANTS["mf-content-both"])
    once = Observations(train.users * 0, train.items, train.ratings, train.shape)
    settings = replace(ON_CPU, user_content_regularization=9.9)
    for batch_size in (1, 7, 20):
        engine = engine_of(parameters, once, content, replace(settings, batch_size=batch_size))
        for _ in range(5):
            engine.run_epoch(0.1)
        assert all(map(math.isfinite, engine.squared_norms().values()))


class Refusing:
    """Stands in for a step that runs out of memory with more than so many ratings."""

    def __init__(self, monkeypatch, most, error):
        self.sizes = []
        real = torch_sgd.Batch

        def batch(tables, ratings, *rest):
            self.sizes.append(len(ratings))
            if len(ratings) > most and len(self.sizes) > 3:
                raise error
            return real(tables, ratings, *rest)

        monkeypatch.setattr(torch_sgd, "Batch", batch)


REFUSALS = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    RuntimeError("MPS backend out of memory (MPS allocated: 5.56 GB, max allowed: 6.80 GB)."),
]


@pytest.mark.parametrize("error", REFUSALS, ids=["cuda", "mps"])
def test_memory_that_runs_out_halves_the_batch_and_loses_nothing(monkeypatch, capsys, error):
    start, train, _, content = planted("mf-content", "both")
    refusing = Refusing(monkeypatch, 130, error)
    engine = engine_of(start, train, content, TRAINED)
    engine.run_epoch(0.05)
    assert refusing.sizes[:5] == [256, 256, 256, 256, 128]
    taught = sum(refusing.sizes) - 256
    assert taught == len(train)
    assert engine.batch_size == 128
    assert "training.batch_size" in capsys.readouterr().out
    monkeypatch.undo()
    by_hand = engine_of(start, train, content, TRAINED)
    by_hand._learning_rate.fill_(0.05)
    ratings = by_hand._ratings[by_hand._schedule.draw(by_hand._random)]
    by_hand._run(ratings[:768], 0.05)
    by_hand.batch_size = 128
    by_hand._run(ratings[768:], 0.05)
    by_hand._tables.fold_scale()
    assert_same(engine.parameters(), by_hand.parameters(), rtol=0, atol=0)


def test_a_refused_allocation_of_the_cpu_is_recognised():
    with pytest.raises(RuntimeError) as refused:
        torch.empty(10**15)
    assert torch_sgd.ran_out_of_memory(refused.value)
    assert not torch_sgd.ran_out_of_memory(RuntimeError("shapes do not match"))


def test_a_batch_that_runs_out_of_memory_leaves_the_parameters_alone(monkeypatch):
    start, train, _, content = planted("mf-content", "both")
    engine = engine_of(start, train, content, TRAINED)
    ratings = engine._ratings[slice(0, 256)]
    real = torch.Tensor.index_add_
    left = []

    def add(*arguments):
        if not left:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        left.pop()
        return real(*arguments)

    monkeypatch.setattr(torch.Tensor, "index_add_", add)
    left[:] = [None] * 100
    torch_sgd.Batch(engine._tables, ratings, torch.tensor(0.0), 5000).teach()
    needed = 100 - len(left)
    before = engine.parameters()
    for sums in range(needed):
        left[:] = [None] * sums
        with pytest.raises(torch.OutOfMemoryError):
            torch_sgd.Batch(engine._tables, ratings, torch.tensor(0.05), 5000).teach()
        assert_same(engine.parameters(), before, rtol=0, atol=0)


def test_memory_for_not_even_one_rating_is_a_users_error(monkeypatch):
    start, train, _, content = planted()
    Refusing(monkeypatch, 0, REFUSALS[0])
    engine = engine_of(start, train, content, TRAINED)
    with pytest.raises(UserError, match=re.escape("training.latent_dim")):
        engine.run_epoch(0.05)


def test_untaught_rows_stay_at_zero():
    start, train, _, content = planted("mf-content", "both")
    kept = (train.users != 3) & (train.items != 5)
    fewer = Observations(train.users[kept], train.items[kept], train.ratings[kept], train.shape)
    start.user_factors[3] = start.item_factors[5] = 0
    engine = engine_of(start, fewer, content, TRAINED)
    engine.run_epoch(0.05)
    moved = engine.parameters()
    assert moved.user_bias[3] == moved.item_bias[5] == 0
    assert not moved.user_factors[3].any()
    assert not moved.user_content[3].any()
    assert not moved.item_factors[5].any()
    assert moved.user_factors[4].all()


@needs_cuda
@pytest.mark.parametrize("variant", KINDS)
def test_cuda_ends_where_the_cpu_does(variant):
    on_cpu, on_cuda = (
        trained(variant, replace(TRAINED, device=device)) for device in ("cpu", "cuda")
    )
    assert on_cuda.validation_rmse == pytest.approx(on_cpu.validation_rmse, abs=0.002)


@needs_cuda
@pytest.mark.parametrize("variant", KINDS)
def test_cuda_gives_the_same_bits_twice(variant):
    settings = replace(TRAINED, device="cuda", epochs=3)
    assert_same_bits(trained(variant, settings), trained(variant, settings))


@needs_cuda
@pytest.mark.parametrize("variant", KINDS)
def test_no_batch_waits_for_cuda(variant):
    start, train, _, content = planted(*KINDS[variant])
    engine = engine_of(start, train, content, replace(TRAINED, device="cuda"))
    engine.run_epoch(0.05)
    ratings = engine._ratings[slice(0, 256)]
    torch.cuda.set_sync_debug_mode("error")
    try:
        torch_sgd.Batch(engine._tables, ratings, engine._learning_rate, 5000).teach()
    finally:
        torch.cuda.set_sync_debug_mode("default")
