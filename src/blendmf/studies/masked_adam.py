"""The classic masked matrix factorisation in PyTorch: Adam on a penalised masked error."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

LEARNING_RATE = 1e-3
PENALTY = 1e-3
STEPS_BETWEEN_LINES = 1000

FloatArray = NDArray[np.float64]


def masked_adam(
    matrix: FloatArray,
    mask: NDArray[np.bool_],
    start: tuple[FloatArray, FloatArray],
    steps: int,
) -> tuple[FloatArray, FloatArray]:
    """Factorise the observed entries of a matrix by Adam (learning rate 1e-3).

    The loss is the mean squared error over the mask plus 1e-3 (||A|| + ||B||) for the
    factorisation A B', with Frobenius norms that are not squared; see `penalised_loss`.

    Parameters
    ----------
    matrix : ndarray of shape (m, n)
    mask : ndarray of bool, of shape (m, n)
        Which entries are observed.
    start : (A, B)
        Initial factors, of shape (m, d) and (n, d).
    steps : int
        At least 1; every 1,000 steps a line of progress is printed.

    Returns
    -------
    reconstructed : ndarray of shape (m, n)
    squared_errors : ndarray of shape (steps,)
        Sum of the squared errors over the mask after each step, without the penalty.
    """
    observed = torch.from_numpy(np.where(mask, matrix, 0.0))
    weights = torch.from_numpy(mask.astype(np.float64))
    A, B = (torch.tensor(factor) for factor in start)
    optimiser = torch.optim.Adam([A, B], lr=LEARNING_RATE, fused=True)
    n_observed = int(mask.sum())
    error = masked_error(observed, weights, A, B)
    history = []
    for step in range(1, steps + 1):
        # On matrices of a few entries autograd would take most of the time.
        A.grad, B.grad = penalised_gradients(error, n_observed, A, B)
        optimiser.step()
        error = masked_error(observed, weights, A, B)
        history.append(error)
        if step % STEPS_BETWEEN_LINES == 0:
            loss = penalised_loss(error, n_observed, A, B)
            print(f"masked Adam: step {step:,} of {steps:,}, loss {loss:.6f}")
    return (A @ B.T).numpy(), torch.stack(history).square().sum(dim=(1, 2)).numpy()


def masked_error(observed: Tensor, weights: Tensor, A: Tensor, B: Tensor) -> Tensor:
    """Error of A B' on the observed entries, 0 elsewhere.

    Parameters
    ----------
    observed : Tensor of shape (m, n)
        The matrix, 0 where it is not observed.
    weights : Tensor of shape (m, n)
        1 where the matrix is observed, else 0.
    A, B : Tensor of shape (m, d) and (n, d)

    Returns
    -------
    Tensor of shape (m, n)
    """
    return weights * (A @ B.T) - observed


def penalised_loss(error: Tensor, n_observed: int, A: Tensor, B: Tensor) -> Tensor:
    """Mean squared error over the observed entries plus 1e-3 (||A|| + ||B||)."""
    return error.square().sum() / n_observed + PENALTY * (A.norm() + B.norm())


def penalised_gradients(
    error: Tensor, n_observed: int, A: Tensor, B: Tensor
) -> tuple[Tensor, Tensor]:
    """Gradients of `penalised_loss` by A and by B, of their shapes."""
    E = error * (2 / n_observed)
    return E @ B + A * (PENALTY / A.norm()), E.T @ A + B * (PENALTY / B.norm())
