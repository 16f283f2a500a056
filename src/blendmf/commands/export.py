"""The commands export predictions, recommendations and factors: what a model says, as files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from blendmf.commands.ask import decimals_of, trained_model
from blendmf.commands.options import ModelOption, ResultsOption, SeedOption
from blendmf.commands.output import FormatOption, OutputOption, note, show
from blendmf.common.errors import UserError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from blendmf.recommend.factor_rows import Values
    from blendmf.recommend.trained_model import TrainedModel


def predictions(
    model: ModelOption = None,
    seed: Annotated[
        int | None,
        typer.Option(
            metavar="NUMBER", help="Seed of the fit on the training part; default: the lowest."
        ),
    ] = None,
    results: ResultsOption = None,
    form: FormatOption = None,
    output: OutputOption = None,
) -> None:
    """Export a model's predictions of all test ratings, with their intervals.

    The model is one that was fitted on the training part alone, so that it has not seen these
    ratings. The root of the mean squared difference of the columns rating and predicted_rating is
    the test RMSE of the fit.
    """
    from blendmf.commands.replies import require_predictions

    trained = trained_model(results, model, seed, evaluated=True)
    require_predictions(trained)
    show(test_predictions(trained), form, output, decimals=decimals_of(trained))


def test_predictions(trained: TrainedModel) -> pd.DataFrame:
    """All test pairs: ``user_id, item_id, title, rating, predicted_rating, rating_low/high``."""
    import numpy as np
    import pandas as pd

    from blendmf.recommend.titles import labels
    from blendmf.recommend.top_items import interval_ends

    test = trained.ratings["test"].tocoo()
    users, items = test.coords
    low, high = interval_ends(trained.model, users, items)
    return pd.DataFrame(
        {
            "user_id": trained.users["user_id"].take(users).array,
            "item_id": trained.items["item_id"].take(items).array,
            "title": np.array(labels(trained.items), dtype=object)[items],
            "rating": test.data,
            "predicted_rating": trained.model.predict(users, items),
            "rating_low": low,
            "rating_high": high,
        }
    )


def recommendations(
    n: Annotated[int, typer.Option("-n", min=1, help="Number of items for each user.")] = 10,
    model: ModelOption = None,
    seed: SeedOption = None,
    results: ResultsOption = None,
    form: FormatOption = None,
    output: OutputOption = None,
) -> None:
    """Export the best items for every user, without those that they have rated."""
    from blendmf.commands.replies import recommendations

    trained = trained_model(results, model, seed)
    show(recommendations(trained, None, n), form, output, decimals=decimals_of(trained))


def factors(
    output: Annotated[
        Path,
        typer.Option(metavar="FOLDER", help="Folder for users.parquet and items.parquet."),
    ],
    model: ModelOption = None,
    seed: SeedOption = None,
    results: ResultsOption = None,
) -> None:
    """Export the factors of users and items, one vector each, as two Parquet files.

    Columns: user_id or item_id, bias, vector (a list of fixed size). The score of a user and an
    item is global_mean (in the metadata of both files) + both biases + the product of both
    vectors. The vectors of items include what comes from their words. A Bayesian model has many
    draws of its factors, which rotate freely between draws: each draw is rotated onto the first
    one (Procrustes), and the means are exported. They have no spread, so that no intervals follow
    from them, and their scores are close to the model's but not the same; the command says how
    close. The users' own weights of words (blend user or both) are not exported.
    """
    import numpy as np

    from blendmf.recommend.factor_rows import factor_rows

    trained = trained_model(results, model, seed)
    rows = factor_rows(trained.model)
    ids = trained.users["user_id"], trained.items["item_id"]
    about = {"model": trained.name, "global_mean": repr(rows.global_mean)}
    tables = {
        "users": _vectors("user_id", ids[0], rows.user_bias, rows.user_vectors, about),
        "items": _vectors("item_id", ids[1], rows.item_bias, rows.item_vectors, about),
    }
    for name, table in tables.items():
        _write(output / f"{name}.parquet", table)
    users, items = trained.ratings["train"].tocoo().coords
    products = np.einsum("nd,nd->n", rows.user_vectors[users], rows.item_vectors[items])
    scores = rows.global_mean + rows.user_bias[users] + rows.item_bias[items] + products
    gap = np.sqrt(np.mean((scores - trained.model.score_pairs(users, items)) ** 2))
    note(f"Written: {', '.join(str(output / f'{name}.parquet') for name in tables)}")
    note(f"Global mean {rows.global_mean:.6f}, {rows.item_vectors.shape[1]} factors")
    note(f"Root mean squared difference from the model's scores of training ratings: {gap:.4f}")
    if rows.left_out:
        note(f"Not exported: {rows.left_out}")


def _vectors(
    name: str, ids: pd.Series, bias: Values, vectors: Values, about: dict[str, str]
) -> pa.Table:
    import numpy as np
    import pyarrow as pa

    flat = pa.array(vectors.astype(np.float32).ravel())
    columns = {
        name: pa.array(ids),
        "bias": pa.array(bias.astype(np.float32)),
        "vector": pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1]),
    }
    return pa.table(columns).replace_schema_metadata(about)


def _write(path: Path, table: pa.Table) -> None:
    import pyarrow.parquet as pq

    from blendmf.common.files import replacing

    try:
        with replacing(path) as temporary:
            pq.write_table(table, temporary, compression="zstd")
    except OSError as error:
        raise UserError(f"{path}: cannot be written: {error.strerror or error}") from None
