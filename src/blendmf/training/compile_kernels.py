"""Compile the SGD kernels of all variants, as part of the set-up, so that no job has to."""

import numpy as np
import scipy.sparse as sp

from blendmf.data.observations import Observations
from blendmf.training.parameters import Parameters, Terms
from blendmf.training.settings import TrainingSettings
from blendmf.training.sgd import SgdEngine

VARIANTS = [
    ("mf", None),
    ("mf-content", "user"),
    ("mf-content", "item"),
    ("mf-content", "both"),
    ("content", None),
]


def compile_kernels() -> None:
    """Make an engine of each variant, which compiles its kernels into Numba's cache on disk."""
    position = np.zeros(1, dtype=np.int32)
    train = Observations(position, position, np.ones(1, dtype=np.float32), (1, 1))
    content = sp.csr_array(np.ones((1, 1), dtype=np.float32))
    settings = TrainingSettings(latent_dim=1)
    random = np.random.default_rng(0)
    for kind, blend in VARIANTS:
        terms = Terms.of_kind(kind, blend)
        parameters = Parameters.initial(terms, train, content.shape[1], settings, random)
        SgdEngine(parameters, train, content, settings, (1.0, 5.0), random)


if __name__ == "__main__":
    compile_kernels()
