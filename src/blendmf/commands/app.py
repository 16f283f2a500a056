"""All commands of ``blendmf``, with the examples of their help."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import typer

from blendmf.commands import ask, init, run

EXPERIMENTS, MODELS = "Experiments", "Trained models"


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
        "blendmf recommend --user 5",
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
    "blendmf recommend --user 5 --user 8 -n 20 --model mf-content",
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
