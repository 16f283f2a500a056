"""The index of all data sets of a results folder: what was run when, the answer, the report."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from markupsafe import Markup

from blendmf.common.files import read_csv, read_json
from blendmf.report.pages.page import ENVIRONMENT, Section, page, paragraphs

NEEDED = (
    *("report.html", "manifest.json", "data/source.json"),
    *("comparison/summary.json", "comparison/table.csv"),
)
"""Files of a data set that the index needs."""

FURTHER = {
    "explorer/index.html": "Explorer",
    "audit/audit.html": "Audit of the protocol",
    "ablation/ablation.html": "Ablation of the content",
    "folds/table.html": "Cross-validation",
}
"""Further pages of a data set, from its folder, and their names."""


def index_page(results: Path) -> str:
    """A page with a section for every data set that has a report, the newest first.

    Parameters
    ----------
    results : Path
        The folder with one folder for each data set.
    """
    folders = sorted(path.parent for path in results.glob("*/report.html"))
    found = [folder for folder in folders if all((folder / name).is_file() for name in NEEDED)]
    reports = sorted((_facts(folder) for folder in found), key=_newest_first)
    sections = [Section(facts["name"], [_card(facts)]) for facts in reports]
    scale = {"Time and memory by number of ratings": "scale/rules.html"}
    links = {name: path for name, path in scale.items() if (results / path).is_file()}
    if not sections:
        sections = [Section("Nothing yet", [paragraphs("No data set has a report.")])]
    return page("Matrix factorisation: all data sets", sections, links=links)


def _facts(folder: Path) -> dict[str, Any]:
    brief = read_json(folder / "comparison" / "summary.json")
    manifest = read_json(folder / "manifest.json")
    table = read_csv(folder / "comparison" / "table.csv", usecols=["model"])
    pages = {name: path for path, name in FURTHER.items() if (folder / path).is_file()}
    return {
        **brief,
        "name": folder.name,
        "written": datetime.fromtimestamp((folder / "manifest.json").stat().st_mtime, UTC),
        "counts": read_json(folder / "data" / "source.json")["counts"],
        "commit": (manifest["git"] or {}).get("commit"),
        "n_models": len(table),
        "pages": {"Report": "report.html"} | pages,
    }


def _newest_first(facts: dict[str, Any]) -> tuple[float, str]:
    return -facts["written"].timestamp(), facts["name"]


def _card(facts: dict[str, Any]) -> Markup:
    card = ENVIRONMENT.get_template("index-entry.html").module.card(facts)  # type: ignore[attr-defined]
    return Markup(card)
