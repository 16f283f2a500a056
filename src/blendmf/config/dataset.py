"""Settings of the data: where the ratings come from, and the size of generated ones."""

from typing import Annotated, Literal

from pydantic import Field

from blendmf.config.fields import FolderName, Number, Removable, Settings, Sorted


class RatingsFile(Settings):
    """The ratings file and its columns."""

    file: str = Field(description="Name of the file in `dataset.path`.")
    user: str = Field(description="Column of the user's id.")
    item: str = Field(description="Column of the item's id.")
    rating: str = Field(description="Column of the rating.")
    timestamp: str | None = Field(
        default=None,
        description="Column of the time, in seconds since 1970 or as an ISO 8601 date. null: the "
        "order of the rows counts.",
    )


class ItemsFile(Settings):
    """The file that describes the items, and its columns."""

    file: str = Field(description="Name of the file in `dataset.path`.")
    item: str = Field(description="Column of the item's id.")
    title: str | None = Field(default=None, description="Column of the title.")
    year: str | None = Field(
        default=None, description='Column of the year. null: taken from titles like "Heat (1995)".'
    )
    genres: str | None = Field(default=None, description="Column of the genres.")
    genres_separator: str = Field(
        default="|", min_length=1, description="What separates the genres of an item."
    )


class TagsFile(Settings):
    """The file of users' tags, and its columns."""

    file: str = Field(description="Name of the file in `dataset.path`.")
    user: str = Field(description="Column of the user's id.")
    item: str = Field(description="Column of the item's id.")
    tag: str = Field(description="Column of the tag.")
    timestamp: str | None = Field(default=None, description="Column of the time, as for ratings.")


class CsvSettings(Settings):
    """Columns of your own delimited files."""

    separator: str = Field(
        default=",", min_length=1, max_length=1, description="What separates the columns."
    )
    encoding: str = Field(default="utf-8", description="Encoding of the files.")
    ratings: RatingsFile
    items: ItemsFile | None = None
    tags: TagsFile | None = None


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
    path: str | None = Field(
        default=None,
        description="Local folder or archive with the data. null: looked for as NAME/ or NAME.zip "
        "in the folder of the environment variable BLENDMF_DATA, then fetched from its source.",
    )
    rating_range: Annotated[list[Number], Field(min_length=2, max_length=2)] | None = Field(
        default=None,
        description="Lowest and highest possible rating. Predictions are clipped to it, ratings "
        "outside it are refused. null: that of the known data set; required for CSV files.",
    )
    duplicates: Literal["error", "last", "mean"] = Field(
        default="error",
        description="Two ratings of one item by one user: error stops, last keeps the newest, mean "
        "averages them.",
    )
    max_unpacked_gib: Number = Field(
        default=8, gt=0, description="Refuse to unpack more than this, in GiB."
    )
    csv: CsvSettings | None = Field(
        default=None, description="Columns of one's own files. null: a known data set."
    )
    synthetic: SyntheticSettings = Field(
        default=SyntheticSettings(), description="Generated data (name: synthetic)."
    )


class Size(Settings):
    """Size of one generated data set of a comparison of sizes."""

    users: int = Field(ge=2, description="Number of users.")
    items: int = Field(ge=2, description="Number of items.")
    ratings: int = Field(ge=1, description="Number of ratings.")


Scale = Annotated[dict[FolderName, Size], Field(min_length=2), Removable, Sorted]
"""Generated data sets of several sizes by name, in place of the one of `dataset`."""
