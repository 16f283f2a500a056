"""Score all fits of a model on the test part."""

from blendmf.common.files import read_json, read_sparse, write_csv, write_json
from blendmf.common.job_log import job, progress
from blendmf.config.protocol import EvaluationSettings
from blendmf.data.matrices import index_digest
from blendmf.data.tables import read_table, write_table
from blendmf.evaluation.bins import years_of
from blendmf.evaluation.evaluate import evaluate
from blendmf.models.model import load_model
from blendmf.models.observations import Observations

with job(snakemake):
    source, output, params = snakemake.input, snakemake.output, snakemake.params
    train, validation = read_sparse(source.train), read_sparse(source.validation)
    test = Observations.of_file(source.test, source.times)
    users = read_table(source.user_index)
    items = read_table(source.item_index, ["item_id", "n_train"])
    index = index_digest(users["user_id"], items["item_id"])
    years = years_of(test)
    settings = EvaluationSettings(**params.evaluation).for_data(read_json(source.source))
    for place, path in enumerate(progress(source.models, "fits")):
        evaluation = evaluate(
            load_model(path, index),
            train,
            validation,
            test,
            items=items,
            users=users,
            settings=settings,
            seed=params.seed,
            years=years,
        )
        name = {"model": snakemake.wildcards.model, "seed": place + 1}
        write_json(output.metrics[place], {**name, "part": "test", **evaluation.metrics})
        write_table(output.per_user[place], evaluation.per_user)
        write_csv(output.strata[place], evaluation.strata)
