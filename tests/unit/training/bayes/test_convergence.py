import numpy as np
import pytest

from blendmf.common.random_streams import stream
from blendmf.training.bayes.convergence import convergence


def autoregressive(coefficient, n_chains=4, n=20_000):
    """Chains x_t = a x_{t-1} + e_t of variance 1."""
    random = stream(1, "autoregressive")
    noise = random.normal(scale=np.sqrt(1 - coefficient**2), size=(n_chains, n))
    chains = np.empty_like(noise)
    chains[:, 0] = random.normal(size=n_chains)
    for t in range(1, n):
        chains[:, t] = coefficient * chains[:, t - 1] + noise[:, t]
    return chains


@pytest.mark.parametrize("coefficient", [0.0, 0.5, 0.9])
def test_effective_draws_of_autoregressive_chains_are_the_known_number(coefficient):
    """The mean of n draws is worth n (1 - a) / (1 + a) independent ones."""
    found = convergence(autoregressive(coefficient))
    expected = 80_000 * (1 - coefficient) / (1 + coefficient)
    assert found.effective_draws == pytest.approx(expected, rel=0.15)
    assert found.r_hat == pytest.approx(1.0, abs=0.02)


def test_chains_at_different_levels_have_not_converged():
    """Means 0 and 2 of chains of variance 1: the total variance is 1 + 2 * 4 / 6."""
    chains = autoregressive(0.0, 2) + np.array([[0.0], [2.0]])
    found = convergence(chains)
    assert found.r_hat == pytest.approx(np.sqrt(1 + 4 / 3), rel=0.02)
    assert found.effective_draws < 20


def test_a_trend_within_one_chain_is_seen():
    assert convergence(np.linspace(0, 3, 200)[None] + autoregressive(0.0, 1, 200)).r_hat > 1.2


def test_draws_of_opposite_errors_count_at_most_logarithmically_more():
    alternating = np.tile([1.0, -1.0], (2, 50)) + 0.1 * autoregressive(0.0, 2, 100)
    found = convergence(alternating)
    assert 200 < found.effective_draws <= 200 * np.log10(1000)


@pytest.mark.parametrize(
    "chains", [np.ones((2, 10)), np.zeros((1, 3)), np.array([[1.0, 2, np.nan, 3]])]
)
def test_what_says_nothing_has_no_convergence(chains):
    assert convergence(chains) is None
