"""Gradient methods of factorisation compared with truncated SVD, on a 3 x 3 matrix.

For the factorisation U V' with the loss L = 1/2 sum of (r - u . v)^2 over the observed entries,
and E = U V' - R on them and 0 elsewhere, the gradients are dL/dU = E V and dL/dV = E' U; one entry
contributes -(r - u . v) v to its row of dL/dU and -(r - u . v) u to its row of dL/dV.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from blendmf.common.random_streams import stream

FloatArray = NDArray[np.float64]
Mask = NDArray[np.bool_]
Factors = tuple[FloatArray, FloatArray]

MATRIX = np.array([[0.3374, 0.6005, 0.1735], [3.3359, 0.0492, 1.8374], [2.9407, 0.5301, 2.2620]])
HIDDEN = ((1, 0), (2, 1))
"""Entries that are hidden from the completion."""

SGD_LEARNING_RATE = 0.01
DESCENT_LEARNING_RATE = 0.05
COMPLETION_LEARNING_RATE = 0.05
ADAM_LEARNING_RATE = 1e-3
ADAM_PENALTY = 1e-3
STARTS = 10
POINTS = 200
STEPS_PER_LOG_LINE = 1000


class Descent(NamedTuple):
    """Result of an iterative method: U V', of shape (m, n), and a squared error per iteration.

    The errors, of shape (iterations,), are sums over the observed entries after each iteration.
    """

    reconstructed: FloatArray
    squared_errors: FloatArray


class SmallMatrixStudy(NamedTuple):
    """Tables of the study; results/README.md lists their columns."""

    errors: pd.DataFrame
    curves: pd.DataFrame
    completion: pd.DataFrame


def small_matrix(rank: int, sgd_epochs: int, adam_steps: int, seed: int) -> SmallMatrixStudy:
    """Factorise `MATRIX` by every method, and complete it with the entries `HIDDEN` unknown.

    No factorisation of the rank (1 to 3) has a smaller squared error than the truncated SVD. Masked
    Adam minimises another loss, penalised by the factors' norms, and so stays above that bound.
    `sgd_epochs` is the number of iterations of gradient descent and of per-entry SGD.
    """
    everything = np.ones_like(MATRIX, dtype=bool)
    visible = everything.copy()
    visible[tuple(np.transpose(HIDDEN))] = False

    def start(name: str) -> Factors:
        return initial_factors(MATRIX.shape, rank, seed, name)

    gd = gradient_descent(
        MATRIX, everything, start("gradient-descent"), DESCENT_LEARNING_RATE, sgd_epochs
    )
    sgd = per_entry_sgd(MATRIX, everything, start("per-entry-sgd"), SGD_LEARNING_RATE, sgd_epochs)
    random = stream(seed, "small-matrix", "masked-adam")
    normal = (random.normal(size=(len(MATRIX), rank)), random.normal(size=(len(MATRIX.T), rank)))
    adam = masked_adam(MATRIX, everything, normal, adam_steps)
    completed = per_entry_sgd(
        MATRIX, visible, start("completion"), COMPLETION_LEARNING_RATE, sgd_epochs
    )
    descents = {"gradient-descent": gd, "per-entry-sgd": sgd, "masked-adam": adam}
    curves = [curve(name, descent.squared_errors) for name, descent in descents.items()]
    return SmallMatrixStudy(
        errors_table(descents, rank),
        pd.concat(curves, ignore_index=True),
        completion_table(completed.reconstructed, visible),
    )


def factor_gradients(R: FloatArray, mask: Mask, U: FloatArray, V: FloatArray) -> Factors:
    """Gradients of L with respect to all factors: E V and E' U.

    R and `mask`, which entries of it are observed, are of shape (m, n); U and V of shape (..., m,
    d) and (..., n, d), where leading dimensions are separate factorisations.
    """
    E = np.where(mask, U @ V.mT - R, 0.0)
    return E @ V, E.mT @ U


def entry_gradients(r: float, u: FloatArray, v: FloatArray) -> Factors:
    """Gradients of one entry's (r - u . v)^2 / 2: -(r - u . v) v and -(r - u . v) u.

    `u` and `v` have shape (..., d); leading dimensions are separate factorisations.
    """
    e = r - (u * v).sum(axis=-1, keepdims=True)
    return -e * v, -e * u


def gradient_descent(
    R: FloatArray, mask: Mask, start: Factors, learning_rate: float, iterations: int
) -> Descent:
    """Full-batch gradient descent from several starts; returns that of the lowest final error.

    `start` is (U, V), of shape (starts, m, d) and (starts, n, d).
    """
    U, V = start
    errors = []
    for _ in range(iterations):
        dU, dV = factor_gradients(R, mask, U, V)
        U, V = U - learning_rate * dU, V - learning_rate * dV
        errors.append(squared_error(R, mask, U @ V.mT))
    return _best_start(U, V, errors)


def per_entry_sgd(
    R: FloatArray, mask: Mask, start: Factors, learning_rate: float, iterations: int
) -> Descent:
    """Like `gradient_descent`, with one step per observed entry, row by row, per iteration."""
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


def masked_adam(R: FloatArray, mask: Mask, start: Factors, steps: int) -> Descent:
    """Factorise the observed entries by Adam in PyTorch (learning rate 1e-3).

    The loss is `penalised_loss`. Prints a line of progress every 1,000 steps. `start` is (U, V), of
    shape (m, d) and (n, d).
    """
    observed = torch.from_numpy(np.where(mask, R, 0.0))
    weights = torch.from_numpy(mask.astype(np.float64))
    U, V = (torch.tensor(factor) for factor in start)
    optimiser = torch.optim.Adam([U, V], lr=ADAM_LEARNING_RATE, fused=True)
    n_observed = int(mask.sum())
    error = masked_error(observed, weights, U, V)
    history = []
    for step in range(1, steps + 1):
        # On a matrix with a few entries autograd would take most of the time.
        U.grad, V.grad = penalised_gradients(error, n_observed, U, V)
        optimiser.step()
        error = masked_error(observed, weights, U, V)
        history.append(error)
        if step % STEPS_PER_LOG_LINE == 0:
            loss = penalised_loss(error, n_observed, U, V)
            print(f"masked Adam: step {step:,} of {steps:,}, loss {loss:.6f}")
    squared_errors = torch.stack(history).square().sum(dim=(1, 2))
    return Descent((U @ V.T).numpy(), squared_errors.numpy())


def masked_error(observed: Tensor, weights: Tensor, U: Tensor, V: Tensor) -> Tensor:
    """Error of U V' where `weights` is 1; both it and `observed` are 0 elsewhere."""
    return weights * (U @ V.T) - observed


def penalised_loss(error: Tensor, n_observed: int, U: Tensor, V: Tensor) -> Tensor:
    """Mean squared error plus 1e-3 (||U|| + ||V||), with Frobenius norms that are not squared."""
    return error.square().sum() / n_observed + ADAM_PENALTY * (U.norm() + V.norm())


def penalised_gradients(
    error: Tensor, n_observed: int, U: Tensor, V: Tensor
) -> tuple[Tensor, Tensor]:
    """Gradients of `penalised_loss` with respect to U and V."""
    E = error * (2 / n_observed)
    return E @ V + U * (ADAM_PENALTY / U.norm()), E.T @ U + V * (ADAM_PENALTY / V.norm())


def truncated_svd(R: FloatArray, rank: int) -> FloatArray:
    """Nearest matrix of at most `rank` in squared error (Eckart and Young, 1936)."""
    left, singular_values, right = np.linalg.svd(R)
    return np.asarray((left[:, :rank] * singular_values[:rank]) @ right[:rank])


def eckart_young_bound(R: FloatArray, rank: int) -> float:
    """Least squared error of any matrix of at most `rank`: the sum of the omitted sigma^2."""
    return float(np.square(np.linalg.svd(R, compute_uv=False)[rank:]).sum())


def squared_error(R: FloatArray, mask: Mask, reconstructed: FloatArray) -> FloatArray:
    """Sum of squared errors over the mask, of the shape of the leading dimensions."""
    return np.asarray(np.square(np.where(mask, reconstructed - R, 0.0)).sum(axis=(-2, -1)))


def initial_factors(shape: tuple[int, ...], rank: int, seed: int, method: str) -> Factors:
    """Ten starts for one method, uniform in [0, 1 / sqrt(rank)).

    The problem has saddle points near which a descent can stall for all its iterations, so the
    outcome of a single start would depend on the seed. U and V are of shape (10, m, rank) and (10,
    n, rank).
    """
    random = stream(seed, "small-matrix", method)
    m, n = shape
    U, V = (random.random((STARTS, rows, rank)) / np.sqrt(rank) for rows in (m, n))
    return U, V


def errors_table(descents: dict[str, Descent], rank: int) -> pd.DataFrame:
    """Squared error of each method, the truncated SVD first, and the Eckart-Young bound."""
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
    """Squared error by iteration (from 1), at most 200 points evenly spaced on a log scale."""
    n = len(squared_errors)
    kept = np.unique(np.geomspace(1, n, min(n, POINTS)).round().astype(int))
    return pd.DataFrame(
        {"method": method, "iteration": kept, "squared_error": squared_errors[kept - 1]}
    )


def completion_table(completed: FloatArray, visible: Mask) -> pd.DataFrame:
    """Observed, completed and hidden value of every entry.

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
