"""Options that several commands share, and their completion in a shell."""

from pathlib import Path
from typing import Annotated

import typer

from blendmf.commands.results_folder import (
    COMPARISON,
    MODELS,
    folders_with,
    model_names,
    results_folder,
)
from blendmf.common.errors import UserError


def complete_models(context: typer.Context, incomplete: str) -> list[str]:
    """Models of the results folder that is meant, for the completion of the shell."""
    given = context.params.get("results")
    try:
        folder = results_folder(None if given is None else Path(given), MODELS)
    except UserError:
        return []
    return [name for name in model_names(folder) if name.startswith(incomplete)]


def complete_data_sets(incomplete: str) -> list[str]:
    """Data sets with results, for the completion of the shell."""
    names = [folder.name for folder in folders_with(COMPARISON)]
    return [name for name in names if name.startswith(incomplete)]


def complete_folders(incomplete: str) -> list[str]:
    """Results folders of data sets, for the completion of the shell."""
    folders = map(str, folders_with(COMPARISON))
    return [folder for folder in folders if folder.startswith(incomplete)]


def complete_compared(context: typer.Context, incomplete: str) -> list[str]:
    """Models and results folders, for the completion of the shell."""
    return complete_models(context, incomplete) + complete_folders(incomplete)


ResultsOption = Annotated[
    Path | None,
    typer.Option(
        "--results",
        metavar="FOLDER",
        help="Results folder of the data set; default: the only one in results/, or the one of the "
        "data set in config.yaml.",
        autocompletion=complete_folders,
    ),
]
ModelOption = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="NAME",
        help="Name of the model; default: the best by test RMSE in the comparison.",
        autocompletion=complete_models,
    ),
]
SeedOption = Annotated[
    int | None,
    typer.Option(
        "--seed",
        metavar="NUMBER",
        help="Seed of a fit on the training part; default: the fit on all ratings if the model has "
        "one (the best model, or those of recommendations.models), otherwise seed 1.",
    ),
]
UserOption = Annotated[
    str, typer.Option("--user", metavar="ID", help="Id of the user in the data.")
]
ItemOption = Annotated[
    str | None,
    typer.Option(
        "--item",
        metavar="TITLE",
        help="Part of the title; case, accents and the place of an article do not matter.",
    ),
]
ItemIdOption = Annotated[
    str | None, typer.Option("--item-id", metavar="ID", help="Id of the item in the data.")
]
