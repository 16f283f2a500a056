"""Fit the best model, or a named one, on all ratings."""

import pandas as pd

from blendmf.common.files import read_csv, read_json, read_sparse, write_json
from blendmf.common.job_log import job
from blendmf.config.fields import BEST
from blendmf.config.models import model_entry, tuned
from blendmf.data.matrices import index_digest, rating_matrix, rating_times
from blendmf.data.tables import read_table
from blendmf.evaluation.compare import best_model, choosable
from blendmf.models.model import load_model, save_model
from blendmf.models.observations import Observations
from blendmf.training.final import fit_on_all

with job(snakemake):
    source, output, params = snakemake.input, snakemake.output, snakemake.params
    choice, candidates = snakemake.wildcards.choice, list(params.models)
    entries = {model: model_entry(values) for model, values in params.models.items()}
    names = choosable(entries, read_json(source.text))
    name = best_model(read_csv(source.table), names) if choice == BEST else choice
    searches = {path.split("/")[-2]: path for path in source.best}
    best = [read_json(searches[name])] if name in searches else []
    facts = read_json(source.source)
    entry = tuned(entries[name].limited_to(facts["counts"]), best)
    evaluated = candidates.index(name)
    table = read_table(source.ratings)
    users, items = read_table(source.user_index), read_table(source.item_index, ["item_id"])
    index = pd.Index(users["user_id"]), pd.Index(items["item_id"])
    digest = index_digest(*index)
    times = rating_times(table, *index) if entry.uses_times else None
    ratings = Observations.from_matrix(rating_matrix(table, *index), times)
    del table
    low, high = facts["rating_range"]
    fit = fit_on_all(
        entry,
        ratings,
        read_sparse(source.content),
        load_model(source.models[evaluated], digest),
        read_json(source.fits[evaluated])["best_epoch"],
        rating_range=(low, high),
        seed=params.seed,
        name=("final", name),
        threads=snakemake.threads,
        user_features=read_sparse(source.user_features) if entry.uses_user_features else None,
    )
    save_model(output.model, fit.model, digest)
    described = {"model": name, "fitted_on": "all ratings", "settings": entry.model_dump()}
    write_json(output.fit, described | fit.facts(len(ratings)))
