"""Score one trained model on the test part."""

from blendmf.data.observations import Observations
from blendmf.data.tables import read_table, write_table
from blendmf.evaluation.evaluate import evaluate
from blendmf.files import read_sparse, write_csv, write_json
from blendmf.log import job
from blendmf.models.model import load_model

with job(snakemake.log[0]):
    source, output = snakemake.input, snakemake.output
    evaluation = evaluate(
        load_model(source.model),
        read_sparse(source.train),
        read_sparse(source.validation),
        Observations.from_matrix(read_sparse(source.test)),
        items=read_table(source.item_index, ["n_train"]),
        users=read_table(source.user_index),
        settings=snakemake.params.evaluation,
        seed=snakemake.params.seed,
    )
    name = {"model": snakemake.wildcards.model, "seed": int(snakemake.wildcards.seed)}
    write_json(output.metrics, {**name, "part": "test", **evaluation.metrics})
    write_table(output.per_user, evaluation.per_user)
    write_csv(output.strata, evaluation.strata)
