"""Digests of results: a hidden file next to each result records what its rule wrote.

``.NAME.sha256`` is next to the file or folder NAME and has a line for each file of it in the
format of ``sha256sum``: the digest, and the path below the folder ``results``. It is checked when
the result is read. A damaged file is refused, and so is a file of another model, seed, part or data
set, also if its digest was copied with it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from blendmf.common.errors import UserError
from blendmf.common.files import PathLike, file_digest, parts_below, replacing

ROOT = "results"
"""Folder of all results, below which a digest names its file."""

WITHOUT_DIGEST = {"logs", "benchmarks"}
"""Folders of files that are written after the outputs of their job are complete."""

OF_SNAKEMAKE = ".snakemake"
"""Start of the names of files that Snakemake adds to folders that rules write."""

LINE = re.compile(r"\\?([0-9a-f]{64})  (.+)", re.DOTALL)
"""A line of ``sha256sum``; a name with a line break is escaped, and the line begins with ``\\``."""

RUN_AGAIN = "run snakemake again"


@contextmanager
def checked(inputs: Iterable[PathLike], outputs: Iterable[PathLike]) -> Iterator[None]:
    """Check the digests of `inputs` before the block, and write those of `outputs` after it.

    Digests of earlier outputs are removed before the block, so that none outlives its file.

    Raises
    ------
    UserError
        If an input is not as it was written.
    """
    written = list(map(Path, outputs))
    for path in written:
        digest_file(path).unlink(missing_ok=True)
    if unchecked := refuse_damage(inputs):
        print(f"not checked, for lack of a digest: {', '.join(map(str, unchecked))}")
    yield
    for path in filter(Path.exists, written):
        write_digests(path)


def digest_file(path: PathLike) -> Path:
    """The hidden file with the digests of a file or folder."""
    return Path(path).parent / f".{Path(path).name}.sha256"  # the name of "." is empty


def write_digests(path: Path) -> None:
    """Write the digests of a file, or of all files of a folder, next to it."""
    lines = [_line(file_digest(file), place) for place, file in _files(path).items()]
    with replacing(digest_file(path)) as temporary:
        temporary.write_bytes("".join(lines).encode("utf-8", "surrogateescape"))


def refuse_damage(
    paths: Iterable[PathLike], folder: Path | None = None, again: str = RUN_AGAIN
) -> list[Path]:
    """Check files and folders against their digests.

    Parameters
    ----------
    paths : iterable of path
        A missing one is left to its reader.
    folder : Path, optional
        A results folder of one data set, which may have been renamed: places are compared below it.
        By default they are compared below `ROOT`, and outside of it only the file's name.
    again : str
        How the files are made again.

    Returns
    -------
    list of Path
        Results without a digest, which are not checked. Those of `WITHOUT_DIGEST` never have one,
        nor do files outside of `ROOT`, such as the user's own.

    Raises
    ------
    UserError
        If any is not as it was written; the message has all of them.
    """
    damaged, unchecked = [], []
    for path in filter(Path.exists, map(Path, dict.fromkeys(paths))):
        if digest_file(path).exists():
            damaged += [f"{path}: {problem}" for problem in _problems(path, folder)]
        elif ROOT in path.parts and not WITHOUT_DIGEST & set(path.parts):
            unchecked.append(path)
    if len(damaged) == 1:
        raise UserError(f"{damaged[0]}; delete it and {again}")
    if damaged:
        what = f"{len(damaged)} results are not as they were written; delete them and {again}:"
        raise UserError("\n  ".join([what, *damaged]))
    return unchecked


def intact(path: Path, folder: Path | None = None) -> Path:
    """The path, if the result is as it was written or has no digest; see `refuse_damage`."""
    refuse_damage([path], folder)
    return path


def _problems(path: Path, folder: Path | None) -> list[str]:
    """The first difference of a file or folder from its digests, if any."""
    try:
        return list(_differences(path, folder))
    except OSError as error:
        return [f"cannot be read ({error.strerror})"]


def _differences(path: Path, folder: Path | None) -> Iterator[str]:
    name, files = _place(path, folder), _files(path, folder)
    digests = _read(digest_file(path), None if _is_in_root(path, folder) else name)
    if digests is None:
        yield f"its digest, {digest_file(path).name}, is damaged"
    elif path.is_file() and digests.keys() != {name}:
        yield f"is {next(iter(digests))}, in the place of another file"
    elif lost := sorted(digests.keys() - files.keys()):
        yield f"has lost {lost[0]}"
    elif added := sorted(files.keys() - digests.keys()):
        yield f"has {added[0]} in addition"
    else:
        changed = [place for place, file in files.items() if file_digest(file) != digests[place]]
        of_folder = f"{changed[0]} " if changed and path.is_dir() else ""
        yield from [f"{of_folder}was changed after it was written"] if changed else []


def _files(path: Path, folder: Path | None = None) -> Mapping[str, Path]:
    """The files of a result by their places."""
    if not path.is_dir():
        return {_place(path, folder): path}
    inside = (file for file in sorted(path.rglob("*")) if file.is_file())
    own = (file for file in inside if not file.name.startswith(OF_SNAKEMAKE))
    place = _place(path, folder)
    return {f"{place}/{file.relative_to(path).as_posix()}": file for file in own}


def _place(path: Path, folder: Path | None) -> str:
    """Path below the folder, or else below `ROOT`; the name alone outside of it."""
    if folder is not None:
        return path.relative_to(folder).as_posix()
    return "/".join(parts_below(path, ROOT)) if _is_in_root(path, folder) else path.name


def _is_in_root(path: Path, folder: Path | None) -> bool:
    return folder is None and ROOT in path.parent.parts


def _line(digest: str, place: str) -> str:
    escaped = place.replace("\\", "\\\\").replace("\n", "\\n")
    return f"{'' if escaped == place else chr(92)}{digest}  {escaped}\n"


def _read(file: Path, name: str | None) -> dict[str, str] | None:
    """Digests by place, which is shortened to begin with `name`, if given; None if damaged."""
    digests, lines = {}, file.read_bytes().decode("utf-8", "surrogateescape").split("\n")
    if lines.pop():
        return None  # the last line is cut short
    for text in lines:
        line = LINE.fullmatch(text)
        if line is None:
            return None
        place = line[2]
        if text.startswith("\\"):
            place = re.sub(r"\\(.)", lambda mark: "\n" if mark[1] == "n" else mark[1], place)
        if name is not None and not f"{place}/".startswith(f"{name}/"):
            before = f"/{place}/".rfind(f"/{name}/")
            place = place[max(before, 0) :]
        digests[place] = line[1]
    return digests or None
