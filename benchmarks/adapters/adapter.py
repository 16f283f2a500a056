"""Shared by all adapters: reading the problem and the request, writing the answer.

An adapter runs as ``python ADAPTER.py PROBLEM.npz ANSWER.npz REQUEST`` in the environment of its
system. The problem holds the ratings of the training and the validation part, each rating's place
in its user's order of time (if known), the pairs of the test part without their ratings, and the
items' content. The request is JSON: the `settings` of the system, the numbers of `epochs` after
which to score the test pairs, `threads`, `seed`, and the `distribution` whose version to report.
The answer has a row for each number of epochs: the epochs run, the seconds they took, and the
scores of the test pairs (unclipped predicted ratings, or any score of a system that only ranks).
"""

import json
import sys
import time
from collections.abc import Callable, Iterable
from importlib.metadata import version
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp


class Ratings(NamedTuple):
    """Ratings of one part: user and item positions and ratings, each of shape (n,)."""

    users: np.ndarray
    items: np.ndarray
    ratings: np.ndarray


class Pairs(NamedTuple):
    """User and item positions of the pairs to score, each of shape (n,)."""

    users: np.ndarray
    items: np.ndarray


class Problem(NamedTuple):
    """Training data and test pairs.

    `content` is of shape (n_items, n_terms). Times are those of the ratings in seconds, or None
    if unknown.
    """

    train: Ratings
    validation: Ratings
    test: Pairs
    shape: tuple[int, int]
    rating_range: tuple[float, float]
    content: sp.csr_array
    train_times: np.ndarray | None
    validation_times: np.ndarray | None


class Request(NamedTuple):
    """Settings of a fit."""

    settings: dict[str, Any]
    epochs: list[int]
    threads: int
    seed: int
    distribution: str


class Point(NamedTuple):
    """Scores of the test pairs after some epochs, and the seconds of training until then."""

    epochs: int
    seconds: float
    scores: np.ndarray


Score = Callable[[], np.ndarray]
Fit = Callable[[Problem, Request, int], tuple[float, Score]]


def answer(curve: Callable[[Problem, Request], Iterable[Point]]) -> None:
    """Read the command line's problem and request, run `curve`, and write the answer."""
    problem_path, answer_path, request_text = sys.argv[1:]
    request = Request(**json.loads(request_text))
    points = list(curve(_read(problem_path), request))
    np.savez(
        answer_path,
        version=np.array(version(request.distribution)),
        epochs=np.array([point.epochs for point in points]),
        seconds=np.array([point.seconds for point in points]),
        scores=np.array([point.scores for point in points], dtype=np.float64),
    )


def refitting(fit: Fit) -> Callable[[Problem, Request], Iterable[Point]]:
    """Curve of a system without intermediate results: a separate fit for each point.

    `fit` fits for a number of epochs; it returns the seconds of the fit, and a function that scores
    the test pairs.
    """

    def curve(problem: Problem, request: Request) -> Iterable[Point]:
        for epochs in request.epochs:
            seconds, score = fit(problem, request, epochs)
            yield Point(epochs, seconds, score())

    return curve


def seconds_of(work: Callable[[], Any]) -> float:
    """Wall-clock seconds of a call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _read(path: str) -> Problem:
    with np.load(path, allow_pickle=False) as file:
        arrays = dict(file)
    n_users, n_items = (int(n) for n in arrays["shape"])
    low, high = (float(rating) for rating in arrays["rating_range"])
    content = sp.csr_array(
        tuple(arrays[f"content_{part}"] for part in ("data", "indices", "indptr")),
        shape=(n_items, int(arrays["n_terms"])),
    )

    def part(name: str, columns: tuple[str, ...] = Ratings._fields) -> list[np.ndarray]:
        return [arrays[f"{name}_{column}"] for column in columns]

    return Problem(
        Ratings(*part("train")),
        Ratings(*part("validation")),
        Pairs(*part("test", Pairs._fields)),
        (n_users, n_items),
        (low, high),
        content,
        arrays.get("train_times"),
        arrays.get("validation_times"),
    )
