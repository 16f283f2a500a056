"""The data sets that are known by name: what they are, and where they can be had."""

from dataclasses import dataclass
from pathlib import PurePath

from blendmf.common.errors import UserError
from blendmf.config.dataset import CsvSettings, DatasetSettings
from blendmf.ingest.layouts import Layout, RawFile

GROUPLENS = "https://files.grouplens.org/datasets/movielens"


@dataclass(frozen=True)
class Wheel:
    """A wheel of a Python package that holds the data, got with pip.

    Attributes
    ----------
    requirement : str
        Package and version, ``name==version``.
    sha256 : str
        Checksum of the wheel.
    layout : Layout
    """

    requirement: str
    sha256: str
    layout: Layout


@dataclass(frozen=True)
class Download:
    """An archive behind a web address.

    Attributes
    ----------
    url : str
    layout : Layout
    checksum : str or None
        ``algorithm:hexadecimal`` of the archive.
    checksum_url : str or None
        Address of the publisher's own ``.md5`` file, asked where `checksum` is None.
    """

    url: str
    layout: Layout
    checksum: str | None = None
    checksum_url: str | None = None


@dataclass(frozen=True)
class Counts:
    """How much of everything a data set has, as published; `items` are those that are rated."""

    ratings: int
    users: int
    items: int
    tags: int = 0


@dataclass(frozen=True)
class DataSet:
    """What is known of a data set before it is fetched.

    Attributes
    ----------
    name : str
    rating_range : (float, float) or None
        Lowest and highest possible rating; None where the configuration must state it.
    licence : str
        One sentence.
    citation : str
    layouts : tuple of Layout
        The forms in which a local copy is accepted, in order of preference.
    sources : tuple of Wheel or Download
        In the order in which they are tried.
    generated : bool
        Whether it is computed instead of taken from somewhere.
    counts : Counts, optional
        To plan memory, time and threads by.
    """

    name: str
    rating_range: tuple[float, float] | None
    licence: str
    citation: str
    layouts: tuple[Layout, ...]
    sources: tuple[Wheel | Download, ...] = ()
    generated: bool = False
    counts: Counts | None = None


GROUPLENS_LICENCE = (
    "GroupLens usage licence: research use with acknowledgement, no commercial use without "
    "permission; the terms, also of redistribution, are in the data set's README at "
    "https://grouplens.org/datasets/movielens/."
)
MOVIELENS_CITATION = (
    "F. M. Harper and J. A. Konstan, The MovieLens Datasets: History and Context, ACM Transactions "
    "on Interactive Intelligent Systems 5(4), 19:1-19:19, 2015, https://doi.org/10.1145/2827872"
)

RECBOLE_100K = Layout(
    "recbole",
    (
        RawFile(
            "ml-100k.inter", "4edb74e2a81178c2ba9ff381495f754f996c4aea351b1272ca36b43da0935eff"
        ),
        RawFile("ml-100k.item", "51d7cdf777ce5c0f5b32c1d947a4a81fe07d75e78abbe761e0cd4d0756064532"),
        RawFile(
            "ml-100k.user",
            "4f670007d9cfbeb9807e757209af1555b9bcc186bde25e767f67cb67c6dd5972",
            required=False,
        ),
    ),
)
GROUPLENS_100K = Layout("movielens-100k", (RawFile("u.data"), RawFile("u.item")))
DAT = Layout("movielens-dat", (RawFile("ratings.dat"), RawFile("movies.dat")))
DAT_WITH_TAGS = Layout("movielens-dat", (*DAT.files, RawFile("tags.dat")))
CSV_WITH_TAGS = Layout(
    "movielens-csv", (RawFile("ratings.csv"), RawFile("movies.csv"), RawFile("tags.csv"))
)
LATEST_SMALL_2018 = Layout(
    "movielens-csv",
    (
        RawFile("ratings.csv", "aa289ca83157595d0df6aea1be6a4ded676ddc4385472e8313a8ed9805352646"),
        RawFile("movies.csv", "5a5f32dd9bb3797b8e728a1b98958789d2b13f294a69fdfbc5727f8a9611aa07"),
        RawFile("tags.csv", "92a9f8bb7916dceef6151209845788c3643f794dfa79d1feaec7121b5960399d"),
    ),
)
CANONICAL = Layout(
    "canonical",
    (
        RawFile("ratings.parquet"),
        RawFile("items.parquet"),
        RawFile("tags.parquet"),
        RawFile("truth.npz"),
    ),
)


def _movielens(
    name: str,
    counts: Counts,
    rating_range: tuple[float, float],
    layout: Layout,
    *,
    checksum: str | None = None,
    checksum_url: str | None = None,
    wheel: Wheel | None = None,
) -> DataSet:
    zipped = Download(f"{GROUPLENS}/{name}.zip", layout, checksum, checksum_url)
    sources = (zipped,) if wheel is None else (wheel, zipped)
    return DataSet(
        name,
        rating_range,
        GROUPLENS_LICENCE,
        MOVIELENS_CITATION,
        tuple(source.layout for source in sources),
        sources,
        counts=counts,
    )


KNOWN: dict[str, DataSet] = {
    data_set.name: data_set
    for data_set in (
        _movielens(
            "ml-100k",
            Counts(100_000, 943, 1_682),
            (1.0, 5.0),
            GROUPLENS_100K,
            checksum="md5:0e33842e24a9c977be4e0107933c0723",
            wheel=Wheel(
                "recbole==1.2.1",
                "9c9948202011f37eb0a7c6768129313f00d6403ad221ec940d5e2d5d5f33a407",
                RECBOLE_100K,
            ),
        ),
        # The zip is replaced with each edition, so its files are checked instead.
        _movielens(
            "ml-latest-small", Counts(100_836, 610, 9_724, 3_683), (0.5, 5.0), LATEST_SMALL_2018
        ),
        _movielens(
            "ml-1m",
            Counts(1_000_209, 6_040, 3_706),
            (1.0, 5.0),
            DAT,
            checksum="md5:c4d9eecfca2ab87c1945afe126590906",
        ),
        _movielens(
            "ml-10m",
            Counts(10_000_054, 69_878, 10_677, 95_580),
            (0.5, 5.0),
            DAT_WITH_TAGS,
            checksum="md5:ce571fd55effeba0271552578f2648bd",
        ),
        _movielens(
            "ml-20m",
            Counts(20_000_263, 138_493, 26_744, 465_564),
            (0.5, 5.0),
            CSV_WITH_TAGS,
            checksum="md5:cd245b17a1ae2cc31bb14903e1204af3",
        ),
        _movielens(
            "ml-25m",
            Counts(25_000_095, 162_541, 59_047, 1_093_360),
            (0.5, 5.0),
            CSV_WITH_TAGS,
            checksum="md5:6b51fb2759a8657d3bfcbfc42b592ada",
        ),
        _movielens(
            "ml-32m",
            Counts(32_000_204, 200_948, 84_432, 2_000_072),
            (0.5, 5.0),
            CSV_WITH_TAGS,
            checksum_url=f"{GROUPLENS}/ml-32m.zip.md5",
        ),
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


def find_data_set(dataset: DatasetSettings) -> DataSet:
    """Description of the configured data set; with `csv`, of the user's own files.

    Raises
    ------
    UserError
        If the name is unknown and the block has no `csv`, or a file's name has a folder in it.
    """
    name = dataset.name
    if dataset.csv is not None:
        return _own_data_set(name, dataset.csv)
    if name not in KNOWN:
        raise UserError(
            f"dataset.name: {name!r} is not a known data set ({', '.join(KNOWN)}); to use your "
            "own files, describe their columns under dataset.csv and give dataset.path"
        )
    return KNOWN[name]


def expected_ratings(dataset: DatasetSettings) -> int:
    """Number of ratings of the configured data set, before anything is read; 0 if unknown."""
    if dataset.name == "synthetic":
        return dataset.synthetic.ratings
    if dataset.csv is not None or dataset.name not in KNOWN:
        return 0
    counts = KNOWN[dataset.name].counts
    return counts.ratings if counts else 0


def _own_data_set(name: str, csv: CsvSettings) -> DataSet:
    tables = {"ratings": csv.ratings, "items": csv.items, "tags": csv.tags}
    files = {table: described.file for table, described in tables.items() if described is not None}
    for table, file in files.items():
        if file in ("", "..") or PurePath(file).name != file or "\\" in file:
            raise UserError(
                f"dataset.csv.{table}.file: {file!r} is not a file's name alone; give the "
                "name here and the folder in dataset.path"
            )
    return DataSet(
        name,
        None,
        "The user's own data; its licence is not known to blendmf.",
        "The user's own data.",
        (Layout("csv", tuple(map(RawFile, dict.fromkeys(files.values())))),),
    )
