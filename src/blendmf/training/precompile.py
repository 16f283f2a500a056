"""Compile the kernels of the default experiment, as part of the set-up."""

import numpy as np
import scipy.sparse as sp

from blendmf.models.observations import Observations
from blendmf.training.als.als import AlsEngine
from blendmf.training.bayes.row_sampler import load_kernels
from blendmf.training.kernels.vector_rows import LANES
from blendmf.training.parameters import Parameters, Terms
from blendmf.training.settings import TrainingSettings
from blendmf.training.sgd.block_sgd import BlockSgdEngine

VARIANTS = {
    ("mf", None): (LANES, 2 * LANES, 3 * LANES, 4 * LANES),
    ("mf-content", "item"): (LANES, 2 * LANES, 3 * LANES, 4 * LANES),
    ("mf-content", "user"): (LANES,),
    ("mf-content", "both"): (LANES,),
    ("content", None): (LANES,),
}
"""Numbers of factors to compile each variant for; others are compiled when first used."""


def compile_kernels() -> None:
    """Create an engine of each variant, which compiles its kernels into the cache on disk."""
    position = np.zeros(1, dtype=np.int32)
    train = Observations(position, position, np.ones(1, dtype=np.float32), (1, 1))
    content = sp.csr_array(np.ones((1, 1), dtype=np.float32))
    random = np.random.default_rng(0)
    for (kind, blend), dims in VARIANTS.items():
        terms = Terms.of_kind(kind, blend)
        for d in dims:
            settings = TrainingSettings(latent_dim=d)
            parameters = Parameters.initial(terms, train, content.shape[1], settings, random)
            BlockSgdEngine(parameters, train, content, settings, (1.0, 5.0), random)
    settings = TrainingSettings()
    parameters = Parameters.initial(Terms.of_kind("mf"), train, 0, settings, random)
    AlsEngine(parameters, train, settings, (1.0, 5.0))
    load_kernels()


if __name__ == "__main__":
    compile_kernels()
