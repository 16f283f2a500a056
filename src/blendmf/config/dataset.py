"""Settings of the data: where the ratings come from, and the size of generated ones."""

import codecs
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PlainValidator

from blendmf.config.fields import (
    Distinct,
    Files,
    FolderName,
    LocalPath,
    Number,
    RatingValue,
    Removable,
    Settings,
    Sorted,
    names_of,
)


def _column(value: Any) -> str | int:
    if isinstance(value, str) or (type(value) is int and value >= 0):
        return value
    raise ValueError("is no column: give its name in the header, or its number from 0")


Column = Annotated[str | int, PlainValidator(_column, json_schema_input_type=str | int)]
"""A column: its name in the header, or its number from 0."""


NOT_OF_FILES = ("idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape")
"""Python's codecs that no text file is written in."""


def _encoding(name: str) -> str:
    try:
        found = codecs.lookup(name)
        "".encode(name)  # refuses codecs that are not of text, such as base64
    except (LookupError, ValueError):
        known = False
    else:
        known = found.name not in NOT_OF_FILES
    if not known:
        raise ValueError("is no encoding of text; name one such as utf-8, latin-1 or cp1252")
    return name


Encoding = Annotated[str, AfterValidator(_encoding)]
"""An encoding of text files that Python knows."""


def _separator(text: str) -> str:
    if not text or set(text) & set('"\r\n\0'):
        raise ValueError("separates no columns; use a text without line ends and quotation marks")
    return text


Separator = Annotated[str, AfterValidator(_separator)]
"""What separates columns, or a word for it."""


def _date_form(form: str) -> str:
    if not any(code in form for code in ("%Y", "%y", "%G")):
        raise ValueError('has no code of the year; write a form such as "%d/%m/%Y"')
    return form


DateForm = Annotated[str, AfterValidator(_date_form)]
"""A form of dates, as in `datetime.strptime`."""


class OwnFile(Settings):
    """A file of one's own data: text of separated columns, compressed or not, or Parquet."""

    file: Files = Field(description="Name of the file in `dataset.path`.")
    separator: Separator | None = Field(
        default=None, description="As `csv.separator`, for this file."
    )
    encoding: Encoding | None = Field(default=None, description="As `csv.encoding`, for this file.")
    columns: Annotated[list[str], Field(min_length=1), Distinct] | None = Field(
        default=None, description="Names of all columns in order, for a file without a header."
    )
    header: bool | None = Field(
        default=None,
        description="Whether the first row is a header, if columns are given by number or listed. "
        "null: it is for ratings by number if its rating is no number.",
    )

    @property
    def files(self) -> list[str]:
        """Names of all files."""
        return names_of(self.file)


class RatingsFile(OwnFile):
    """The ratings and their columns, each a name in the header or a number from 0."""

    file: Files = Field(
        description="Name of the file in `dataset.path`, or a list of files of the same form."
    )
    user: Column = Field(description="Column of the user's id.")
    item: Column = Field(description="Column of the item's id.")
    rating: Column = Field(description="Column of the rating.")
    timestamp: Column | None = Field(
        default=None, description="Column of the time. null: the order of the rows counts."
    )
    timestamp_format: DateForm | None = Field(
        default=None,
        description='Form of the times, such as "%d/%m/%Y". null: seconds or milliseconds since '
        "1970, or ISO 8601 dates.",
    )


class ItemsFile(OwnFile):
    """The file that describes the items, and its columns."""

    file: str = Field(description="Name of the file in `dataset.path`.")
    item: Column = Field(description="Column of the item's id.")
    title: Column | None = Field(default=None, description="Column of the title.")
    year: Column | None = Field(
        default=None, description='Column of the year. null: taken from titles like "Heat (1995)".'
    )
    genres: Column | None = Field(
        default=None, description="Column of the genres: separated, or a list as in JSON."
    )
    genres_separator: str = Field(
        default="|", min_length=1, description="What separates the genres of an item."
    )


class TagsFile(OwnFile):
    """The file of users' tags, and its columns."""

    file: str = Field(description="Name of the file in `dataset.path`.")
    user: Column = Field(description="Column of the user's id.")
    item: Column = Field(description="Column of the item's id.")
    tag: Column = Field(description="Column of the tag.")
    timestamp: Column | None = Field(
        default=None, description="Column of the time, as for ratings."
    )
    timestamp_format: DateForm | None = Field(default=None, description="As for ratings.")


class UsersFile(OwnFile):
    """The file that describes the users, and its columns."""

    file: str = Field(description="Name of the file in `dataset.path`.")
    user: Column = Field(description="Column of the user's id.")
    features: Annotated[list[Column], Field(min_length=1), Distinct] | None = Field(
        default=None, description="Columns that describe the user. null: all others."
    )
    codes: Annotated[list[Column], Distinct] = Field(
        default=[],
        description="Those of the columns whose numbers are names, such as 4 for a student.",
    )


class CsvSettings(Settings):
    """Files of one's own, and their columns."""

    separator: Separator | None = Field(
        default=None,
        description="What separates the columns: any text, `tab`, or `blanks` for runs of blanks. "
        "null: found in the file.",
    )
    encoding: Encoding = Field(default="utf-8", description="Encoding of the files.")
    decimal: Literal[".", ","] = Field(default=".", description="Decimal mark of the ratings.")
    ratings: RatingsFile
    items: ItemsFile | None = None
    tags: TagsFile | None = None
    users: UsersFile | None = None

    @property
    def tables(self) -> dict[str, OwnFile]:
        """The configured ones of the tables ``ratings``, ``items``, ``tags`` and ``users``."""
        tables = {name: getattr(self, name) for name in ("ratings", "items", "tags", "users")}
        return {name: given for name, given in tables.items() if given is not None}

    @property
    def encodings(self) -> dict[str, str]:
        """Encoding of each file."""
        tables = self.tables.values()
        return {file: own.encoding or self.encoding for own in tables for file in own.files}


class SyntheticSettings(Settings):
    """Size and structure of generated ratings (name: synthetic)."""

    users: int = Field(default=1000, ge=2, description="Number of users.")
    items: int = Field(default=2000, ge=2, description="Number of items.")
    ratings: int = Field(default=100000, ge=1, description="Number of ratings.")
    latent_dim: int = Field(default=8, ge=1, description="Number of true factors.")
    terms: int = Field(default=40, ge=1, description="Number of words.")
    noise: Number = Field(
        default=0.8,
        ge=0,
        description="Standard deviation of the noise of a rating, in rating units.",
    )


class DatasetSettings(Settings):
    """The data set of the experiment."""

    name: FolderName = Field(
        description="ml-100k, ml-latest-small, ml-1m, ml-10m, ml-20m, ml-25m, ml-32m, synthetic, "
        "or another name with `path` and `csv`. Also the folder's name under results/."
    )
    path: LocalPath | None = Field(
        default=None,
        description="Local folder or archive with the data; may name environment variables, such "
        "as $BLENDMF_DATA. null: looked for as NAME/ or NAME.zip in the folder of the environment "
        "variable BLENDMF_DATA, then fetched from its source.",
    )
    rating_range: Annotated[list[RatingValue], Field(min_length=2, max_length=2)] | None = Field(
        default=None,
        description="Lowest and highest possible rating. Predictions are clipped to it, ratings "
        "outside it are refused. null: that of the known data set; required for CSV files.",
    )
    duplicates: Literal["error", "last", "mean"] = Field(
        default="error",
        description="Two ratings of one item by one user: error stops, last keeps the newest, mean "
        "averages them.",
    )
    unrated: Annotated[list[RatingValue], Distinct] = Field(
        default=[],
        description="Values that mark an item as not rated, such as [0] or [99]: dropped, counted.",
    )
    min_user_ratings: int = Field(
        default=1, ge=1, description="Keep users with at least this many ratings of kept items."
    )
    min_item_ratings: int = Field(
        default=1, ge=1, description="Keep items with at least this many ratings by kept users."
    )
    max_unpacked_gib: Number = Field(
        default=8, gt=0, description="Refuse to unpack more than this, in GiB."
    )
    format: Literal["recbole", "triples"] | None = Field(
        default=None,
        description="Form of the files under `path`, instead of `csv`. recbole: atomic files, one "
        ".inter and perhaps one .item and one .user. triples: one file of user, item, rating and "
        "perhaps time, without a header, as LensKit and Surprise read them.",
    )
    csv: CsvSettings | None = Field(
        default=None, description="Columns of one's own files. null: a known data set."
    )
    synthetic: SyntheticSettings = Field(
        default=SyntheticSettings(), description="Generated data (name: synthetic)."
    )

    @property
    def is_own(self) -> bool:
        """Whether the files are the user's own, not those of a known data set."""
        return self.csv is not None or self.format is not None


class Size(Settings):
    """Size of one generated data set of a comparison of sizes."""

    users: int = Field(ge=2, description="Number of users.")
    items: int = Field(ge=2, description="Number of items.")
    ratings: int = Field(ge=1, description="Number of ratings.")


Scale = Annotated[dict[FolderName, Size], Field(min_length=2), Removable, Sorted]
"""Generated data sets of several sizes by name, in place of the one of `dataset`."""
