"""Speed and memory of one engine on one problem; run in its own process."""

import hashlib
import json
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from blendmf.common.random_streams import stream
from blendmf.config.training import TrainingSettings
from blendmf.models.observations import Observations
from blendmf.training.loop import Engine
from blendmf.training.parameters import Parameters, Terms
from blendmf.training.sgd.block_sgd import BlockSgdEngine

SEED = 42
LEARNING_RATE = 0.01
WORDS_PER_ITEM, N_TERMS = 6, 1000
HASHED_EPOCHS, TIMED_EPOCHS = 2, 5
RATING_RANGE = (0.5, 5.0)
ON_GPU = "torch cuda"


@dataclass(frozen=True)
class Case:
    """A measured engine (blocks or torch) and problem; the `threads` are measured alternately.

    `batch_size` is that of PyTorch.
    """

    engine: str
    kind: str
    blend: str | None
    ratings: int
    latent_dim: int
    threads: Sequence[int] = (1,)
    batch_size: int = 65_536

    @property
    def variant(self) -> str:
        """Name of the variant, such as ``mf-content item``."""
        return self.kind if self.blend is None else f"{self.kind} {self.blend}"


def measure(case: Case) -> list[dict[str, Any]]:
    """One row per number of threads: updates per second, bytes per update, peak memory, hash.

    The speed is that of the fastest epoch. The hash covers the parameters after the same epochs
    from the same start for each number of threads. The seconds to start are those of the first
    engine, and include loading its kernels. `engine` is ``blocks``, ``torch cpu`` or
    ``torch cuda``; `peak_gpu_mib` is the most memory that PyTorch allocated on the GPU.
    """
    terms = Terms.of_kind(case.kind, case.blend)
    train, content = synthetic_ratings(case.ratings)
    hashes, loading = {}, []
    for threads in case.threads:
        start = time.perf_counter()
        engine, name = _engine(case, terms, train, content, threads)
        loading.append(time.perf_counter() - start)
        for _ in range(HASHED_EPOCHS):
            _seconds_of_epoch(engine, name)
        engine.keep()
        hashes[threads] = hash_of(engine.kept())
    seconds: dict[int, list[float]] = {threads: [] for threads in case.threads}
    for _ in range(TIMED_EPOCHS):
        for threads in case.threads:
            if isinstance(engine, BlockSgdEngine):
                engine.threads = threads
            seconds[threads].append(_seconds_of_epoch(engine, name))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    words = float(np.diff(content.indptr)[train.items].mean())
    return [
        {
            "engine": name,
            "variant": case.variant,
            "threads": threads,
            "ratings": case.ratings,
            "latent_dim": case.latent_dim,
            "batch_size": case.batch_size if case.engine == "torch" else 1,
            "updates_per_second": case.ratings / min(seconds[threads]),
            "bytes_per_update": bytes_per_update(terms, case.latent_dim, words),
            "peak_mib": peak,
            "peak_gpu_mib": _peak_gpu_mib(name),
            "parameters_hash": hashes[threads],
            "seconds_to_start": loading[0],
        }
        for threads in case.threads
    ]


def synthetic_ratings(n: int) -> tuple[Observations, sp.csr_array]:
    """Random ratings with power-law users and items, and the words of the items.

    Ten million ratings have 70,000 users and 10,000 items. A pair may occur twice.
    """
    shape = max(1, n * 7 // 1000), max(1, int(10_000 * (n / 1e7) ** 0.5))
    random = stream(SEED, "benchmark", n)
    users, items = (
        _power_law(random, n, size, exponent)
        for size, exponent in zip(shape, (0.6, 0.8), strict=True)
    )
    ratings = (random.integers(1, 11, n) / 2).astype(np.float32)
    terms = random.integers(N_TERMS, size=(shape[1], WORDS_PER_ITEM), dtype=np.int32)
    indptr = np.arange(shape[1] + 1) * WORDS_PER_ITEM
    weights = np.full(terms.size, WORDS_PER_ITEM**-0.5, dtype=np.float32)
    content = sp.csr_array((weights, terms.ravel(), indptr), shape=(shape[1], N_TERMS))
    content.sum_duplicates()
    return Observations(users, items, ratings, shape), content


def bytes_per_update(terms: Terms, d: int, words: float) -> float:
    """Bytes that one update reads and writes: parameters, the rating and its words.

    `d` is the number of factors, `words` the mean number of words of a rating's item.
    """
    rows = terms.user_factors + terms.item_factors + terms.content_factors * words
    numbers = terms.user_bias + terms.item_bias + terms.user_content * words
    return 8 * (rows * d + numbers) + 12 + 8 * words * terms.use_content


def hash_of(parameters: Parameters) -> str:
    """Short hash of all bits of the parameters."""
    digest = hashlib.blake2b(digest_size=6)
    for array in parameters.arrays().values():
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _seconds_of_epoch(engine: Engine, name: str) -> float:
    start = time.perf_counter()
    engine.run_epoch(LEARNING_RATE)
    if name == ON_GPU:
        import torch

        # An epoch returns before the GPU has done it.
        torch.cuda.synchronize()
    return time.perf_counter() - start


def _peak_gpu_mib(name: str) -> float:
    if name != ON_GPU:
        return 0.0
    import torch

    return torch.cuda.max_memory_allocated() / 2**20


def _power_law(
    random: np.random.Generator, n: int, size: int, exponent: float
) -> NDArray[np.int32]:
    weights = (np.arange(size) + 20.0) ** -exponent
    edges = np.cumsum(weights / weights.sum())
    return np.minimum(np.searchsorted(edges, random.random(n)), size - 1).astype(np.int32)


def _engine(
    case: Case, terms: Terms, train: Observations, content: sp.csr_array, threads: int
) -> tuple[Engine, str]:
    settings = TrainingSettings(latent_dim=case.latent_dim, batch_size=case.batch_size)
    random = stream(SEED, "start")
    start = Parameters.initial(terms, train, N_TERMS, settings, random)
    problem: tuple[Any, ...] = (start, train, content, settings, RATING_RANGE, random)
    if case.engine == "torch":
        from blendmf.training.pytorch.engine import TorchEngine

        engine = TorchEngine(*problem)
        return engine, f"torch {engine.device}"
    return BlockSgdEngine(start, train, content, settings, RATING_RANGE, random, threads), "blocks"


def main() -> None:
    """Print the rows of a case as JSON; the first argument is the case as JSON."""
    print(json.dumps(measure(Case(**json.loads(sys.argv[1])))))


if __name__ == "__main__":
    main()
