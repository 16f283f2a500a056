"""Fit one model, or one chain of it, from one seed or all seeds."""

from pathlib import Path

import numpy as np

from blendmf.common.errors import UserError
from blendmf.common.files import read_json, read_sparse, write_json, write_rows
from blendmf.common.job_log import job
from blendmf.config.models import model_entry, tuned
from blendmf.models.model import save_model
from blendmf.models.observations import Observations
from blendmf.training.fit import fit_model
from blendmf.training.fitted import Fit
from blendmf.training.loop import Epoch

with job(snakemake):
    source, output, params = snakemake.input, snakemake.output, snakemake.params
    name = snakemake.wildcards.model
    facts, index = read_json(source.source), read_json(source.index)["sha256"]
    configured = model_entry(params.model).limited_to(facts["counts"])
    entry = tuned(configured, [read_json(path) for path in source.best])
    train, validation = (
        Observations.of_file(path, source.times) for path in (source.train, source.validation)
    )
    content, features = (
        read_sparse(path) if path else None for path in (source.content, source.user_features)
    )
    low, high = facts["rating_range"]
    wildcards = snakemake.wildcards
    chain, only = (wildcards.get(key) for key in ("chain", "seed"))
    for place in range(len(output.model)):
        seed = place + 1 if only is None else int(only)
        if source.get("chains"):
            from blendmf.training.bayes.chains import in_one

            folders = dict.fromkeys(Path(path).parent for path in source.chains)
            fits = [Fit.read(folder, index) for folder in folders]
            is_held_out = np.full(len(validation), not entry.training.refit)
            fit = in_one(fits, validation.where(is_held_out))
        else:
            fit = fit_model(
                entry,
                train,
                validation,
                content,
                rating_range=(low, high),
                seed=params.seed,
                name=("train", name, seed),
                threads=snakemake.threads,
                ranks=params.ranks,
                user_features=features,
                chain=None if chain is None else int(chain),
            )
        write_rows(output.history[place], Epoch._fields, fit.history)
        if fit.diverged and not fit.best_epoch:
            raise UserError(
                f"{name} diverged in its first epoch; lower models.{name}.training.learning_rate"
            )
        save_model(output.model[place], fit.model, index)
        write_json(output.fit[place], {"settings": entry.model_dump(), **fit.facts(len(train))})
