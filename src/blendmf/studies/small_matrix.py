"""Gradient methods of factorisation against truncated SVD, on a matrix small enough to see through.

For the factorisation U V' with the loss L = 1/2 sum of (r - u . v)^2 over the observed entries,
and E = U V' - R on them and 0 elsewhere, the gradients are dL/dU = E V and dL/dV = E' U; one entry
adds -(r - u . v) v to its row of U and -(r - u . v) u to its row of V.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from blendmf.common.random_streams import stream
from blendmf.studies.masked_adam import masked_adam

FloatArray = NDArray[np.float64]
Mask = NDArray[np.bool_]

MATRIX = np.array([[0.3374, 0.6005, 0.1735], [3.3359, 0.0492, 1.8374], [2.9407, 0.5301, 2.2620]])
HIDDEN = ((1, 0), (2, 1))
"""Entries that the masked completion does not see."""

SGD_LEARNING_RATE = 0.01
DESCENT_LEARNING_RATE = 0.05
COMPLETION_LEARNING_RATE = 0.05
STARTS = 10
POINTS = 200


@dataclass(frozen=True)
class Descent:
    """Where a method that takes steps arrived.

    Attributes
    ----------
    reconstructed : ndarray of shape (m, n)
        U V'.
    squared_errors : ndarray of shape (iterations,)
        Sum of the squared errors over the observed entries after each iteration.
    """

    reconstructed: FloatArray
    squared_errors: FloatArray


@dataclass(frozen=True)
class SmallMatrixStudy:
    """The study's tables, with the columns that results/README.md gives them."""

    errors: pd.DataFrame
    curves: pd.DataFrame
    completion: pd.DataFrame


def small_matrix(rank: int, sgd_epochs: int, adam_steps: int, seed: int) -> SmallMatrixStudy:
    """Factorise `MATRIX` by every method, and complete it where `HIDDEN` hides it.

    No factorisation of the rank has a smaller squared error than the truncated SVD. Masked Adam
    minimises another loss, penalised by the factors' norms, and so stays above that bound.

    Parameters
    ----------
    rank : int
        Between 1 and 3.
    sgd_epochs : int
        Iterations of gradient descent and of per-entry SGD, at least 1.
    adam_steps : int
        Steps of masked Adam, at least 1.
    seed : int
    """
    everything = np.ones_like(MATRIX, dtype=bool)
    visible = everything.copy()
    visible[tuple(np.transpose(HIDDEN))] = False

    start = initial_factors(MATRIX.shape, rank, seed, "gradient-descent")
    descent = gradient_descent(MATRIX, everything, start, DESCENT_LEARNING_RATE, sgd_epochs)
    start = initial_factors(MATRIX.shape, rank, seed, "per-entry-sgd")
    sgd = per_entry_sgd(MATRIX, everything, start, SGD_LEARNING_RATE, sgd_epochs)
    random = stream(seed, "small-matrix", "masked-adam")
    normal = (random.normal(size=(len(MATRIX), rank)), random.normal(size=(len(MATRIX.T), rank)))
    adam = Descent(*masked_adam(MATRIX, everything, normal, adam_steps))
    start = initial_factors(MATRIX.shape, rank, seed, "completion")
    completed = per_entry_sgd(MATRIX, visible, start, COMPLETION_LEARNING_RATE, sgd_epochs)

    descents = {"gradient-descent": descent, "per-entry-sgd": sgd, "masked-adam": adam}
    return SmallMatrixStudy(
        errors_table(descents, rank),
        pd.concat(
            [curve(name, taken.squared_errors) for name, taken in descents.items()],
            ignore_index=True,
        ),
        completion_table(completed.reconstructed, visible),
    )


def factor_gradients(
    R: FloatArray, mask: Mask, U: FloatArray, V: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Gradients of L by all factors at once: E V and E' U.

    Parameters
    ----------
    R : ndarray of shape (m, n)
    mask : ndarray of bool, of shape (m, n)
        Which entries of R are observed.
    U, V : ndarray of shape (..., m, d) and (..., n, d)
        Factors; leading dimensions are separate factorisations.

    Returns
    -------
    dU, dV : ndarray
        Of the shapes of U and V.
    """
    E = np.where(mask, U @ V.mT - R, 0.0)
    return E @ V, E.mT @ U


def entry_gradients(r: float, u: FloatArray, v: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Gradients of one entry's (r - u . v)^2 / 2: -(r - u . v) v and -(r - u . v) u.

    Parameters
    ----------
    r : float
    u, v : ndarray of shape (..., d)
        The entry's row of U and of V; leading dimensions are separate factorisations.
    """
    e = r - (u * v).sum(axis=-1, keepdims=True)
    return -e * v, -e * u


def gradient_descent(
    R: FloatArray,
    mask: Mask,
    start: tuple[FloatArray, FloatArray],
    learning_rate: float,
    iterations: int,
) -> Descent:
    """Full-batch gradient descent from every start; the best one at the end is returned.

    Parameters
    ----------
    R : ndarray of shape (m, n)
    mask : ndarray of bool, of shape (m, n)
    start : (U, V)
        Initial factors of shape (starts, m, d) and (starts, n, d).
    learning_rate : float
    iterations : int
    """
    U, V = start
    errors = []
    for _ in range(iterations):
        dU, dV = factor_gradients(R, mask, U, V)
        U, V = U - learning_rate * dU, V - learning_rate * dV
        errors.append(squared_error(R, mask, U @ V.mT))
    return _best_start(U, V, errors)


def per_entry_sgd(
    R: FloatArray,
    mask: Mask,
    start: tuple[FloatArray, FloatArray],
    learning_rate: float,
    iterations: int,
) -> Descent:
    """One step per observed entry, row by row, in each iteration; else as `gradient_descent`."""
    U, V = (factor.copy() for factor in start)
    entries = np.argwhere(mask)
    errors = []
    for _ in range(iterations):
        for i, j in entries:
            du, dv = entry_gradients(R[i, j], U[:, i], V[:, j])
            U[:, i] -= learning_rate * du
            V[:, j] -= learning_rate * dv
        errors.append(squared_error(R, mask, U @ V.mT))
    return _best_start(U, V, errors)


def truncated_svd(R: FloatArray, rank: int) -> FloatArray:
    """Nearest matrix of at most `rank` in squared error (Eckart and Young, 1936)."""
    left, singular_values, right = np.linalg.svd(R)
    return np.asarray((left[:, :rank] * singular_values[:rank]) @ right[:rank])


def eckart_young_bound(R: FloatArray, rank: int) -> float:
    """Least squared error of any matrix of at most `rank`: the sum of the left out sigma^2."""
    return float(np.square(np.linalg.svd(R, compute_uv=False)[rank:]).sum())


def squared_error(R: FloatArray, mask: Mask, reconstructed: FloatArray) -> FloatArray:
    """Sum of squared errors over the mask, of the shape of the leading dimensions."""
    return np.asarray(np.square(np.where(mask, reconstructed - R, 0.0)).sum(axis=(-2, -1)))


def initial_factors(
    shape: tuple[int, ...], rank: int, seed: int, method: str
) -> tuple[FloatArray, FloatArray]:
    """Several starts for one method, uniform in [0, 1 / sqrt(rank)).

    The problem has saddle points, near which a descent can rest for longer than it is given, so
    that a single start would make the outcome a matter of the seed.

    Returns
    -------
    U, V : ndarray of shape (10, m, rank) and (10, n, rank)
    """
    random = stream(seed, "small-matrix", method)
    m, n = shape
    U, V = (random.random((STARTS, rows, rank)) / np.sqrt(rank) for rows in (m, n))
    return U, V


def errors_table(descents: dict[str, Descent], rank: int) -> pd.DataFrame:
    """List what each method reached, the truncated SVD first, beside the Eckart-Young bound."""
    everything = np.ones_like(MATRIX, dtype=bool)
    svd = float(squared_error(MATRIX, everything, truncated_svd(MATRIX, rank)))
    reached = {"truncated-svd": svd} | {m: d.squared_errors[-1] for m, d in descents.items()}
    return pd.DataFrame(
        {
            "method": list(reached),
            "rank": rank,
            "squared_error": list(reached.values()),
            "bound": eckart_young_bound(MATRIX, rank),
            "iterations": [0, *(len(d.squared_errors) for d in descents.values())],
        }
    )


def curve(method: str, squared_errors: FloatArray) -> pd.DataFrame:
    """Squared error by iteration (from 1), thinned to at most 200 points even on a log scale."""
    n = len(squared_errors)
    kept = np.unique(np.geomspace(1, n, min(n, POINTS)).round().astype(int))
    return pd.DataFrame(
        {"method": method, "iteration": kept, "squared_error": squared_errors[kept - 1]}
    )


def completion_table(completed: FloatArray, visible: Mask) -> pd.DataFrame:
    """List for every entry what was observed, what was completed, and what was hidden.

    A completion is not unique: there are more factors than observed entries.
    """
    rows, columns = np.indices(MATRIX.shape)
    return pd.DataFrame(
        {
            "row": rows.ravel(),
            "column": columns.ravel(),
            "observed": visible.ravel(),
            "value": np.where(visible, MATRIX, np.nan).ravel(),
            "completed": completed.ravel(),
            "hidden_value": np.where(visible, np.nan, MATRIX).ravel(),
        }
    )


def _best_start(U: FloatArray, V: FloatArray, errors: list[FloatArray]) -> Descent:
    by_iteration = np.stack(errors)
    best = int(by_iteration[-1].argmin())
    return Descent(U[best] @ V[best].T, by_iteration[:, best])
