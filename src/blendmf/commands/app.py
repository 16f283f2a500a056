"""All commands of ``blendmf``, with the examples of their help."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import typer

from blendmf.commands import ask, compare, export, export_tools, init, results, run

EXPERIMENTS, RESULTS, MODELS = "Experiments", "Results", "Trained models"


def text_of(function: Callable[..., None]) -> str:
    """Paragraphs of a docstring without the line ends inside them, which the help would keep."""
    paragraphs = inspect.cleandoc(function.__doc__ or "").split("\n\n")
    return "\n\n".join(paragraph.replace("\n", " ") for paragraph in paragraphs)


def examples(*lines: str) -> str:
    """Examples for the end of a command's help."""
    return "\n".join(["Examples:", *(f"  {line}" for line in lines)])


def add(to: typer.Typer, function: Callable[..., None], panel: str, *lines: str) -> None:
    """Add a command with its help, and `lines` as its examples."""
    to.command(help=text_of(function), rich_help_panel=panel, epilog=examples(*lines))(function)


def blendmf() -> None:
    """Run experiments on ratings, look at their results, and ask the trained models.

    Every command prints one table. On a terminal it is for people; --format csv, json or parquet
    gives all digits, and --output writes a file. What is no part of the table, such as the model
    that replies, goes to stderr.
    """


EXIT_CODES = (
    "Exit codes: 0 fine; 1 a job or the plan of snakemake failed; 2 something to correct, which "
    "the message says.\n\nblendmf --version prints the version. Every command has its own --help."
)

app = typer.Typer(
    name="blendmf",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.callback(
    help=text_of(blendmf),
    epilog=examples(
        "blendmf check && blendmf run",
        "blendmf results",
        'blendmf predict --user 5 --item "Star Wars"',
    )
    + f"\n\n{EXIT_CODES}",
)(blendmf)

add(
    app,
    init.init,
    EXPERIMENTS,
    "blendmf init my-films/ratings.csv",
    "blendmf init my-films/ratings.csv my-films/films.csv --name my-films",
    "blendmf init logs/2023.csv --more logs/2024.csv --more logs/2025.csv",
)
add(app, run.check, EXPERIMENTS, "blendmf check", "blendmf check my-films.yaml")
add(
    app,
    run.run,
    EXPERIMENTS,
    "blendmf run",
    "blendmf run workflow/experiments/ml-1m.yaml --cores 4 --dry-run",
    "blendmf run my-films.yaml -- audit --keep-going",
)
add(
    app,
    results.datasets,
    EXPERIMENTS,
    "blendmf datasets",
    "BLENDMF_DATA=~/datasets blendmf datasets --format json",
)
add(
    app,
    results.results,
    RESULTS,
    "blendmf results",
    "blendmf results ml-100k --format csv > models.csv",
)
add(
    app,
    compare.compare,
    RESULTS,
    "blendmf compare mf-content mf",
    "blendmf compare results/ml-100k results/ml-latest-small",
    "blendmf compare results/ml-100k earlier/ml-100k --settings",
)
add(
    app,
    ask.predict,
    MODELS,
    'blendmf predict --user 5 --item "Beautiful Mind"',
    'blendmf predict --user 5 --item "star wars" --model mf --seed 1',
    "blendmf predict --user 5 --item-id 4995 --results results/ml-latest-small",
)
add(
    app,
    ask.recommend,
    MODELS,
    "blendmf recommend --user 5",
    "blendmf recommend --ratings mine.csv",
    "blendmf recommend --user 5 --format csv > films.csv",
)
add(
    app,
    ask.similar,
    MODELS,
    'blendmf similar --item "Toy Story"',
    "blendmf similar --item-id 50 --by words -n 20",
)
add(
    app,
    ask.explain,
    MODELS,
    'blendmf explain --user 5 --item "Star Wars"',
    "blendmf explain --user 5 --item-id 50 --model mf-content --format json",
)


def exports() -> None:
    """Write a model's predictions, recommendations or factors, or a run for other programs."""


TABLES, TOOLS = "A model's replies", "For other programs"
exporting = typer.Typer(no_args_is_help=True)
exporting.callback(help=text_of(exports))(exports)
app.add_typer(exporting, name="export", rich_help_panel=RESULTS)
add(
    exporting,
    export.predictions,
    TABLES,
    "blendmf export predictions --model mf --output test.parquet",
    "blendmf export predictions --format csv | head",
)
add(
    exporting,
    export.recommendations,
    TABLES,
    "blendmf export recommendations -n 20 --output films.csv",
    "blendmf export recommendations --model pure-svd --format json > films.json",
)
add(
    exporting,
    export.factors,
    TABLES,
    "blendmf export factors --output factors",
    "blendmf export factors --model mf --seed 1 --output factors-of-training",
)
add(
    exporting,
    export_tools.study,
    TOOLS,
    "blendmf export study",
    "blendmf export study --results results/ml-100k --output ml-100k.db",
)
add(
    exporting,
    export_tools.mlflow,
    TOOLS,
    "blendmf export mlflow",
    "blendmf export mlflow --results results/ml-100k --output mlruns",
)
