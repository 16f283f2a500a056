"""The command ``blendmf``: query a trained model about one user."""

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from blendmf.common.errors import UserError
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="blendmf", description="Ask a trained model of a finished run about one user."
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
