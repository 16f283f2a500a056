"""``make docs-figures``: the tables and pictures on the pages of the studies.

    python -m benchmarks.docs_figures [RESULTS]

What the folder of results has is copied to ``docs/studies/data`` and ``docs/images`` first. Then
each table between ``<!-- table NAME -->`` and ``<!-- end of table -->`` on a page is written from
these files.
"""

import argparse
import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from benchmarks import docs_benchmarks as benchmarks
from benchmarks import docs_tables as tables
from benchmarks.docs_data import DATA, DATA_SETS, commands, refresh
from blendmf.common.errors import UserError
from blendmf.common.files import write_text

PAGES = Path("docs/studies")

OF_DATA_SETS: dict[str, Callable[[str, Path], tables.Rows]] = {
    "models": tables.models,
    "pairs": tables.pairs,
    "cold start": tables.cold_start,
    "ranks": tables.ranks,
    "audit": tables.protocols,
    "audited errors": tables.audited_errors,
    "tag leaks": tables.tag_leaks,
    "all tags": tables.all_tags,
    "ablation": tables.ablation,
    "placebos": tables.placebos,
    "ablation of bayes-content": partial(tables.ablation, study="ablation-bayes"),
    "placebos of bayes-content": partial(tables.placebos, study="ablation-bayes"),
}
TABLES: dict[str, Callable[[Path], tables.Rows]] = {
    **{
        f"{name}, {data_set}": partial(table, data_set)
        for name, table in OF_DATA_SETS.items()
        for data_set in DATA_SETS
    },
    "published": partial(tables.published, "ml-latest-small"),
    "speed": benchmarks.speed,
    "speed on a GPU": partial(benchmarks.speed, file="benchmarks/engines-gpu.csv"),
    "peers": benchmarks.peers,
    "peer differences": benchmarks.peer_differences,
    "published splits, ratings only": partial(benchmarks.published_splits, ratings_only=True),
    "published splits, further information": partial(
        benchmarks.published_splits, ratings_only=False
    ),
    "known answers": benchmarks.known_answers,
    "new users": benchmarks.new_users,
    "kills": benchmarks.kills,
    "parts": benchmarks.parts,
    "agreement": benchmarks.agreement,
    "growth": benchmarks.growth,
    "scale": benchmarks.scale,
    "forecast": benchmarks.forecasts,
    "origins": benchmarks.origins,
}

START, END = "<!-- table {} -->", "<!-- end of table -->"
BETWEEN = re.compile(rf"{START.format('(.+?)')}\n.*?{END}", re.DOTALL)


def filled(page: str, data: Path) -> str:
    """The page with the tables of the small files; a table without a file names its command.

    Raises
    ------
    UserError
        If the page names a table that does not exist.
    """

    def table(found: re.Match[str]) -> str:
        name = found[1]
        if name not in TABLES:
            raise UserError(f"no table is called {name!r}; known: {', '.join(TABLES)}")
        try:
            text = tables.markdown(TABLES[name](data))
        except FileNotFoundError as error:
            missing = Path(error.filename).relative_to(data).as_posix()
            text = f"*Not measured yet: `{commands()[missing]}`.*"
        return f"{START.format(name)}\n\n{text}\n\n{END}"

    return BETWEEN.sub(table, page)


def main(arguments: Sequence[str] | None = None) -> None:
    """Copy what there is, and write all pages."""
    parser = argparse.ArgumentParser(prog="benchmarks.docs_figures", description=__doc__)
    parser.add_argument("results", nargs="?", type=Path, default=Path("results"))
    for file in refresh(parser.parse_args(arguments).results):
        print(f"copied {DATA / file}")
    for page in sorted(PAGES.glob("*.md")):
        write_text(page, filled(page.read_text(encoding="utf-8"), DATA))


if __name__ == "__main__":
    main()
