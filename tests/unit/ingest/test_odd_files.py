"""Archives and files that are not what they say: refused before they cost time or space."""

import gzip
import io
import os
import socket
import struct
import time
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest

from blendmf.common.errors import UserError
from blendmf.config.dataset import DatasetSettings
from blendmf.ingest.archives import unpack, unpack_in_place
from blendmf.ingest.catalogue import Layout
from blendmf.ingest.fetch import fetch
from blendmf.ingest.initial import initial_configuration
from blendmf.ingest.precheck import data_problems
from packed import tarred

LAYOUT = Layout("csv", {"ratings.csv": None})
CONTENT = b"user,film,stars\nu1,a,4\n" * 20
GIB = 2**30


def zipped(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names or ("x/ratings.csv",):
            archive.writestr(name, CONTENT)
    return buffer.getvalue()


ARCHIVES = {
    "zip": zipped(),
    **{name or "tar": tarred(CONTENT, name) for name in ("", "gz", "bz2", "xz")},
}
ZEROS = b"\0" * (2**20 + 1)


def unpacked(folder: Path, content: bytes, max_gib: float = 0.1) -> bytes:
    (folder / "a").write_bytes(content)
    (folder / "files").mkdir(exist_ok=True)
    unpack(folder / "a", [LAYOUT], folder / "files", max_gib)
    return (folder / "files" / "ratings.csv").read_bytes()


@pytest.mark.parametrize("kind", ARCHIVES)
def test_whole_archives_are_unpacked(tmp_path, kind):
    assert unpacked(tmp_path, ARCHIVES[kind]) == CONTENT


@pytest.mark.parametrize("kind", ARCHIVES)
@pytest.mark.parametrize("after", [b"junk" * 200, None, b"\0" * 600 + b"x", ZEROS + b"x"])
def test_nothing_follows_the_end_of_an_archive(tmp_path, kind, after):
    content = ARCHIVES[kind]
    with pytest.raises(UserError, match=r"damaged or cut short"):
        unpacked(tmp_path, content + (content if after is None else after))


@pytest.mark.parametrize("kind", ["zip", "gz", "bz2", "xz"])
def test_many_zeros_after_the_end_are_refused_at_once(tmp_path, kind):
    start = time.monotonic()
    with pytest.raises(UserError, match="it has data after its end"):
        unpacked(tmp_path, ARCHIVES[kind] + ZEROS * 20)
    assert time.monotonic() - start < 2


def test_zeros_after_the_end_of_a_tar_archive_count(tmp_path):
    content = ARCHIVES["tar"] + ZEROS * 4
    assert unpacked(tmp_path, content) == CONTENT
    with pytest.raises(UserError, match="unpacks to more than"):
        unpacked(tmp_path, content, 2**20 / GIB)
    with pytest.raises(UserError, match="unpacks to more than"):
        unpacked(tmp_path, gzip.compress(content), 2**20 / GIB)


@pytest.mark.parametrize("cut", [1, 600, 5000, 9000])
def test_a_tar_archive_without_an_end_is_refused(tmp_path, cut):
    content = ARCHIVES["tar"]
    member = content.index(b"\0" * 600) // 512 * 512 + 512
    whole = len(content) - cut >= member + 512
    try:
        assert unpacked(tmp_path, content[:-cut]) == CONTENT
    except UserError:
        whole = not whole
    assert whole


@pytest.mark.parametrize("kind", ["zip", "gz", "bz2", "xz"])
def test_an_archive_with_a_changed_byte_is_unpacked_right_or_refused(tmp_path, kind):
    content = ARCHIVES[kind]
    for place in range(0, len(content), 3):
        changed = bytearray(content)
        changed[place] ^= 0xFF
        with suppress(UserError):
            assert unpacked(tmp_path, bytes(changed)) == CONTENT
        (tmp_path / "r.csv").write_bytes(changed)
        with suppress(UserError):
            unpack_in_place(tmp_path / "r.csv", 0.1)


def changed_zip(directory: dict[int, bytes], local: dict[int, bytes] | None = None) -> bytes:
    """The archive with other bytes at some places of its directory, and of the member's header."""
    content = bytearray(ARCHIVES["zip"])
    start = content.index(b"PK\x01\x02")
    for place, value in directory.items():
        content[start + place : start + place + len(value)] = value
    for place, value in (local or {}).items():
        content[place : place + len(value)] = value
    return bytes(content)


@pytest.mark.parametrize(
    "content",
    [
        changed_zip({24: struct.pack("<I", 5)}),
        changed_zip({24: struct.pack("<I", 2**31)}),
        changed_zip({16: b"\0\0\0\0"}),
        changed_zip({42: struct.pack("<I", 10**6)}),
        changed_zip({8: b"\1"}, {6: b"\1"}),
        changed_zip({10: b"\x63\0"}, {8: b"\x63\0"}),
        changed_zip({46: b"y"}),
        b"junk" + ARCHIVES["zip"],
        b"PK" + ARCHIVES["zip"],
        zipped("ratings.csv", "ratings.csv"),
        zipped("a/ratings.csv", "b/ratings.csv"),
        zipped("__MACOSX/ratings.csv", "x/ratings.csv"),
        zipped("../ratings.csv"),
        zipped("/ratings.csv"),
        zipped("C:\\ratings.csv"),
        zipped("other.csv"),
        b"",
        b"PK",
        b"PK\x03\x04",
        b"PK\x05\x06" + b"\0" * 18,
        b"\0" * 10240,
        b"\x1f\x8b",
        gzip.compress(b""),
        gzip.compress(b"\0" * 10**6),
        ARCHIVES["tar"][:124] + b"77777777777\0" + ARCHIVES["tar"][136:],
        ARCHIVES["tar"][:124] + b"\x80" + b"\xff" * 11 + ARCHIVES["tar"][136:],
        ARCHIVES["tar"][:156] + b"2" + ARCHIVES["tar"][157:],
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_archives_whose_headers_lie_are_refused(tmp_path, content):
    with pytest.raises(UserError):
        unpacked(tmp_path, content)


def test_a_length_of_the_comment_that_nothing_reads_does_no_harm(tmp_path):
    assert unpacked(tmp_path, ARCHIVES["zip"][:-2] + b"\xff\xff") == CONTENT


def test_a_packed_size_that_lies_is_refused_or_does_no_harm(tmp_path):
    content = changed_zip({20: struct.pack("<I", 2**31)})
    with suppress(UserError):  # by the versions of Python that look for overlapping members
        assert unpacked(tmp_path, content) == CONTENT


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (gzip.compress(CONTENT) + b"junk", "damaged or cut short"),
        (gzip.compress(CONTENT) + ZEROS * 20, "data after its end"),
        (gzip.compress(CONTENT)[:-4], "damaged or cut short"),
        (gzip.compress(CONTENT)[:-4] + b"xxxx", "damaged or cut short"),
        (gzip.compress(CONTENT)[:10], "damaged or cut short"),
        (gzip.compress(gzip.compress(CONTENT)), "packed twice"),
        (ARCHIVES["zip"] + b"\0", "data after its end"),
        (ARCHIVES["zip"] + b"junk", "data after its end"),
        (changed_zip({42: b"\xff\xff\xff\x7f"}), "damaged or cut short"),
        (ARCHIVES["zip"][:-6] + b"\xff\xff\xff\xff\0\0", "damaged or cut short"),
        (
            ARCHIVES["zip"][:-10] + b"\xff\xff\xff\xff" + ARCHIVES["zip"][-6:],
            "damaged or cut short",
        ),
        (zipped("a", "b"), "has 2 files"),
        (zipped("a/"), "has 0 files"),
        (b"PK\x05\x06" + b"\0" * 18, "has 0 files"),
        (ARCHIVES["xz"], "packed by xz"),
        (ARCHIVES["bz2"], "packed by bzip2"),
        (gzip.compress(b"x" * 10**6), "unpacks to more than"),
    ],
)
def test_packed_files_are_refused_with_a_reason(tmp_path, content, reason):
    (tmp_path / "r.csv").write_bytes(content)
    with pytest.raises(UserError, match=reason):
        unpack_in_place(tmp_path / "r.csv", 10**5 / GIB)
    assert (tmp_path / "r.csv").read_bytes() == content


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (gzip.compress(CONTENT), CONTENT),
        (gzip.compress(CONTENT) * 2, CONTENT * 2),
        (gzip.compress(CONTENT) + b"\0" * 500, CONTENT),
        (ARCHIVES["zip"], CONTENT),
        (CONTENT, CONTENT),
        (b"", b""),
    ],
)
def test_packed_files_are_unpacked(tmp_path, content, expected):
    (tmp_path / "r.csv").write_bytes(content)
    unpack_in_place(tmp_path / "r.csv", 0.1)
    assert (tmp_path / "r.csv").read_bytes() == expected


def special(kind: str, path: Path) -> None:
    """Make something that is no plain file."""
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as made:
            os.chdir(path.parent)
            made.bind(path.name)
    else:
        path.symlink_to({"circle": path.name, "nothing": "none"}.get(kind, kind))


@pytest.mark.parametrize(
    "kind",
    [
        *("pipe", "socket", "folder", "circle", "nothing", "/dev/null", "/dev/zero"),
        *("/dev/urandom", "/dev/tty", "/proc/self/mem"),
    ],
)
@pytest.mark.parametrize("given", ["folder", "file"])
@pytest.mark.parametrize("name", ["own", "ml-1m"])
def test_what_is_no_plain_file_is_refused_before_it_is_opened(
    tmp_path, monkeypatch, kind, given, name
):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "ratings.csv"
    special(kind, path)
    csv = {"ratings": {"file": "ratings.csv", "user": 0, "item": 1, "rating": 2}}
    dataset = DatasetSettings(
        name=name,
        path=str(tmp_path if given == "folder" else path),
        rating_range=[1, 5],
        csv=csv if name == "own" else None,
    )
    with pytest.raises(UserError) as refused:
        fetch(dataset, tmp_path / "results" / "raw", None, {})
    assert str(tmp_path) in str(refused.value)
    if name == "own":
        assert len(data_problems(dataset)) == 1
    with pytest.raises(UserError, match=r"ratings\.csv"):
        initial_configuration(path, None)
