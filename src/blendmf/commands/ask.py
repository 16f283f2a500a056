"""The commands that ask a trained model: predict, recommend, similar, explain."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from blendmf.commands.options import (
    ItemIdOption,
    ItemOption,
    ModelOption,
    ResultsOption,
    SeedOption,
    UserOption,
)
from blendmf.commands.output import FormatOption, OutputOption, note, show
from blendmf.commands.results_folder import MODELS, results_folder
from blendmf.common.errors import UserError

if TYPE_CHECKING:
    from blendmf.recommend.trained_model import TrainedModel


def trained_model(
    results: Path | None, model: str | None, seed: int | None, *, evaluated: bool = False
) -> TrainedModel:
    """The model that is meant; says on stderr which one replies."""
    from blendmf.recommend.trained_model import open_trained

    folder = results_folder(results, MODELS)
    trained = open_trained(folder, model, seed, evaluated=evaluated)
    note(f"Model {trained.name}, fitted on {trained.fitted_on}, of {trained.folder}")
    return trained


def decimals_of(trained: TrainedModel) -> int:
    """Decimals of ratings in the tables for people."""
    from blendmf.recommend.top_items import decimals_for

    return decimals_for(trained.rating_range)


def predict(
    user: UserOption,
    item: ItemOption = None,
    item_id: ItemIdOption = None,
    n: Annotated[int, typer.Option("-n", min=1, help="Most items if several titles match.")] = 10,
    model: ModelOption = None,
    seed: SeedOption = None,
    results: ResultsOption = None,
    form: FormatOption = None,
    output: OutputOption = None,
) -> None:
    """Predict a user's rating of an item, with the interval that has it with 90 % probability.

    If several titles match, each has a row: whole titles first, then the most rated. The table
    also has the user's own rating, if there is one, and the number and mean of all ratings of the
    item. Only the Bayesian models have intervals.
    """
    from blendmf.commands.lookups import find_items, find_user
    from blendmf.commands.replies import predictions

    trained = trained_model(results, model, seed)
    position, items = find_user(trained, user), find_items(trained, item, item_id)
    table = predictions(trained, position, items[:n])
    if table["rating_low"].isna().all():
        note(f"{trained.name} has no intervals; Bayesian models have: see --model")
    if len(items) > n:
        note(f"{len(items) - n} more titles match; give more of the title, -n, or --item-id")
    shown = [name for name in table if name != "user_id" and table[name].notna().any()]
    show(table, form, output, shown=shown, decimals=decimals_of(trained))


def recommend(
    user: Annotated[
        list[str] | None,
        typer.Option("--user", metavar="ID", help="Id of a user; may be repeated."),
    ] = None,
    ratings: Annotated[
        Path | None,
        typer.Option(
            "--ratings",
            metavar="FILE",
            help="Ratings by people who are not in the data: CSV or Parquet with the columns item "
            "(an id) or title, rating, and perhaps user and timestamp. They join the model as it "
            "is, without a new fit.",
        ),
    ] = None,
    n: Annotated[int, typer.Option("-n", min=1, help="Number of items for each user.")] = 10,
    model: ModelOption = None,
    seed: SeedOption = None,
    results: ResultsOption = None,
    form: FormatOption = None,
    output: OutputOption = None,
) -> None:
    """List the best items for one or more users, without those that they have rated.

    The users are in the data, or new ones with a file of their ratings. Models that only rank have
    a score instead of a predicted rating.
    """
    from blendmf.commands.lookups import find_user
    from blendmf.commands.new_users import recommendations_of_new_users
    from blendmf.commands.replies import recommendations

    if (not user) == (ratings is None):
        raise UserError("name users by --user ID, or new ones by --ratings FILE, one of both")
    trained = trained_model(results, model, seed)
    if ratings is None:
        users = [find_user(trained, one) for one in dict.fromkeys(user or [])]
        table = recommendations(trained, users, n)
    else:
        table, ignored = recommendations_of_new_users(trained, ratings, n)
        if ignored:
            note(f"{ignored} ratings of items that are not in {trained.folder} are ignored")
    hidden = {"score"} if trained.model.predicts_ratings else set()
    hidden |= {"user_id"} if table["user_id"].nunique() == 1 else set()
    shown = [name for name in table if name not in hidden and table[name].notna().any()]
    show(table, form, output, shown=shown, decimals=decimals_of(trained))


class By(StrEnum):
    """What makes items similar."""

    FACTORS = "factors"
    WORDS = "words"


def similar(
    item: ItemOption = None,
    item_id: ItemIdOption = None,
    by: Annotated[
        By,
        typer.Option(
            help="factors: liked and disliked by the same users. words: the same genres, tags and "
            "years."
        ),
    ] = By.FACTORS,
    n: Annotated[int, typer.Option("-n", min=1, help="Number of items.")] = 10,
    model: ModelOption = None,
    seed: SeedOption = None,
    results: ResultsOption = None,
    form: FormatOption = None,
    output: OutputOption = None,
) -> None:
    """List the items that are most similar to an item, by the cosine of factors or words.

    If several titles match, the first one of blendmf predict is meant. Items with few ratings have
    no neighbours by factors.
    """
    from blendmf.commands.lookups import find_item
    from blendmf.commands.replies import similar_items

    trained = trained_model(results, model, seed)
    position, others = find_item(trained, item, item_id)
    _note_item(trained, position, others)
    show(similar_items(trained, position, by.value, n), form, output, decimals=2)


def explain(
    user: UserOption,
    item: ItemOption = None,
    item_id: ItemIdOption = None,
    model: ModelOption = None,
    seed: SeedOption = None,
    results: ResultsOption = None,
    form: FormatOption = None,
    output: OutputOption = None,
) -> None:
    """Give the reasons of a model's score of an item for a user, in units of the ratings.

    The rows of kind "part" add up to the score. The rows of kind "rating" are another view of the
    same score: how much the user's own ratings of other items, the most influential ones, changed
    it.
    """
    from blendmf.commands.explanations import explanation
    from blendmf.commands.lookups import find_item, find_user

    trained = trained_model(results, model, seed)
    of_user = find_user(trained, user)
    position, others = find_item(trained, item, item_id)
    _note_item(trained, position, others)
    show(explanation(trained, of_user, position), form, output, decimals=decimals_of(trained))


def _note_item(trained: TrainedModel, item: int, others: int) -> None:
    from blendmf.recommend.titles import labels

    [title] = labels(trained.items.iloc[[item]])
    more = f" ({others} more titles match; give more of the title, or --item-id)" if others else ""
    note(f"{title}, item {trained.items['item_id'].iloc[item]}{more}")
