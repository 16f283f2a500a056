"""Modules of this package that a Python file imports, and their digest."""

import hashlib
import os
import re
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]

IMPORT = re.compile(
    r"^[ \t]*(?:from (blendmf[\w.]*) import (\([^)]*\)|[^\n]*)|import (blendmf[\w.]*))",
    re.MULTILINE,
)


def imported_files(file: Path) -> list[Path]:
    """Modules of this package that a file imports, directly or through others, sorted.

    Imports inside functions count. The file is read, not run.
    """
    found: set[Path] = set()
    waiting = [file]
    while waiting:
        new = _direct_imports(waiting.pop()) - found
        found |= new
        waiting.extend(new)
    return sorted(found)


def code_digest(file: Path) -> str:
    """Short hash of the names and contents of the modules that a file imports.

    It changes if any of them is edited, but not if a file is touched or the project is moved.
    """
    digest = hashlib.blake2b(digest_size=8)
    for module in imported_files(file):
        digest.update(module.relative_to(PACKAGE).as_posix().encode())
        digest.update(module.read_bytes())
    return digest.hexdigest()


def make_importable(folder: Path) -> None:
    """Put `folder` first on the import path of processes that this one starts.

    A rule's script then finds the library in an environment in which it is not installed.
    """
    others = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(folder), *([others] if others else [])])


@cache
def _direct_imports(file: Path) -> frozenset[Path]:
    names: list[str] = []
    for module, members, plain in IMPORT.findall(file.read_text(encoding="utf-8")):
        names += [module or plain, *(f"{module}.{name}" for name in re.findall(r"\w+", members))]
    modules = (name.split(".") for name in names)
    files = (PACKAGE.joinpath(*parts[1:]).with_suffix(".py") for parts in modules)
    return frozenset(path for path in files if path.is_file())
