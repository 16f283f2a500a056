"""Which of the library's own files a script depends on, and where its job finds them."""

import ast
import os
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]


def imported_files(script: Path) -> list[str]:
    """Paths of all modules of this package that a file imports, directly or through others.

    Imports inside functions count. The packages' `__init__` files are empty and left out.

    Parameters
    ----------
    script : Path
        A Python file, parsed and not run.

    Returns
    -------
    list of str
        Absolute paths, sorted.
    """
    found: set[Path] = set()
    waiting = [script]
    while waiting:
        new = _direct_imports(waiting.pop()) - found
        found |= new
        waiting.extend(new)
    return sorted(str(path) for path in found)


def make_importable(folder: Path) -> None:
    """Have the processes that this one starts import from `folder` first.

    So a rule's script finds the library also in an environment of its own, in which it is not
    installed.
    """
    others = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(folder), *([others] if others else [])])


@cache
def _direct_imports(file: Path) -> frozenset[Path]:
    names: list[str] = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
    modules = (name.split(".") for name in names if name.split(".")[0] == PACKAGE.name)
    files = (PACKAGE.joinpath(*parts[1:]).with_suffix(".py") for parts in modules)
    return frozenset(file for file in files if file.is_file())
