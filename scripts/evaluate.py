"""Score one trained model on the test part."""

from blendmf.data.observations import Observations
from blendmf.data.tables import read_table, write_table
from blendmf.evaluation.evaluate import evaluate
from blendmf.files import read_sparse, write_csv, write_json
from blendmf.log import job
from blendmf.models.model import load_model

with job(snakemake.log[0]):
    source, output = snakemake.input, snakemake.output
    parts = (source.train, source.validation, source.test)
    evaluation = evaluate(
        load_model(source.model),
        *(Observations.from_matrix(read_sparse(part)) for part in parts),
        items=read_table(source.item_index, ["n_train"]),
        users=read_table(source.user_index),
        settings=snakemake.params.evaluation,
    )
    name = {"model": snakemake.wildcards.model, "seed": int(snakemake.wildcards.seed)}
    write_json(output.metrics, {**name, "part": "test", **evaluation.metrics})
    write_table(output.per_user, evaluation.per_user)
    write_csv(output.strata, evaluation.strata)
