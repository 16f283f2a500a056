"""Compare truncated SVD with matrix factorisation by rank."""

from blendmf.common.files import read_json, read_sparse, write_csv
from blendmf.common.job_log import job
from blendmf.models.observations import Observations
from blendmf.studies.rank_sweep import rank_sweep
from blendmf.config.training import tuned_entry

with job(snakemake.log[0], asked=snakemake.resources):
    source, params = snakemake.input, snakemake.params
    best = [read_json(path) for path in source.best]
    entry = tuned_entry(params.model, best) if params.model else None
    svd = tuned_entry(params.svd_model, [read_json(path) for path in source.best_svd])
    paths = (source.train, source.validation, source.test)
    low, high = read_json(source.source)["rating_range"]
    table = rank_sweep(
        params.svd["ranks"],
        {key: svd[key] for key in ("user_shrinkage", "item_shrinkage")},
        entry,
        params.training,
        *(Observations.from_matrix(read_sparse(path)) for path in paths),
        rating_range=(low, high),
        seed=params.seed,
        threads=snakemake.threads,
    )
    write_csv(snakemake.output[0], table)
