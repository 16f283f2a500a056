"""Fit one model, or one chain of it, from one seed."""

from pathlib import Path

import numpy as np

from blendmf.common.errors import UserError
from blendmf.common.files import read_json, read_sparse, write_json, write_rows
from blendmf.common.job_log import job
from blendmf.config.models import model_entry, tuned
from blendmf.models.observations import Observations
from blendmf.training.fit import fit_model
from blendmf.training.fitted import Fit
from blendmf.training.loop import Epoch

with job(snakemake.log[0], asked=snakemake.resources):
    source, output, params = snakemake.input, snakemake.output, snakemake.params
    name = snakemake.wildcards.model
    facts = read_json(source.source)
    configured = model_entry(params.model).limited_to(facts["counts"])
    entry = tuned(configured, [read_json(path) for path in source.best])
    train, validation = (
        Observations.of_file(path, source.times) for path in (source.train, source.validation)
    )
    low, high = facts["rating_range"]
    if source.get("chains"):
        from blendmf.training.bayes.chains import in_one

        fits = [Fit.read(Path(path).parent) for path in source.chains]
        fitted = len(validation) if entry.training.refit else 0
        fit = in_one(fits, validation.where(np.arange(len(validation)) >= fitted))
    else:
        chain = snakemake.wildcards.get("chain")
        fit = fit_model(
            entry,
            train,
            validation,
            read_sparse(source.content) if source.content else None,
            rating_range=(low, high),
            seed=params.seed,
            name=("train", name, int(snakemake.wildcards.seed)),
            threads=snakemake.threads,
            ranks=params.ranks,
            user_features=read_sparse(source.user_features) if source.user_features else None,
            chain=None if chain is None else int(chain),
        )
    write_rows(output.history, Epoch._fields, fit.history)
    if fit.diverged and not fit.best_epoch:
        raise UserError(
            f"{name} diverged in its first epoch; lower models.{name}.training.learning_rate"
        )
    fit.model.save(output.model)
    write_json(output.fit, {"settings": entry.model_dump(), **fit.facts(len(train))})
