"""What all adapters share: reading the problem, and writing the answer.

An adapter runs as ``python ADAPTER.py PROBLEM.npz ANSWER.npz REQUEST``, in the environment of the
system that it adapts. The problem has the ratings of the training and the validation part, where
they stand in the order in which their users rated (if that is known), the pairs of the test part
without their ratings, and the items' content. The request is JSON: ``settings`` of the system,
``epochs`` after which the test pairs are to be scored, ``threads``, ``seed`` and the name of the
``distribution`` whose version is asked for. The answer has a row for each of the epochs: how many
were run, the seconds that they took, and the scores of the test pairs: unclipped predicted
ratings, or whatever a system that predicts none ranks by.
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
    """Ratings of one part by position, each of shape (n,)."""

    users: np.ndarray
    items: np.ndarray
    ratings: np.ndarray


class Pairs(NamedTuple):
    """Pairs to score by position, each of shape (n,)."""

    users: np.ndarray
    items: np.ndarray


class Problem(NamedTuple):
    """What there is to learn from, and what to score.

    `content` is items x terms; the places are those of the parts' ratings in their users' order,
    from -1/2 to 1/2, or None where it is not known.
    """

    train: Ratings
    validation: Ratings
    test: Pairs
    shape: tuple[int, int]
    rating_range: tuple[float, float]
    content: sp.csr_array
    train_places: np.ndarray | None
    validation_places: np.ndarray | None


class Request(NamedTuple):
    """How a system is to be fitted."""

    settings: dict[str, Any]
    epochs: list[int]
    threads: int
    seed: int
    distribution: str


class Point(NamedTuple):
    """Scores of the test pairs after some epochs, and the seconds of fitting until then."""

    epochs: int
    seconds: float
    scores: np.ndarray


Score = Callable[[], np.ndarray]
Fit = Callable[[Problem, Request, int], tuple[float, Score]]


def answer(curve: Callable[[Problem, Request], Iterable[Point]]) -> None:
    """Do what the command line asks for."""
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
    """Curve of a system that tells nothing before it is done: a fit from scratch for each point.

    Parameters
    ----------
    fit : callable
        Fits for a number of epochs and gives the seconds that the fit itself took, and a function
        that then scores the test pairs.
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
        arrays.get("train_places"),
        arrays.get("validation_places"),
    )
