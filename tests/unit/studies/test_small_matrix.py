import numpy as np
import pytest
import torch

from blendmf.studies.small_matrix import (
    HIDDEN,
    MATRIX,
    curve,
    eckart_young_bound,
    entry_gradients,
    factor_gradients,
    gradient_descent,
    initial_factors,
    masked_adam,
    masked_error,
    penalised_gradients,
    penalised_loss,
    per_entry_sgd,
    small_matrix,
    squared_error,
    truncated_svd,
)

EVERYTHING = np.ones_like(MATRIX, dtype=bool)


@pytest.fixture(scope="module")
def study():
    return small_matrix(rank=2, sgd_epochs=1000, adam_steps=2500, seed=42)


@pytest.fixture
def problem():
    random = np.random.default_rng(5)
    R, mask = random.normal(size=(4, 6)), random.random((4, 6)) < 0.6
    return R, mask, random.normal(size=(4, 3)), random.normal(size=(6, 3))


def test_published_values_of_the_matrix():
    singular_values = np.linalg.svd(MATRIX, compute_uv=False)
    np.testing.assert_allclose(singular_values, [5.3339, 0.6959, 0.3492], atol=5e-5)
    assert eckart_young_bound(MATRIX, 2) == pytest.approx(0.1219, abs=5e-5)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_truncated_svd_has_its_rank_and_meets_the_bound(rank):
    nearest = truncated_svd(MATRIX, rank)
    assert np.linalg.matrix_rank(nearest) == rank
    reached = squared_error(MATRIX, EVERYTHING, nearest)
    assert reached == pytest.approx(eckart_young_bound(MATRIX, rank), abs=1e-12)


def test_matrix_gradients_equal_autograd(problem):
    R, mask, U, V = problem
    u, v = torch.tensor(U, requires_grad=True), torch.tensor(V, requires_grad=True)
    error = torch.tensor(mask, dtype=torch.float64) * (u @ v.T - torch.tensor(R))
    (0.5 * error.square().sum()).backward()
    dU, dV = factor_gradients(R, mask, U, V)
    np.testing.assert_allclose(dU, u.grad, rtol=1e-12)
    np.testing.assert_allclose(dV, v.grad, rtol=1e-12)


def test_matrix_gradients_equal_the_sum_over_the_entries(problem):
    R, mask, U, V = problem
    dU, dV = np.zeros_like(U), np.zeros_like(V)
    for i, j in np.argwhere(mask):
        du, dv = entry_gradients(R[i, j], U[i], V[j])
        dU[i] += du
        dV[j] += dv
    for summed, direct in zip((dU, dV), factor_gradients(R, mask, U, V), strict=True):
        np.testing.assert_allclose(summed, direct, rtol=1e-12)


def test_entry_gradient_by_hand():
    du, dv = entry_gradients(4.0, np.array([1.0, 2.0]), np.array([0.5, 1.0]))
    np.testing.assert_allclose(du, [-0.75, -1.5])
    np.testing.assert_allclose(dv, [-1.5, -3.0])


def test_both_descents_agree_on_a_short_step():
    start = initial_factors(MATRIX.shape, 2, 0, "any")
    both = [f(MATRIX, EVERYTHING, start, 1e-6, 1) for f in (gradient_descent, per_entry_sgd)]
    before = (start[0] @ start[1].mT)[np.newaxis]
    steps = [np.abs(before - descent.reconstructed).sum((-2, -1)).min() for descent in both]
    assert min(steps) > 1e-7
    np.testing.assert_allclose(both[0].reconstructed, both[1].reconstructed, atol=1e-9)


def test_descent_does_not_change_its_start():
    start = initial_factors(MATRIX.shape, 2, 0, "any")
    copies = [factor.copy() for factor in start]
    per_entry_sgd(MATRIX, EVERYTHING, start, 0.01, 3)
    for factor, copy in zip(start, copies, strict=True):
        np.testing.assert_array_equal(factor, copy)


def test_sgd_reaches_the_published_error_and_nothing_beats_the_bound(study):
    errors = study.errors.set_index("method").squared_error
    methods = ["truncated-svd", "gradient-descent", "per-entry-sgd", "masked-adam"]
    assert list(errors.index) == methods
    assert errors["per-entry-sgd"] <= 0.1225
    assert errors["gradient-descent"] == pytest.approx(errors["truncated-svd"], abs=1e-4)
    assert (errors >= study.errors.bound.to_numpy() - 1e-12).all()


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_sgd_reaches_the_published_error_from_other_seeds(seed):
    start = initial_factors(MATRIX.shape, 2, seed, "per-entry-sgd")
    reached = per_entry_sgd(MATRIX, EVERYTHING, start, 0.01, 1000).squared_errors[-1]
    assert 0.1219 <= reached <= 0.1225


def test_completion_fits_observed_entries_and_lists_hidden_ones(study):
    table = study.completion
    seen = table[table.observed]
    assert np.abs(seen.completed - seen.value).max() <= 0.002
    assert seen.hidden_value.isna().all()
    hidden = table[~table.observed]
    assert set(zip(hidden.row, hidden.column, strict=True)) == set(HIDDEN)
    assert hidden.value.isna().all()
    assert list(hidden.hidden_value) == [MATRIX[entry] for entry in HIDDEN]
    completed = table.completed.to_numpy().reshape(MATRIX.shape)
    assert np.linalg.matrix_rank(completed, tol=1e-8) == 2


def test_hidden_entries_do_not_influence_the_completion():
    visible = EVERYTHING.copy()
    visible[tuple(np.transpose(HIDDEN))] = False
    start = initial_factors(MATRIX.shape, 2, 0, "any")
    other = np.where(visible, MATRIX, 99.0)
    for method in (gradient_descent, per_entry_sgd):
        results = [method(R, visible, start, 0.05, 20) for R in (MATRIX, other)]
        np.testing.assert_array_equal(*(descent.reconstructed for descent in results))
    factors = (start[0][0], start[1][0])
    completed = [masked_adam(R, visible, factors, 20).reconstructed for R in (MATRIX, other)]
    np.testing.assert_array_equal(*completed)


def test_masked_adam_reports_progress_and_its_errors(capsys):
    random = np.random.default_rng(0)
    start = (random.normal(size=(3, 2)), random.normal(size=(3, 2)))
    reconstructed, errors = masked_adam(MATRIX, EVERYTHING, start, 2000)
    lines = capsys.readouterr().out.splitlines()
    expected = ["masked Adam: step 1", "masked Adam: step 2"]
    assert [line.split(",")[0] for line in lines] == expected
    assert len(errors) == 2000
    assert errors[-1] == pytest.approx(float(squared_error(MATRIX, EVERYTHING, reconstructed)))
    assert errors[-1] < errors[0] / 2


def test_penalised_loss_by_hand():
    observed, weights = torch.tensor([[4.0, 0.0]]), torch.tensor([[1.0, 0.0]])
    A, B = torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0, 4.0], [5.0, 6.0]])
    norms = np.sqrt(5) + np.sqrt(9 + 16 + 25 + 36)
    loss = penalised_loss(masked_error(observed, weights, A, B), 1, A, B)
    assert loss.item() == pytest.approx(49.0 + 1e-3 * norms, rel=1e-6)


def test_penalised_gradients_equal_autograd(problem):
    R, mask, U, V = problem
    observed, weights = torch.tensor(np.where(mask, R, 0.0)), torch.tensor(mask.astype(float))
    A, B = torch.tensor(U, requires_grad=True), torch.tensor(V, requires_grad=True)
    error = masked_error(observed, weights, A, B)
    penalised_loss(error, mask.sum(), A, B).backward()
    gradients = penalised_gradients(error.detach(), mask.sum(), A, B)
    for gradient, factor in zip(gradients, (A, B), strict=True):
        np.testing.assert_allclose(gradient.detach(), factor.grad, rtol=1e-12)


def test_curves_keep_the_first_and_last_iteration(study):
    iterations = {"gradient-descent": 1000, "per-entry-sgd": 1000, "masked-adam": 2500}
    errors = study.errors.set_index("method").squared_error
    for method, points in study.curves.groupby("method"):
        assert points.iteration.iloc[0] == 1
        assert points.iteration.iloc[-1] == iterations[method]
        assert points.squared_error.iloc[-1] == errors[method]
        assert points.iteration.is_monotonic_increasing
        assert len(points) <= 200


def test_a_short_curve_is_kept_whole():
    assert list(curve("any", np.array([3.0, 2.0, 1.0])).iteration) == [1, 2, 3]


def test_the_study_is_determined_by_its_seed():
    runs = [small_matrix(2, 20, 20, seed) for seed in (1, 1, 2)]
    assert runs[0].curves.equals(runs[1].curves)
    assert not runs[0].curves.equals(runs[2].curves)
