"""Which members of a folder or an archive are a data set's files."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from blendmf.common.errors import UserError


@dataclass(frozen=True)
class RawFile:
    """A file as the source gives it.

    Attributes
    ----------
    name : str
        Name without folders.
    sha256 : str or None
        Known checksum, None where none was verified.
    required : bool
        Whether the data set cannot be read without it.
    """

    name: str
    sha256: str | None = None
    required: bool = True


@dataclass(frozen=True)
class Layout:
    """One published form of a data set: how it is to be read, and its files."""

    format: str
    files: tuple[RawFile, ...]


@dataclass(frozen=True)
class Selection:
    """The layout that was found and, by file name, the member that holds each of its files."""

    layout: Layout
    members: dict[str, str]


def select(names: Iterable[str], layouts: Sequence[Layout], where: str) -> Selection:
    """Find the first layout of which every required file is among `names`.

    A file is known by its base name, in whatever subfolder it lies; of several the one that lies
    least deep is taken.

    Parameters
    ----------
    names : iterable of str
        Members of a folder or archive, with ``/`` between folders.
    layouts : sequence of Layout
        In order of preference.
    where : str
        What the members are of, for the message.

    Raises
    ------
    UserError
        If no layout is complete, or a file is there twice at the same depth.
    """
    by_base_name: dict[str, list[str]] = defaultdict(list)
    for name in names:
        by_base_name[PurePosixPath(name).name].append(name)
    lacking = []
    for layout in layouts:
        missing = [f.name for f in layout.files if f.required and f.name not in by_base_name]
        if not missing:
            found = [f.name for f in layout.files if f.name in by_base_name]
            return Selection(layout, {n: _shallowest(by_base_name[n], where) for n in found})
        lacking.append(f"{', '.join(missing)} ({layout.format})")
    raise UserError(f"{where} lacks {', or '.join(lacking)}")


def _shallowest(members: list[str], where: str) -> str:
    ordered = sorted(members, key=lambda member: (member.count("/"), member))
    least = [m for m in ordered if m.count("/") == ordered[0].count("/")]
    if len(least) > 1:
        raise UserError(
            f"{where} holds {' and '.join(least)}; keep one of them, or name the folder it lies in"
        )
    return least[0]
