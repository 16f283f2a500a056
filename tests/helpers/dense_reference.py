"""Dense prediction and objective for autograd, and helpers of the engines' tests."""

from dataclasses import replace

import numpy as np
import scipy.sparse as sp
import torch

from blendmf.config.training import TrainingSettings
from blendmf.models.observations import Observations
from blendmf.training.parameters import Parameters, Terms
from ratings import observed

VARIANTS = {
    "mf": Terms.of_kind("mf"),
    "mf-content-user": Terms.of_kind("mf-content", "user"),
    "mf-content-item": Terms.of_kind("mf-content", "item"),
    "mf-content-both": Terms.of_kind("mf-content", "both"),
    "content": Terms.of_kind("content"),
}
SETTINGS = TrainingSettings(
    latent_dim=3,
    regularization=0.3,
    bias_regularization=0.2,
    user_content_regularization=0.15,
    content_factors_regularization=0.25,
    error_clip=1.5,
)
N_USERS, N_ITEMS, N_TERMS = 5, 6, 7
NOISE = 0.3


def problem(terms: Terms):
    """Random float64 parameters, ratings and content; item 0 has no words, word 0 no items."""
    random = np.random.default_rng(0)
    users, items = np.divmod(random.permutation(N_USERS * N_ITEMS)[:20], N_ITEMS)
    train = observed(users, items, random.uniform(0.5, 5.0, 20), (N_USERS, N_ITEMS))
    dense = random.uniform(0.2, 1.0, (N_ITEMS, N_TERMS)) * (random.random((N_ITEMS, N_TERMS)) < 0.5)
    dense[0] = 0.0
    dense[:, 0] = 0.0
    start = Parameters.initial(terms, train, N_TERMS, SETTINGS, random)
    drawn = {name: random.normal(0.0, 0.5, a.shape) for name, a in start.arrays().items()}
    return replace(start, **drawn), train, sp.csr_array(dense)


def dense_objective(arrays, global_mean, train: Observations, content, settings):
    """Sum over the ratings of (Huber's e^2 + the penalties of all rows used by the rating) / 2.

    `arrays` holds float64 tensors by term.
    """
    C = torch.tensor(content.toarray())
    total = torch.zeros((), dtype=torch.float64)
    reg, reg_b, reg_w, reg_v = settings.penalties
    for u, i, r in zip(train.users, train.items, train.ratings, strict=True):
        predicted = torch.tensor(global_mean, dtype=torch.float64)
        penalty = torch.zeros((), dtype=torch.float64)
        z = torch.zeros(settings.latent_dim, dtype=torch.float64)
        if "user_bias" in arrays:
            predicted = predicted + arrays["user_bias"][u]
            penalty = penalty + reg_b * arrays["user_bias"][u] ** 2
        if "item_bias" in arrays:
            predicted = predicted + arrays["item_bias"][i]
            penalty = penalty + reg_b * arrays["item_bias"][i] ** 2
        if "item_factors" in arrays:
            z = z + arrays["item_factors"][i]
            penalty = penalty + reg * arrays["item_factors"][i].square().sum()
        if "content_factors" in arrays:
            V = arrays["content_factors"]
            z = z + C[i] @ V
            penalty = penalty + reg_v * V[C[i] != 0].square().sum()
        if "user_factors" in arrays:
            predicted = predicted + arrays["user_factors"][u] @ z
            penalty = penalty + reg * arrays["user_factors"][u].square().sum()
        if "user_content" in arrays:
            predicted = predicted + arrays["user_content"][u] @ C[i]
            penalty = penalty + reg_w * arrays["user_content"][u].square().sum()
        e, clip = torch.abs(float(r) - predicted), settings.error_clip
        total = total + torch.where(e <= clip, e**2 / 2, clip * (e - clip / 2)) + penalty / 2
    return total


def dense_gradients(parameters: Parameters, train: Observations, content, settings=SETTINGS):
    """Gradients of `dense_objective` by autograd, as NumPy arrays by term."""
    tensors = {n: torch.tensor(a, requires_grad=True) for n, a in parameters.arrays().items()}
    dense_objective(tensors, parameters.global_mean, train, content, settings).backward()
    return {name: tensor.grad.numpy() for name, tensor in tensors.items()}


def gradient_step(parameters: Parameters, train, content, learning_rate, settings=SETTINGS):
    """Parameters after one step along the gradient of `dense_objective`."""
    gradients = dense_gradients(parameters, train, content, settings)
    arrays = parameters.arrays().items()
    return replace(parameters, **{n: a - learning_rate * gradients[n] for n, a in arrays})


def parameters_of(engine) -> Parameters:
    """Current parameters of an engine; overwrites its kept parameters."""
    engine.keep()
    return engine.kept()


def bits(engine) -> dict[str, bytes]:
    """Bytes of an engine's current parameters, by term."""
    return {name: array.tobytes() for name, array in parameters_of(engine).arrays().items()}


def assert_close(parameters: Parameters, expected: Parameters, **tolerance) -> None:
    """Compare all terms with `numpy.testing.assert_allclose`."""
    arrays = expected.arrays()
    assert parameters.arrays().keys() == arrays.keys()
    for name, array in parameters.arrays().items():
        np.testing.assert_allclose(array, arrays[name], err_msg=name, **tolerance)


def planted(n_train: int, n_validation: int, shape=(120, 80), unrated=(0, 0)):
    """Ratings from known biases, factors and words, with `NOISE`.

    Returns
    -------
    train, validation : Observations
        The last `unrated` users and items have no rating.
    content : csr_array of shape (n_items, 12)
    """
    random = np.random.default_rng(7)
    n_users, n_items = (n - idle for n, idle in zip(shape, unrated, strict=True))
    content = sp.csr_array((random.random((shape[1], 12)) < 0.2) * 0.5)
    vectors = random.normal(0.0, 0.5, (shape[1], 2)) + content @ random.normal(0.0, 0.5, (12, 2))
    scores = 3.0 + random.normal(0.0, 0.4, (shape[0], 1)) + random.normal(0.0, 0.4, shape[1])
    scores = scores + random.normal(0.0, 0.6, (shape[0], 2)) @ vectors.T
    scores = scores + random.normal(0.0, NOISE, shape)
    cells = random.permutation(n_users * n_items)[: n_train + n_validation]
    users, items = np.divmod(cells, n_items)
    whole = observed(users, items, np.clip(scores, 0.5, 5.0)[users, items], shape)
    return whole.where(slice(n_train)), whole.where(slice(n_train, None)), content
