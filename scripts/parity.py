"""Train every variant with every available engine, and compare their test errors."""

from blendmf.common.files import read_json, read_sparse, write_rows
from blendmf.common.job_log import job
from blendmf.config.models import model_entry
from blendmf.config.training import TrainingSettings
from blendmf.models.observations import Observations
from blendmf.studies.engine_parity import ParityFit, parity

with job(snakemake):
    source, params = snakemake.input, snakemake.params
    paths = (source.train, source.test)
    low, high = read_json(source.source)["rating_range"]
    fits = parity(
        {name: model_entry(values) for name, values in params.models.items()},
        TrainingSettings(**params.training),
        *(Observations.from_matrix(read_sparse(path)) for path in paths),
        read_sparse(source.content),
        rating_range=(low, high),
        seed=params.seed,
        seeds=params.seeds,
        threads=snakemake.threads,
    )
    write_rows(snakemake.output[0], ParityFit._fields, fits)
