"""The known data sets: their files, sources, checksums, sizes and licences."""

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath

from blendmf.common.errors import UserError
from blendmf.config.dataset import CsvSettings, DatasetSettings

GROUPLENS = "https://files.grouplens.org/datasets/movielens"


@dataclass(frozen=True)
class Layout:
    """One published form of a data set.

    `format` selects the reader, `files` maps the name of each file, without folders, to its SHA-256
    checksum or None, and `optional` files may be missing.
    """

    format: str
    files: Mapping[str, str | None]
    optional: tuple[str, ...] = ()

    @property
    def required(self) -> list[str]:
        """Names of the files that must exist."""
        return [name for name in self.files if name not in self.optional]


@dataclass(frozen=True)
class Wheel:
    """A Python wheel that contains the data: pip requirement (``name==version``) and checksum."""

    requirement: str
    sha256: str
    layout: Layout


@dataclass(frozen=True)
class Download:
    """An archive at a web address.

    `checksum` is ``algorithm:hexadecimal``. `checksum_url` is the address of the publisher's
    ``.md5`` file, which is read if `checksum` is None.
    """

    url: str
    layout: Layout
    checksum: str | None = None
    checksum_url: str | None = None


@dataclass(frozen=True)
class Counts:
    """Published size of a data set; `items` counts rated items only."""

    ratings: int
    users: int
    items: int
    tags: int = 0


@dataclass(frozen=True)
class DataSet:
    """What is known about a data set before it is fetched.

    `rating_range` is the lowest and highest possible rating, or None if the configuration must
    state it. `layouts` are the accepted forms of a local copy, in order of preference; `sources`
    are tried in their order. Data that are `generated` are computed instead of fetched. Memory,
    time and threads are planned by `counts`. `download_mb` is the size of the first source in
    millions of bytes, None if nothing is downloaded.
    """

    name: str
    rating_range: tuple[float, float] | None
    licence: str
    citation: str
    layouts: tuple[Layout, ...]
    sources: tuple[Wheel | Download, ...] = ()
    generated: bool = False
    counts: Counts | None = None
    download_mb: float | None = None


GROUPLENS_LICENCE = (
    "GroupLens usage licence: research use with acknowledgement, no commercial use without "
    "permission; the terms, also of redistribution, are in the data set's README at "
    "https://grouplens.org/datasets/movielens/."
)
MOVIELENS_CITATION = (
    "F. M. Harper and J. A. Konstan, The MovieLens Datasets: History and Context, ACM Transactions "
    "on Interactive Intelligent Systems 5(4), 19:1-19:19, 2015, https://doi.org/10.1145/2827872"
)
COUNTS = {
    "ml-100k": Counts(100_000, 943, 1_682),
    "ml-latest-small": Counts(100_836, 610, 9_724, 3_683),
    "ml-1m": Counts(1_000_209, 6_040, 3_706),
    "ml-10m": Counts(10_000_054, 69_878, 10_677, 95_580),
    "ml-20m": Counts(20_000_263, 138_493, 26_744, 465_564),
    "ml-25m": Counts(25_000_095, 162_541, 59_047, 1_093_360),
    "ml-32m": Counts(32_000_204, 200_948, 84_432, 2_000_072),
}

RECBOLE_100K = Layout(
    "recbole",
    {
        "ml-100k.inter": "4edb74e2a81178c2ba9ff381495f754f996c4aea351b1272ca36b43da0935eff",
        "ml-100k.item": "51d7cdf777ce5c0f5b32c1d947a4a81fe07d75e78abbe761e0cd4d0756064532",
        "ml-100k.user": "4f670007d9cfbeb9807e757209af1555b9bcc186bde25e767f67cb67c6dd5972",
    },
    optional=("ml-100k.user",),
)
WHEEL_SHA256 = "9c9948202011f37eb0a7c6768129313f00d6403ad221ec940d5e2d5d5f33a407"
GROUPLENS_100K = Layout(
    "movielens-100k", dict.fromkeys(["u.data", "u.item", "u.user"]), optional=("u.user",)
)
DAT = Layout(
    "movielens-dat",
    dict.fromkeys(["ratings.dat", "movies.dat", "users.dat"]),
    optional=("users.dat",),
)
DAT_WITH_TAGS = Layout("movielens-dat", dict.fromkeys(["ratings.dat", "movies.dat", "tags.dat"]))
CSV_WITH_TAGS = Layout("movielens-csv", dict.fromkeys(["ratings.csv", "movies.csv", "tags.csv"]))
# The zip is replaced by each new edition, so its files are checked instead.
LATEST_SMALL_2018 = Layout(
    "movielens-csv",
    {
        "ratings.csv": "aa289ca83157595d0df6aea1be6a4ded676ddc4385472e8313a8ed9805352646",
        "movies.csv": "5a5f32dd9bb3797b8e728a1b98958789d2b13f294a69fdfbc5727f8a9611aa07",
        "tags.csv": "92a9f8bb7916dceef6151209845788c3643f794dfa79d1feaec7121b5960399d",
    },
)
CANONICAL = Layout(
    "canonical",
    dict.fromkeys(["ratings.parquet", "items.parquet", "tags.parquet", "truth.npz"]),
)


def _movielens(
    name: str,
    lowest: float,
    layout: Layout,
    download_mb: float,
    checksum: str | None = None,
    *,
    checksum_url: str | None = None,
    wheel: Wheel | None = None,
) -> DataSet:
    zipped = Download(f"{GROUPLENS}/{name}.zip", layout, checksum, checksum_url)
    sources = (zipped,) if wheel is None else (wheel, zipped)
    layouts = tuple(source.layout for source in sources)
    terms = (GROUPLENS_LICENCE, MOVIELENS_CITATION)
    return DataSet(
        name,
        (lowest, 5.0),
        *terms,
        layouts,
        sources,
        counts=COUNTS[name],
        download_mb=download_mb,
    )


KNOWN = {
    data_set.name: data_set
    for data_set in (
        _movielens(
            "ml-100k",
            1.0,
            GROUPLENS_100K,
            2.1,
            "md5:0e33842e24a9c977be4e0107933c0723",
            wheel=Wheel("recbole==1.2.1", WHEEL_SHA256, RECBOLE_100K),
        ),
        _movielens("ml-latest-small", 0.5, LATEST_SMALL_2018, 1.0),
        _movielens("ml-1m", 1.0, DAT, 5.9, "md5:c4d9eecfca2ab87c1945afe126590906"),
        _movielens("ml-10m", 0.5, DAT_WITH_TAGS, 65.6, "md5:ce571fd55effeba0271552578f2648bd"),
        _movielens("ml-20m", 0.5, CSV_WITH_TAGS, 198.7, "md5:cd245b17a1ae2cc31bb14903e1204af3"),
        _movielens("ml-25m", 0.5, CSV_WITH_TAGS, 262.0, "md5:6b51fb2759a8657d3bfcbfc42b592ada"),
        _movielens("ml-32m", 0.5, CSV_WITH_TAGS, 239.0, checksum_url=f"{GROUPLENS}/ml-32m.zip.md5"),
        DataSet(
            "synthetic",
            (0.5, 5.0),
            "Generated by blendmf; no rights attach to it.",
            "Generated by blendmf.",
            (CANONICAL,),
            generated=True,
        ),
    )
}


def expanded(path: str) -> Path:
    """`path` with ``~`` and environment variables, such as ``$BLENDMF_DATA``, replaced."""
    return Path(os.path.expandvars(path)).expanduser()


def find_data_set(dataset: DatasetSettings) -> DataSet:
    """Description of the configured data set; with `csv` or `format`, of the user's own files.

    Raises
    ------
    UserError
        If the name is unknown and there is neither, if the name of a file contains a folder, or if
        the files of a `format` are not found.
    """
    if dataset.csv is not None:
        return _own_data_set(dataset.name, "csv", _own_names(dataset.csv))
    if dataset.format is not None:
        return _own_data_set(dataset.name, dataset.format, _names_of_format(dataset))
    if dataset.name not in KNOWN:
        raise UserError(
            f"dataset.name: {dataset.name!r} is not a known data set ({', '.join(KNOWN)}); to use "
            "your own files, describe their columns under dataset.csv and give dataset.path "
            "(`blendmf init FILE` writes such a configuration)"
        )
    return KNOWN[dataset.name]


def expected_ratings(dataset: DatasetSettings) -> int:
    """Number of ratings of the configured data set before it is read; 0 if unknown."""
    if dataset.name == "synthetic":
        return dataset.synthetic.ratings
    counts = None if dataset.is_own else COUNTS.get(dataset.name)
    return counts.ratings if counts else 0


def _own_data_set(name: str, form: str, files: list[str]) -> DataSet:
    return DataSet(
        name,
        None,
        "The user's own data; its licence is not known to blendmf.",
        "The user's own data.",
        (Layout(form, dict.fromkeys(files)),),
    )


def _own_names(csv: CsvSettings) -> list[str]:
    files = [(table, file) for table, own in csv.tables.items() for file in own.files]
    for table, file in files:
        if file in ("", "..") or PurePath(file).name != file or "\\" in file:
            raise UserError(
                f"dataset.csv.{table}.file: {file!r} is not a plain file name; give the name here "
                "and the folder in dataset.path"
            )
    return [file for _, file in files]


def _names_of_format(dataset: DatasetSettings) -> list[str]:
    """Names of the files of a format under `dataset.path`."""
    path = expanded(dataset.path or "")
    if dataset.path is None or not path.exists():
        raise UserError(
            f"dataset.path: {dataset.path} does not exist; give the folder or the file of "
            f"dataset.format: {dataset.format}"
        )
    names = [path.name] if path.is_file() else _visible_files(path)
    if dataset.format == "triples":
        found = names
    else:
        found = [name for name in names if name.endswith(".inter")]
    if len(found) != 1:
        what = "file" if dataset.format == "triples" else "file that ends in .inter"
        raise UserError(
            f"dataset.path: {dataset.path} has {len(found)} {what}s; dataset.format: "
            f"{dataset.format} needs one"
        )
    if dataset.format == "triples":
        return found
    described = [found[0].removesuffix(".inter") + suffix for suffix in (".item", ".user")]
    return found + [name for name in described if name in names]


def _visible_files(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir() if p.is_file() and not p.name.startswith("."))


def select(
    names: Iterable[str], layouts: Sequence[Layout], where: str
) -> tuple[Layout, dict[str, str]]:
    """Find the first layout whose required files are all among `names`.

    `names` are the members of a folder or archive (`where`, for the message), with ``/`` between
    folders. Files are recognised by their base name, with or without ``.gz`` at its end; the one in
    the fewest folders is used. Returns the layout and the member of each of its files.

    Raises
    ------
    UserError
        If no layout is complete, or if a file exists twice at the same depth.
    """
    by_base_name: dict[str, list[str]] = defaultdict(list)
    for name in names:
        by_base_name[PurePosixPath(name).name].append(name)
    for base_name in [name for name in by_base_name if name.endswith(".gz")]:
        by_base_name.setdefault(base_name.removesuffix(".gz"), by_base_name[base_name])
    lacking = []
    for layout in layouts:
        missing = [name for name in layout.required if name not in by_base_name]
        if not missing:
            found = [name for name in layout.files if name in by_base_name]
            return layout, {name: _shallowest(by_base_name[name], where) for name in found}
        lacking.append(f"{', '.join(missing)} ({layout.format})")
    raise UserError(f"{where} lacks {', or '.join(lacking)}")


def _shallowest(members: list[str], where: str) -> str:
    depth = min(member.count("/") for member in members)
    shallowest = sorted(member for member in members if member.count("/") == depth)
    if len(shallowest) > 1:
        raise UserError(
            f"{where} contains {' and '.join(shallowest)}; keep one of them, or give its folder"
        )
    return shallowest[0]
