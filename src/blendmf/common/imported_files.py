"""Modules of this package that a Python file imports, and the digest of their code."""

import hashlib
import os
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1]

IMPORT = re.compile(
    r"^[ \t]*(?:from (blendmf[\w.]*) import (\([^)]*\)|[^\n]*)|import (blendmf[\w.]*))",
    re.MULTILINE,
)


NAMED = re.compile(r'"(blendmf[\w.]*):\w+"')
"""A module in a registry, which imports it by its name: ``module:object``."""


def imported_files(file: Path) -> list[Path]:
    """Modules of this package that a file imports, directly or through others, sorted.

    Imports inside functions count, and modules that are named as ``"module:object"``. The file is
    read, not run.
    """
    found: set[Path] = set()
    waiting = [file]
    while waiting:
        new = _direct_imports(waiting.pop()) - found
        found |= new
        waiting.extend(new)
    return sorted(found)


def code_digest(file: Path) -> str:
    """Short hash of the names and contents of the modules that a file imports, and of their data.

    Data of a module are the files in folders next to it that are no packages, such as templates.
    The hash changes if any file is edited, but not if one is touched or the project is moved.
    """
    digest = hashlib.blake2b(digest_size=8)
    modules = imported_files(file)
    for path in [*modules, *_data_of(modules)]:
        digest.update(path.relative_to(PACKAGE).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _data_of(modules: Iterable[Path]) -> list[Path]:
    folders = (
        folder
        for room in {module.parent for module in modules}
        for folder in room.iterdir()
        if folder.is_dir() and folder.name != "__pycache__"
    )
    packaged = (folder for folder in folders if not (folder / "__init__.py").exists())
    return sorted(path for folder in packaged for path in folder.iterdir() if path.is_file())


def make_importable(folder: Path) -> None:
    """Put `folder` first on the import path of processes that this one starts.

    A rule's script then finds the library in an environment in which it is not installed.
    """
    others = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(folder), *([others] if others else [])])


@cache
def _direct_imports(file: Path) -> frozenset[Path]:
    names: list[str] = []
    text = file.read_text(encoding="utf-8")
    names += NAMED.findall(text)
    for module, members, plain in IMPORT.findall(text):
        names += [module or plain, *(f"{module}.{name}" for name in re.findall(r"\w+", members))]
    modules = (name.split(".") for name in names)
    files = (PACKAGE.joinpath(*parts[1:]).with_suffix(".py") for parts in modules)
    return frozenset(path for path in files if path.is_file())
