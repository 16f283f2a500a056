"""Rows and their variances, compared with the known conditional distributions."""

import numpy as np
import pytest
import scipy.sparse as sp

from blendmf.common.random_streams import stream
from blendmf.models.user_prior import UserPrior
from blendmf.training.bayes.gibbs_kernels import INDEPENDENT, OVERRELAXATION
from blendmf.training.bayes.rated_rows import rated_rows
from blendmf.training.bayes.row_sampler import START_VARIANCE, OtherSide, RowSampler
from ratings import observed


def test_the_table_of_the_other_side_by_hand():
    multipliers = np.array([[1.0, 2.0], [1.0, -3.0]])
    inverse = np.array([[1.0, 10.0], [0.5, 0.0], [0.0, 4.0]])
    mapped = np.array([[21.0, 0.5, 8.0], [-29.0, 0.5, -12.0]])
    offsets, slopes, weights = np.array([0.25, -1.0]), np.array([3.0, 5.0]), np.array([2.0, 0.5])
    plain = OtherSide(multipliers, offsets).table(inverse)
    np.testing.assert_array_equal(plain[:, :3], mapped)
    np.testing.assert_array_equal(plain[:, 3:6], [[-0.25, 1, 0], [1, 1, 0]])
    weighted = OtherSide(multipliers, offsets, slopes, weights).table(inverse)
    np.testing.assert_array_equal(weighted[:, :3], weights[:, None] * mapped)
    np.testing.assert_array_equal(weighted[:, 3:6], [[-0.5, 2, -6], [0.5, 0.5, -2.5]])


def sampler_of(users, items, shape, *, words=None, feedback=False, width=3, slope=False, seed=1):
    """Sampler of the items' rows, and the rated rows of both sides."""
    train = observed(users, items, np.ones(len(users)), shape)
    of_users, of_items = rated_rows(train)
    random = stream(seed, "sampler")
    sampler = RowSampler(of_items, words, feedback, width, width + slope, random, threads=1)
    sampler.set_ratings(*np.zeros((2, len(users)), np.float32))
    return sampler, of_users, of_items


def test_products_of_factors_start_with_the_documented_variance():
    items = np.arange(20_000)
    sampler, *_ = sampler_of(0 * items, items, (1, 20_000), width=1 + 2)
    first, second = sampler.rows[:10_000, 1:], sampler.rows[10_000:, 1:]
    assert (first * second).sum(axis=1).var() == pytest.approx(START_VARIANCE, rel=0.15)
    assert not sampler.rows[:, 0].any()


@pytest.mark.parametrize(("slope", "freedom"), [(True, 5.0), (True, 0.0), (False, 0.0)])
def test_rows_have_their_conditional_distribution_given_the_rows_before(slope, freedom):
    """400 items rated by the same three of four users.

    Only rows without a slope of their own see the slopes and the noise of the other side.
    """
    n, random = 400, stream(2, "problem")
    items, users = np.repeat(np.arange(n), 3), np.tile([0, 2, 3], n)
    sampler, *_ = sampler_of(users, items, (4, n), width=4 - slope, slope=slope)
    others = np.column_stack([np.ones(3), random.standard_normal((3, 3 - slope))])
    offsets, slopes = random.standard_normal((2, 3))
    weights = np.array([0.5, 1.0, 2.0])
    other = OtherSide(others, offsets, slopes, weights)
    if slope:
        other, slopes, weights = OtherSide(others, offsets), np.zeros(3), np.ones(3)
    values, order = random.standard_normal((2, n, 3)).astype(np.float32)
    sampler.set_ratings(values.ravel(), order.ravel())
    mixed = np.array([[2.0, 1.0, 0, 0], [0, 1.0, 0, 0.5], [0, 0, 1.0, 0], [0, 0, -2.0, 3.0]])
    before = random.standard_normal((n, 4)) @ mixed + 3
    sampler.rows, precision = before.copy(), 0.7
    sampler.update(other, precision, freedom)
    prior = sampler.prior
    scores, precisions = [], []
    for k in range(n):
        Z = np.column_stack([others, order[k]]) if slope else weights[:, None] * others
        targets = weights * (values[k] - offsets - order[k] * slopes)
        own = precision * sampler.precisions[k]
        posterior = prior.precision + own * Z.T @ Z
        mean = np.linalg.solve(posterior, prior.precision @ prior.mean[k] + own * Z.T @ targets)
        np.testing.assert_allclose(sampler.expected[k], mean, rtol=1e-3, atol=1e-3)
        independent = sampler.rows[k] - mean - OVERRELAXATION * (before[k] - mean)
        scores.append(independent @ np.linalg.cholesky(posterior) / INDEPENDENT)
        error = precision * ((targets - Z @ before[k]) ** 2).sum()
        precisions.append(sampler.precisions[k] * (freedom + error) / 2)
        left = ((targets - Z @ sampler.rows[k]) ** 2).sum()
        assert sampler.squared_errors[k] == pytest.approx(left, rel=1e-2, abs=1e-3)
    np.testing.assert_allclose(np.mean(scores, axis=0), 0, atol=5 / np.sqrt(n))
    np.testing.assert_allclose(np.cov(np.transpose(scores)), np.eye(4), atol=5 * np.sqrt(2 / n))
    if freedom:
        shape = (freedom + 3) / 2
        assert np.mean(precisions) == pytest.approx(shape, abs=5 * np.sqrt(shape / n))


def of_two_kinds(words=None):
    """300 items: of each three one has one rating, one five and one none."""
    kind = np.arange(300) % 3
    counts = np.array([1, 5, 0])[kind]
    users = np.concatenate([np.arange(count) for count in counts])
    return *sampler_of(users, np.repeat(np.arange(300), counts), (5, 300), words=words), kind


def test_rows_without_ratings_expect_the_mean_weighted_by_the_ratings_of_the_others():
    sampler, _, of_items, kind = of_two_kinds()
    # One rating has weight 1 / 6, five have weight 1 / 2; the prior of the mean is worth 2.
    weight = np.where(kind == 0, 1 / 6, 1 / 2)[of_items.positions]
    rows = np.array([0.0, 2.0, 1.0]) + np.outer(weight < 0.3, [8.0, -8.0, 1.0])
    rows += stream(6, "noise").standard_normal(rows.shape)
    sampler.rows = sampler._expected = rows
    drawn = [sampler.expected_rows() for _ in range(200)]
    mean = (weight[:, None] * rows).sum(axis=0) / (weight.sum() + 2)
    for rows in drawn:
        np.testing.assert_array_equal(rows[of_items.positions], sampler.rows)
        assert not np.ptp(rows[of_items.without], axis=0).any()
    found = np.mean([rows[of_items.without[0]] for rows in drawn[20:]], axis=0)
    np.testing.assert_allclose(found, mean, atol=0.1)


def test_rows_without_ratings_expect_what_their_words_say():
    random = stream(3, "words")
    words = sp.csr_array(random.integers(0, 3, (300, 2)).astype(np.float32))
    sampler, _, of_items, _ = of_two_kinds(words)
    planted = 2.0 + words @ np.array([[1.0, 0, -2.0], [0, 0.5, 3.0]])
    sampler.rows = planted[of_items.positions]
    sampler._expected = np.full(sampler.rows.shape, 7.0)
    for _ in range(20):
        rows = sampler.expected_rows()
    np.testing.assert_array_equal(rows[of_items.positions], 7.0)
    np.testing.assert_allclose(rows[of_items.without], planted[of_items.without], atol=0.3)


def test_expected_rows_are_the_conditional_means_if_every_row_has_ratings():
    users, items = np.divmod(np.arange(40), 20)
    sampler, *_ = sampler_of(users, items, (2, 20))
    sampler.update(OtherSide(np.ones((2, 3)), np.zeros(2)))
    np.testing.assert_array_equal(sampler.expected_rows(), sampler.expected)
    assert (sampler.expected != sampler.rows).all()


def rated_at_random(feedback, words=None):
    """Items 2 and 5 of 12, and users 0 and 4 of 9, have no ratings."""
    random = stream(4, "rated")
    rated = random.random((9, 12)) < 0.6
    rated[[0, 4]] = rated[:, [2, 5]] = False
    sampler, of_users, of_items = sampler_of(
        *np.nonzero(rated), rated.shape, feedback=feedback, words=words
    )
    assert (of_users.without.tolist(), of_items.without.tolist()) == ([0, 4], [2, 5])
    return sampler, of_users, of_items


def test_ratings_as_features_give_the_same_prior_mean_as_for_a_new_row():
    sampler, of_users, of_items = rated_at_random(feedback=True)
    for _ in range(3):
        sampler.update(OtherSide(np.ones((len(of_users.positions), 3)), np.arange(7.0)))
    draw, features = sampler.prior_draw(0.3), sampler.rated_features(of_users)
    prior = UserPrior.of_draws([draw], features, 0.0, None)
    assert prior.noise_variance == np.float32(0.3)
    np.testing.assert_allclose(prior.precision[0], sampler.prior.precision, rtol=1e-6)
    for k, mean in enumerate(sampler.prior.mean):
        own = of_items.others[of_items.indptr[k] : of_items.indptr[k + 1]]
        found = prior.means(of_users.positions[own])
        np.testing.assert_allclose(found[0], mean, atol=1e-4)


def test_ratings_are_features_beside_words():
    words = sp.csr_array(np.eye(12, dtype=np.float32)[:, :4] + 0.1)
    sampler, of_users, of_items = rated_at_random(feedback=True, words=words)
    for _ in range(3):
        sampler.update(OtherSide(np.ones((len(of_users.positions), 3)), np.arange(7.0)))
    draw, features = sampler.prior_draw(0.3), sampler.rated_features(of_users)
    prior = UserPrior.of_draws([draw], features, 0.0, None)
    of_words = sampler.prior._known[1].mapped_of(
        words[of_items.positions], sampler.prior.coefficients[1]
    )
    for k, mean in enumerate(sampler.prior.mean):
        own = of_items.others[of_items.indptr[k] : of_items.indptr[k + 1]]
        found = prior.means(of_users.positions[own])[0] + of_words[k]
        np.testing.assert_allclose(found, mean, atol=1e-4)


def test_without_feedback_ratings_are_no_features():
    sampler, of_users, of_items = rated_at_random(feedback=False)
    sampler.update(OtherSide(np.ones((7, 3)), np.zeros(7)))
    features = sampler.rated_features(of_users)
    prior = UserPrior.of_draws([sampler.prior_draw(1.0)], features, 0.0, None)
    for rated in ([], [1], [1, 3, 8]):
        found = prior.means(np.array(rated, dtype=np.int64))
        np.testing.assert_allclose(found[0], sampler.prior.mean[0], atol=1e-5)
    logarithms = np.log1p(of_items.counts)
    np.testing.assert_allclose(features.activity_scale, [logarithms.mean(), logarithms.std()])


def test_variances_are_averages_over_the_ratings_of_the_other_side():
    sampler, of_users, of_items = rated_at_random(feedback=False)
    other = OtherSide(np.ones((7, 3)), np.arange(7.0))
    for _ in range(3):
        sampler.update(other)
        sampler.expected_rows()
    multipliers = np.column_stack([np.ones(7), stream(5, "other").standard_normal((7, 2))])
    counts = of_users.counts
    assert len(set(counts)) > 1
    of_ratings = np.repeat(multipliers, counts, axis=0)
    found = sampler.variances(multipliers, counts)
    deviations = (sampler.rows - sampler.expected) @ of_ratings.T
    expected = (deviations**2).mean(axis=1)
    np.testing.assert_allclose(found[of_items.positions], expected, rtol=1e-6)
    covariance = np.linalg.inv(sampler._prior_without.precision)
    of_new = np.mean([z @ covariance @ z for z in of_ratings])
    np.testing.assert_allclose(found[of_items.without], of_new, rtol=1e-5)
