"""Draws of the kernel compared with the known conditional distributions."""

import numpy as np
import pytest

from blendmf.common.random_streams import stream
from blendmf.training.bayes.gibbs_kernels import OVERRELAXATION, add_scores, draw_rows
from blendmf.training.bayes.row_sampler import OtherSide
from blendmf.training.kernels.compiled import compiled
from blendmf.training.kernels.vector_rows import aligned_rows, lanes_of

WIDTH = 6
DRAWS = 60_000


class Problem:
    """`DRAWS` rows with the same ratings, drawn independently."""

    def __init__(self, n_ratings, seed=0):
        random = stream(seed, "kernel", n_ratings)
        m = n_ratings + 3
        self.other = OtherSide(
            random.standard_normal((m, WIDTH)),
            random.standard_normal(m),
            random.standard_normal(m),
            random.uniform(0.5, 2.0, m),
        )
        self.slope, self.mean = random.standard_normal((2, WIDTH))
        self.values, self.order = random.standard_normal((2, n_ratings))
        self.others = random.permutation(m)[:n_ratings].astype(np.int32)
        self.random, self.n_ratings = random, n_ratings

    @property
    def design(self):
        """z_n of every rating."""
        multipliers, _, _, weights = self.other
        own = (weights[:, None] * multipliers)[self.others]
        return own + self.order[:, None] * self.slope

    @property
    def targets(self):
        _, offsets, slopes, weights = (array[self.others] for array in self.other)
        return weights * (self.values - offsets - self.order * slopes)

    def draw(self, freedom=0.0, precision=1.0, begin=0, end=DRAWS, start=None):
        """Draws, expected rows, relative precisions and the sums of squared errors."""
        Z = self.other.table(np.eye(WIDTH))
        slope = aligned_rows(np.zeros((1, Z.shape[1])), np.float32)
        slope[0, :WIDTH] = self.slope
        X = np.zeros((DRAWS, WIDTH), np.float32) if start is None else start
        expected = np.full(X.shape, -1.0, np.float32)
        own, errors = np.full(DRAWS, -1.0), np.full(DRAWS, -1.0)
        repeated = [np.tile(a, DRAWS) for a in (self.others, self.values, self.order)]
        compiled(draw_rows, Z.shape[1])(
            begin,
            end,
            np.arange(DRAWS + 1) * self.n_ratings,
            repeated[0],
            *(array.astype(np.float32) for array in repeated[1:]),
            Z,
            slope,
            np.tile(self.mean.astype(np.float32), (DRAWS, 1)),
            self.random.standard_normal(X.shape, dtype=np.float32),
            float(freedom),
            self.random.standard_gamma((freedom + self.n_ratings) / 2, DRAWS),
            float(precision),
            X,
            expected,
            own,
            errors,
            lanes_of(Z.shape[1]),
        )
        return X, expected, own, errors


@pytest.mark.parametrize("n_ratings", [1, 3, 5, 6, 7, 40, 200])
def test_draws_keep_their_distribution_and_have_the_known_mean(n_ratings):
    problem = Problem(n_ratings)
    precision = 0.7
    design, targets = problem.design, problem.targets
    covariance = np.linalg.inv(np.eye(WIDTH) + precision * design.T @ design)
    mean = covariance @ (problem.mean + precision * design.T @ targets)
    before = problem.random.multivariate_normal(mean, covariance, DRAWS).astype(np.float32)
    X, expected, own, errors = problem.draw(precision=precision, start=before.copy())
    # Five standard errors.
    np.testing.assert_allclose(X.mean(axis=0), mean, atol=5 / np.sqrt(DRAWS))
    np.testing.assert_allclose(np.cov(X.T), covariance, atol=5 * np.sqrt(2 / DRAWS))
    np.testing.assert_allclose(
        np.cov(X.T, before.T)[:WIDTH, WIDTH:],
        OVERRELAXATION * covariance,
        atol=5 * np.sqrt(2 / DRAWS),
    )
    np.testing.assert_allclose(expected, np.tile(mean, (DRAWS, 1)), atol=1e-4)
    assert (own == 1).all()
    of_rows = ((targets - X[:100].astype(np.float64) @ design.T) ** 2).sum(axis=1)
    np.testing.assert_allclose(errors[:100], of_rows, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("n_ratings", [2, 30])
def test_a_row_s_own_precision_has_its_gamma_distribution_given_the_row_before(n_ratings):
    problem = Problem(n_ratings)
    before = np.full(WIDTH, 0.3, np.float32)
    freedom, precision = 5.0, 1.5
    start = np.tile(before, (DRAWS, 1))
    _, _, own, _ = problem.draw(freedom=freedom, precision=precision, start=start)
    error = ((problem.targets - problem.design @ before) ** 2).sum()
    shape, rate = (freedom + n_ratings) / 2, (freedom + precision * error) / 2
    assert own.mean() == pytest.approx(shape / rate, rel=5 / np.sqrt(DRAWS * shape))
    assert own.var() == pytest.approx(shape / rate**2, rel=0.05)


def test_rows_out_of_range_are_unchanged():
    X, expected, own, errors = Problem(3).draw(begin=1, end=2)
    untouched = np.arange(DRAWS) != 1
    assert not X[untouched].any()
    assert (expected[untouched] == -1).all()
    assert (own[untouched] == -1).all()
    assert (errors[untouched] == -1).all()
    assert X[1].any()


@pytest.mark.parametrize("n_ratings", [5, 3000, 300_000])
def test_rounding_errors_are_far_below_the_spread_of_the_draws_at_every_width(n_ratings):
    for width in (1, 7, 13, 14, 29, 61):
        random = stream(width, "widths")
        multipliers = random.standard_normal((1000, width))
        other = OtherSide(multipliers, np.zeros(1000))
        Z = other.table(np.eye(width))
        others = random.integers(1000, size=n_ratings).astype(np.int32)
        values = random.standard_normal(n_ratings).astype(np.float32)
        X, found = np.zeros((1, width), np.float32), np.zeros((1, width), np.float32)
        nothing = np.zeros((1, width), np.float32)
        compiled(draw_rows, Z.shape[1])(
            *(0, 1, np.array([0, n_ratings]), others, values, 0 * values, Z),
            *(aligned_rows(np.zeros((1, Z.shape[1])), np.float32), nothing, nothing),
            *(0.0, np.ones(1), 1.0, X, found, np.ones(1), np.ones(1), lanes_of(Z.shape[1])),
        )
        design = multipliers[others]
        covariance = np.linalg.inv(np.eye(width) + design.T @ design)
        expected = covariance @ design.T @ values
        assert (np.abs(found[0] - expected) < 0.002 * np.sqrt(np.diag(covariance))).all(), width


def test_scores_of_pairs_are_added():
    random = stream(1, "scores")
    user_rows, item_rows = (random.standard_normal((n, 4)).astype(np.float32) for n in (4, 5))
    users = random.integers(4, size=20).astype(np.int32)
    items = random.integers(5, size=20).astype(np.int32)
    totals = np.ones(20)
    compiled(add_scores)(3.0, users, items, user_rows, item_rows, totals)
    p, q = user_rows[users].astype(np.float64), item_rows[items]
    expected = 4 + p[:, 0] + q[:, 0] + (p[:, 1:] * q[:, 1:]).sum(axis=1)
    np.testing.assert_allclose(totals, expected, rtol=1e-5)
