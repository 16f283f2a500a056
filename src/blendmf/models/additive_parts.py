"""Additive parts of a model's score of a user and an item: mean, biases, words, factors."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from blendmf.models.bayesian_factor_model import BayesianFactorModel
from blendmf.models.factor_model import FactorModel
from blendmf.models.item_neighbours import ItemNeighboursModel
from blendmf.models.model import Model
from blendmf.models.observations import Positions

WORD_PENALTY = 1.0
"""Ridge penalty on the factors of a word; the words of one item have a squared length of 1."""

Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class AdditiveParts:
    """Parts of the unclipped scores of n pairs, in the units of the score.

    The score is base + user + item + (sum of `words`) + (sum of `factors`) + other.

    Attributes
    ----------
    base : float
        mu.
    user, item : ndarray of shape (n,)
        Biases; with drift, a user's bias is the one at the predicted position of the rating order.
    words : csr_array of shape (n, n_terms)
        Contribution of each of the item's words.
    factors : ndarray of shape (n, d)
        Products p_uf q_if of each factor; d = 0 if single factors have no meaning.
    other : ndarray of shape (n,)
        Everything else: the part of the factors that words do not explain, or of the neighbours.
    """

    base: float
    user: Values
    item: Values
    words: sp.csr_array
    factors: Values
    other: Values

    @property
    def total(self) -> Values:
        """Sum of all parts, of shape (n,)."""
        of_words = np.asarray(self.words.sum(axis=1)).ravel()
        own = self.base + self.user + self.item
        return own + of_words + self.factors.sum(axis=1) + self.other


def additive_parts(
    model: Model, users: Positions, items: Positions, words: sp.csr_array | None = None
) -> AdditiveParts:
    """Divide the scores of pairs of known users and items into additive parts.

    A factor model has the parts mu, b_u, b_i, p_uf q_if for each factor f, and for each word w of
    the item, with TF-IDF c_iw,

        c_iw (p_u . v_w + w_uw).

    A Bayesian model's parts are means over all draws. Its factors rotate from draw to draw and have
    no identity, so they are one part, p_u . q_i. With `words`, each word's share of it is

        c_iw mean_s(p_us . v_sw),

    where the v_sw of draw s are the ridge regression of the draw's item factors on the words, with
    an intercept: what the factors of items with this word have in common.

    Parameters
    ----------
    model : Model
        Any kind; a score without such parts is `other`.
    users, items : ndarray of int64, of shape (n,)
        Positions.
    words : csr_array of shape (n_items, n_terms), optional
        Content of the items of a Bayesian model that was fitted with it.
    """
    match model:
        case FactorModel():
            return _of_factor_model(model, users, items)
        case BayesianFactorModel():
            return _of_draws(model, users, items, words)
        case ItemNeighboursModel():
            bias = _of_factor_model(model.bias, users, items)
            other = model.score_pairs(users, items) - bias.total
            return AdditiveParts(bias.base, bias.user, bias.item, bias.words, bias.factors, other)
    scores = model.score_pairs(users, items).astype(np.float64)
    zeros = np.zeros(len(users))
    return AdditiveParts(
        0.0, zeros, zeros, _no_words(len(users)), np.zeros((len(users), 0)), scores
    )


def _of_factor_model(model: FactorModel, users: Positions, items: Positions) -> AdditiveParts:
    n = len(users)
    user = np.zeros(n) if model.user_bias is None else model.user_bias[users].astype(np.float64)
    item = np.zeros(n) if model.item_bias is None else model.item_bias[items].astype(np.float64)
    factors, words = np.zeros((n, 0)), _no_words(n)
    if model.user_factors is not None and model.item_factors is not None:
        factors = model.user_factors[users].astype(np.float64) * model.item_factors[items]
    if model.content is not None:
        distinct, rows = np.unique(users, return_inverse=True)
        weights = np.zeros((len(distinct), model.content.shape[1]))
        if model.content_factors is not None and model.user_factors is not None:
            weights += model.user_factors[distinct].astype(np.float64) @ model.content_factors.T
        if model.user_content is not None:
            weights += model.user_content[distinct].toarray()
        words = _weighted(model.content[items], weights, rows)
    return AdditiveParts(model.global_mean, user, item, words, factors, np.zeros(n))


def _of_draws(
    model: BayesianFactorModel, users: Positions, items: Positions, content: sp.csr_array | None
) -> AdditiveParts:
    n, n_draws = len(users), len(model.user_rows)
    user, item, product = np.zeros(n), np.zeros(n), np.zeros(n)
    for of_users, of_items in zip(model.user_rows, model.item_rows, strict=True):
        p, q = of_users[users], of_items[items]
        user += p[:, 0]
        item += q[:, 0]
        product += np.einsum("nd,nd->n", p[:, 1:], q[:, 1:])
    words = _no_words(n)
    if content is not None and content.nnz:
        distinct, rows = np.unique(users, return_inverse=True)
        weights = np.zeros((len(distinct), content.shape[1]))
        factors_of_words = _word_factors(content)
        for of_users, of_items in zip(model.user_rows, model.item_rows, strict=True):
            weights += of_users[distinct, 1:] @ factors_of_words(of_items[:, 1:]).T
        words = _weighted(content[items], weights / n_draws, rows)
    other = product / n_draws - np.asarray(words.sum(axis=1)).ravel()
    return AdditiveParts(
        model.global_mean, user / n_draws, item / n_draws, words, np.zeros((n, 0)), other
    )


def _word_factors(content: sp.csr_array) -> Callable[[NDArray[np.float32]], Values]:
    """Ridge regression, with intercept, of item factors on words: (n_items, d) to (n_terms, d)."""
    words = content.astype(np.float64)
    centre = np.asarray(words.mean(axis=0)).ravel()
    gram = (words.T @ words).toarray() - words.shape[0] * np.outer(centre, centre)
    factor = cho_factor(gram + WORD_PENALTY * np.eye(len(gram)))

    def of_items(factors: NDArray[np.float32]) -> Values:
        coefficients: Values = cho_solve(factor, words.T @ (factors - factors.mean(axis=0)))
        return coefficients

    return of_items


def _weighted(content: sp.csr_array, weights: Values, rows: NDArray[np.intp]) -> sp.csr_array:
    """Words of n pairs times the weights of row ``rows[k]`` of `weights` for pair k."""
    own = np.repeat(rows, np.diff(content.indptr))
    data = content.data * weights[own, content.indices]
    return sp.csr_array((data, content.indices, content.indptr), shape=content.shape)


def _no_words(n: int) -> sp.csr_array:
    return sp.csr_array((n, 0), dtype=np.float64)
