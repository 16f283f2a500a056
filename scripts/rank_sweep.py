"""Compare truncated SVD with matrix factorisation by rank."""

from blendmf.common.files import read_json, read_sparse, write_csv
from blendmf.common.job_log import job
from blendmf.config.models import model_entry, tuned
from blendmf.models.observations import Observations
from blendmf.studies.rank_sweep import rank_sweep

with job(snakemake):
    source, params = snakemake.input, snakemake.params
    best, best_svd = (
        [read_json(path) for path in paths] for paths in (source.best, source.best_svd)
    )
    parts = (read_sparse(path) for path in (source.train, source.validation, source.test))
    low, high = read_json(source.source)["rating_range"]
    table = rank_sweep(
        params.ranks,
        tuned(model_entry(params.svd), best_svd),
        tuned(model_entry(params.model), best) if params.model else None,
        *map(Observations.from_matrix, parts),
        rating_range=(low, high),
        seed=params.seed,
        threads=snakemake.threads,
    )
    write_csv(snakemake.output[0], table)
