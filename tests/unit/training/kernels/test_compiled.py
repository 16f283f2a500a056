import shutil
import subprocess
import sys

import numpy as np
import pytest

from blendmf.common import imported_files
from blendmf.training.kernels import compiled as module
from blendmf.training.kernels.compiled import compiled
from kernels import next_of


def test_variants_have_separate_caches():
    one, same, other = (compiled(next_of, "test", n) for n in (1, 1, 2))
    assert one is same
    assert one is not other
    assert one.__name__ != other.__name__
    counters = np.zeros(1, dtype=np.int64)
    assert [one(counters), other(counters), one(counters)] == [0, 1, 2]


def test_an_edit_of_a_kernel_or_its_imports_changes_the_cache_name(tmp_path, monkeypatch):
    package = tmp_path / "blendmf"
    shutil.copytree(imported_files.PACKAGE, package)
    monkeypatch.setattr(imported_files, "PACKAGE", package)
    kernels = package / "training" / "sgd" / "sgd_kernels.py"

    def digest():
        module._digest.cache_clear()
        imported_files._direct_imports.cache_clear()
        return module._digest(str(kernels))

    digests = [digest()]
    for edited in (kernels, package / "training" / "kernels" / "vector_rows.py"):
        with edited.open("a") as file:
            file.write("# an edit\n")
        digests.append(digest())
    with (package / "training" / "als" / "als_kernels.py").open("a") as file:
        file.write("# an edit of another kernel\n")
    assert len(set(digests)) == 3
    assert digest() == digests[-1]
    module._digest.cache_clear()
    imported_files._direct_imports.cache_clear()


TRAIN = """
import numpy as np, scipy.sparse as sp, sys
from blendmf.models.observations import Observations
from blendmf.training.sgd.block_sgd import BlockSgdEngine
from blendmf.training.parameters import Parameters, Terms
from blendmf.config.training import TrainingSettings
random = np.random.default_rng(0)
users, items = (random.integers(20, size=200).astype(np.int32) for _ in range(2))
train = Observations(users, items, random.random(200).astype(np.float32), (20, 20))
settings = TrainingSettings(latent_dim=int(sys.argv[1]))
start = Parameters.initial(Terms.of_kind("mf"), train, 0, settings, random)
engine = BlockSgdEngine(start, train, sp.csr_array((20, 0)), settings, (0.0, 1.0), random)
engine.run_epoch(0.1)
print(engine.rmse(train))
"""


@pytest.mark.slow
def test_parallel_jobs_share_an_empty_cache_safely(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))

    def outcomes(dims):
        jobs = [
            subprocess.Popen([sys.executable, "-c", TRAIN, d], stdout=subprocess.PIPE, text=True)
            for d in dims
        ]
        printed = [job.communicate()[0] for job in jobs]
        assert [job.returncode for job in jobs] == [0] * len(jobs)
        return printed

    dims = ["8", "24", "8", "24"]
    first = outcomes(dims)
    assert first[:2] == first[2:]
    assert outcomes(dims[:2]) == first[:2]
    assert len(list(tmp_path.rglob("*run_cells*.kernel"))) == 2
