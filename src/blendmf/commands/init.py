"""The command init: a configuration for one's own files."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from blendmf.commands.output import Format, show
from blendmf.common.errors import UserError

if TYPE_CHECKING:
    from blendmf.ingest.overlay_text import Initial

COLUMNS = ("user", "item", "rating", "timestamp", "title", "year", "genres")


def init(
    ratings: Annotated[Path, typer.Argument(metavar="RATINGS", help="File of the ratings.")],
    items: Annotated[
        Path | None, typer.Argument(metavar="ITEMS", help="File that describes the items.")
    ] = None,
    more: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Further file of ratings in the form of the first; may be repeated.",
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(help="Name of the data set; default: that of the file or folder."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE.yaml", help="Configuration to write; default: NAME.yaml."),
    ] = None,
    form: Annotated[
        Format, typer.Option("--format", help="Form of the table of what was found.")
    ] = Format.TABLE,
) -> None:
    """Write a configuration for your own files.

    The form of the files, their columns, the rating scale and repeated ratings are guessed from
    the files. The table says what was found, what to check, and how to go on; comments in the
    configuration say on what each guess rests.
    """
    import pandas as pd

    from blendmf.ingest.initial import initial_configuration
    from blendmf.ingest.overlay_text import overlay_text

    if output is not None and output.exists():
        raise _exists(output)
    found = initial_configuration(ratings, items, name, more or ())
    output = output or Path(f"{found.dataset['name']}.yaml")
    command = f"blendmf run {shlex.quote(str(output))}"
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(overlay_text(found, command))
    except FileExistsError:
        raise _exists(output) from None
    except OSError as error:
        raise UserError(f"{output}: cannot be written: {error.strerror}.") from None
    rows = [*_found_rows(found), ("written", str(output)), ("next", command)]
    show(pd.DataFrame(rows, columns=["what", "found"]), form, None)


def _exists(output: Path) -> UserError:
    return UserError(f"{output} exists already; remove it, or give another --output.")


def _found_rows(found: Initial) -> list[tuple[str, str]]:
    import numpy as np

    counts, (low, high) = found.counts, found.dataset["rating_range"]
    rows = [
        (
            "data",
            f"{counts['ratings']:,} ratings by {counts['users']:,} users of "
            f"{counts['items']:,} items, {low:.10g} to {high:.10g}",
        )
    ]
    for table, block in found.dataset.get("csv", {}).items():
        if isinstance(block, dict):
            shown = ", ".join(f"{key}: {block[key]}" for key in COLUMNS if key in block)
            files = [block["file"]] if isinstance(block["file"], str) else block["file"]
            rows.append((table, f"{' and '.join(files)}, {shown}"))
    if "first" in counts:
        first, last = (str(np.datetime64(counts[key], "s"))[:10] for key in ("first", "last"))
        rows.append(("times", f"{first} to {last}"))
    if "described" in counts:
        described = f"{counts['described']:,} of {counts['items']:,} items are described"
        rows.append(("joined", described))
    return rows + [("check", check) for check in found.checks]
