"""Fit one model once."""

import math

from blendmf.common.errors import UserError
from blendmf.common.files import read_json, read_sparse, write_json, write_rows
from blendmf.common.job_log import job
from blendmf.models.observations import Observations
from blendmf.training.fit import fit_model
from blendmf.training.loop import Epoch
from blendmf.config.training import tuned_entry

with job(snakemake.log[0], asked=snakemake.resources):
    source, output, params = snakemake.input, snakemake.output, snakemake.params
    name = snakemake.wildcards.model
    entry = tuned_entry(params.model, [read_json(path) for path in source.best])
    train, validation = Observations.of_files(source.train, source.validation, source.places)
    low, high = read_json(source.source)["rating_range"]
    fit = fit_model(
        {**entry, "ranks": params.ranks},
        params.training,
        train,
        validation,
        read_sparse(source.content) if source.content else None,
        rating_range=(low, high),
        seed=params.seed,
        name=("train", name, int(snakemake.wildcards.seed)),
        threads=snakemake.threads,
    )
    write_rows(output.history, Epoch._fields, fit.history)
    if fit.diverged and not fit.best_epoch:
        raise UserError(
            f"{name} diverged in its first epoch; lower models.{name}.training.learning_rate"
        )
    fit.model.save(output.model)
    write_json(
        output.fit,
        {
            "settings": entry,
            "engine": fit.engine.name,
            "engine_reason": fit.engine.reason,
            "threads": fit.engine.threads,
            "blocks": fit.engine.blocks,
            "gpu": fit.engine.gpu,
            "best_epoch": fit.best_epoch,
            "epochs": fit.epochs,
            "validation_rmse": fit.validation_rmse if math.isfinite(fit.validation_rmse) else None,
            "diverged": fit.diverged,
            "seconds": fit.seconds,
            "ratings": len(train),
            "ratings_per_second": fit.epochs * len(train) / fit.seconds if fit.epochs else None,
        },
    )
