"""Score one trained model on the test part."""

from blendmf.common.files import read_sparse, write_csv, write_json
from blendmf.common.job_log import job
from blendmf.data.tables import read_table, write_table
from blendmf.evaluation.evaluate import evaluate
from blendmf.evaluation.years import years_of
from blendmf.models.model import load_model
from blendmf.models.observations import Observations

with job(snakemake.log[0], asked=snakemake.resources):
    source, output = snakemake.input, snakemake.output
    test = Observations.from_matrix(read_sparse(source.test))
    users = read_table(source.user_index)
    items = read_table(source.item_index, ["item_id", "n_train"])
    ratings = read_table(source.test_ratings, ["user_id", "item_id", "timestamp"])
    evaluation = evaluate(
        load_model(source.model),
        read_sparse(source.train),
        read_sparse(source.validation),
        test,
        items=items,
        users=users,
        settings=snakemake.params.evaluation,
        seed=snakemake.params.seed,
        years=years_of(test, ratings, users, items),
    )
    name = {"model": snakemake.wildcards.model, "seed": int(snakemake.wildcards.seed)}
    write_json(output.metrics, {**name, "part": "test", **evaluation.metrics})
    write_table(output.per_user, evaluation.per_user)
    write_csv(output.strata, evaluation.strata)
