"""Compile the kernels of the default experiment during installation, before the first run."""

import numpy as np
import scipy.sparse as sp

from blendmf.config.training import TrainingSettings
from blendmf.models.observations import Observations
from blendmf.training.bayes.gibbs import load_kernels
from blendmf.training.engines import make_engine
from blendmf.training.kernels.vector_rows import LANES
from blendmf.training.parameters import Parameters, Terms

VARIANTS = {
    ("mf", None): (LANES, 2 * LANES, 3 * LANES, 4 * LANES),
    ("mf-content", "item"): (LANES, 2 * LANES, 3 * LANES, 4 * LANES),
    ("mf-content", "user"): (LANES,),
    ("mf-content", "both"): (LANES,),
    ("content", None): (LANES,),
}
"""Numbers of factors to compile for each (kind, blend); others are compiled on first use."""


def compile_kernels() -> None:
    """Create an engine for each variant, which compiles its kernels and caches them on disk."""
    position = np.zeros(1, dtype=np.int32)
    train = Observations(position, position, np.ones(1, dtype=np.float32), (1, 1))
    content = sp.csr_array(np.ones((1, 1), dtype=np.float32))
    random = np.random.default_rng(0)
    fits = [
        (variant, TrainingSettings(latent_dim=d)) for variant in VARIANTS for d in VARIANTS[variant]
    ]
    for (kind, blend), settings in [*fits, (("mf", None), TrainingSettings(optimiser="als"))]:
        start = Parameters.initial(Terms.of_kind(kind, blend), train, 1, settings, random)
        make_engine(start, train, content, settings, (1.0, 5.0), random, threads=1)
    # The Bayesian sampler has no engine; its kernels are compiled separately.
    load_kernels(TrainingSettings(optimiser="bayes", latent_dim=16))


if __name__ == "__main__":
    compile_kernels()
