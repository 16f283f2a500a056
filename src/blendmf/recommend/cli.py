"""The command ``blendmf``: configure one's own files, and query a trained model."""

import argparse
import shlex
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np

from blendmf.common.errors import UserError
from blendmf.ingest.initial import Initial, initial_configuration
from blendmf.ingest.overlay_text import overlay_text
from blendmf.recommend.replies import find_items, predictions, recommendations
from blendmf.recommend.trained_model import find_results, open_trained

PREDICT_EXAMPLES = """examples:
  blendmf predict --user 5 --item "Beautiful Mind"
  blendmf predict --user 5 --item "star wars" --model mf --seed 1
  blendmf predict --user 5 --item-id 4995 --results results/ml-latest-small
"""

RECOMMEND_EXAMPLES = """examples:
  blendmf recommend --user 5
  blendmf recommend --user 5 -n 20 --model mf-content --results results/ml-100k
"""

INIT_EXAMPLES = """examples:
  blendmf init my-films/ratings.csv
  blendmf init my-films/ratings.csv my-films/films.csv --name my-films
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Default: those of the process.

    Returns
    -------
    int
        0, or 2 after a `UserError`, whose message goes to stderr.
    """
    options = _parser().parse_args(arguments)
    try:
        if options.command == "init":
            print(_init(options))
            return 0
        folder = options.results or find_results(Path("results"))
        trained = open_trained(folder, options.model, options.seed)
        if options.command == "predict":
            items = find_items(trained, options.item, options.item_id)
            print(predictions(trained, options.user, items))
        else:
            print(recommendations(trained, options.user, options.n))
    except UserError as error:
        print(f"blendmf: {error}", file=sys.stderr)
        return 2
    return 0


def _init(options: argparse.Namespace) -> str:
    """Write a configuration of one's own files; return what was found and what comes next."""
    if options.output is not None and options.output.exists():
        raise _exists(options.output)
    found = initial_configuration(options.ratings, options.items, options.name)
    output: Path = options.output or Path(f"{found.dataset['name']}.yaml")
    command = f"snakemake --configfile {shlex.quote(str(output))}"
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(overlay_text(found, command))
    except FileExistsError:
        raise _exists(output) from None
    except OSError as error:
        raise UserError(f"{output}: cannot be written: {error.strerror}.") from None
    return "\n".join([*_found_lines(found), f"written: {output}", f"next:    {command}"])


def _exists(output: Path) -> UserError:
    return UserError(f"{output} exists already; remove it, or give another --output.")


def _found_lines(found: Initial) -> list[str]:
    counts, (low, high) = found.counts, found.dataset["rating_range"]
    lines = [
        f"found:   {counts['ratings']:,} ratings by {counts['users']:,} users of "
        f"{counts['items']:,} items, {low:.10g} to {high:.10g}"
    ]
    for table, block in found.dataset.get("csv", {}).items():
        if isinstance(block, dict):
            keys = ("user", "item", "rating", "timestamp", "title", "year", "genres")
            shown = ", ".join(f"{key}: {block[key]}" for key in keys if key in block)
            lines.append(f"{f'{table}:':<9}{block['file']}, {shown}")
    if "first" in counts:
        first, last = (str(np.datetime64(counts[key], "s"))[:10] for key in ("first", "last"))
        lines.append(f"times:   {first} to {last}")
    if "described" in counts:
        lines.append(f"joined:  {counts['described']:,} of {counts['items']:,} items are described")
    return lines + [f"check:   {check}" for check in found.checks]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="blendmf",
        description="Configure your own files, or ask a trained model of a finished run.",
    )
    parser.add_argument("--version", action="version", version=f"blendmf {version('blendmf')}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, summary: str, examples: str) -> argparse.ArgumentParser:
        added = commands.add_parser(
            name,
            help=summary,
            description=summary,
            epilog=examples,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        added.add_argument("--user", required=True, help="id of the user in the data")
        added.add_argument(
            "--model", help="name of the model; default: the best by test RMSE in the comparison"
        )
        added.add_argument(
            "--seed",
            type=int,
            help="seed of a fit on the training part; default: the fit on all ratings",
        )
        added.add_argument(
            "--results",
            type=Path,
            metavar="FOLDER",
            help="results folder of the data set; default: the only one under results/ with models",
        )
        return added

    init = commands.add_parser(
        "init",
        help="write a configuration for your own files",
        description="write a configuration for your own files",
        epilog=INIT_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    init.add_argument("ratings", type=Path, metavar="RATINGS", help="file of the ratings")
    init.add_argument(
        "items", type=Path, nargs="?", metavar="ITEMS", help="file that describes the items"
    )
    init.add_argument("--name", help="name of the data set; default: that of the file or folder")
    init.add_argument(
        "--output", type=Path, metavar="FILE.yaml", help="file to write; default: NAME.yaml"
    )
    predict = command("predict", "predict a user's rating of an item", PREDICT_EXAMPLES)
    item = predict.add_mutually_exclusive_group(required=True)
    item.add_argument("--item", metavar="TITLE", help="part of the title, in any case")
    item.add_argument("--item-id", metavar="ID", help="id of the item in the data")
    recommend = command("recommend", "list the best items for a user", RECOMMEND_EXAMPLES)
    recommend.add_argument("-n", type=_positive, default=10, help="number of items; default: 10")
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1, not {text}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
