"""Every rule checks what it reads, and results are read by functions that name a damaged file."""

import ast
import re
from pathlib import Path

import pytest

from configs import ROOT

SCRIPTS = sorted((ROOT / "scripts").glob("*.py"))
LIBRARY = sorted((ROOT / "src/blendmf").rglob("*.py"))

BARE_READERS = re.compile(
    r"\bpd\.read_|\bnp\.load\(|\bload_npz\(|\bjson\.load\(|\bpq\.(?:read_|ParquetFile)|read_npz\("
)

OF_RESULTS = ("common/files.py", "common/npz.py", "data/tables.py")
OF_PEOPLE = ("ingest/", "commands/new_users.py")
"""Files and rooms that read what users bring, with messages of their own."""

NO_READING = ("report/manifest.py",)
"""A command for people, as text."""


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_does_everything_inside_of_its_job(script: Path) -> None:
    *before, last = ast.parse(script.read_text(encoding="utf-8")).body
    assert isinstance(last, ast.With)
    assert ast.unparse(last.items[0]) == "job(snakemake)"
    kinds = (ast.Expr, ast.Import, ast.ImportFrom, ast.Assign)
    assert all(isinstance(statement, kinds) for statement in before)
    assert "snakemake" not in "\n".join(map(ast.unparse, before))


def test_results_are_read_by_functions_that_name_a_damaged_file() -> None:
    bare = {
        path.relative_to(ROOT / "src/blendmf").as_posix()
        for path in LIBRARY
        if BARE_READERS.search(path.read_text(encoding="utf-8"))
    }
    assert set(OF_RESULTS) <= bare
    others = {name for name in bare if not name.startswith((*OF_RESULTS, *OF_PEOPLE))}
    assert others <= set(NO_READING)
    assert not any(BARE_READERS.search(path.read_text(encoding="utf-8")) for path in SCRIPTS)
