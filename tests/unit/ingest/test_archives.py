import io
import stat
import tarfile
import zipfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blendmf.common.errors import UserError
from blendmf.ingest.archives import unpack
from blendmf.ingest.catalogue import Layout

MIB = 2**20
DANGEROUS = ["/etc/passwd", "../up.csv", "a/../../up.csv", "a\\..\\up.csv", "C:evil.csv", "c:/evil"]


def write_archive(path: Path, members: dict[str, bytes]) -> Path:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
            for name, content in members.items():
                zipped.writestr(name, content)
        return path
    mode = {".gz": "w:gz", ".bz2": "w:bz2", ".xz": "w:xz"}.get(path.suffix, "w")
    with tarfile.open(path, mode) as tar:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


def unpacked(archive: Path, names: Iterable[str], max_bytes: int = MIB) -> dict[str, bytes]:
    folder = archive.parent / "inner" / "target"
    folder.mkdir(parents=True, exist_ok=True)
    unpack(archive, [Layout("any", dict.fromkeys(names))], folder, max_bytes / 2**30)
    inner = archive.parent / "inner"
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in inner.rglob("*") if p.is_file()
    }


@pytest.fixture(params=["a.zip", "a.tar", "a.tar.gz", "a.tar.bz2", "a.tar.xz"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / request.param


def test_files_of_the_layout_are_written_without_their_folders(archive: Path) -> None:
    write_archive(archive, {"set/ratings.csv": b"1,2\n" * 9, "set/more/x.csv": b"", "README": b"r"})
    written = unpacked(archive, ["ratings.csv", "x.csv"])
    assert written == {"ratings.csv": b"1,2\n" * 9, "x.csv": b""}


def test_folders_are_not_files(tmp_path: Path) -> None:
    zipped = write_archive(tmp_path / "a.zip", {"x/": b"", "x/y": b"1"})
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        folder = tarfile.TarInfo("x")
        folder.type = tarfile.DIRTYPE
        tar.addfile(folder)
        tar.addfile(tarfile.TarInfo("x/y"))
    for path in (zipped, tmp_path / "a.tar"):
        assert list(unpacked(path, ["y"])) == ["y"]
        with pytest.raises(UserError, match="the archive lacks x"):
            unpacked(path, ["x"])


@pytest.mark.parametrize("kind", ["a.zip", "a.tar.gz"])
@pytest.mark.parametrize("name", DANGEROUS)
def test_path_traversal_is_refused(name: str, kind: str, tmp_path: Path) -> None:
    archive = write_archive(tmp_path / kind, {"ratings.csv": b"1", name: b"evil"})
    with pytest.raises(UserError) as refusal:
        unpacked(archive, ["ratings.csv"])
    assert f"{kind}: the member {name!r} would be written outside" in str(refusal.value)
    assert not [path for path in (tmp_path / "inner").rglob("*") if path.is_file()]


@pytest.mark.parametrize("kind", [None, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_are_refused(kind: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "a"
    if kind is None:
        link = zipfile.ZipInfo("ratings.csv")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(link, "/etc/passwd")
    else:
        with tarfile.open(path, "w") as tar:
            member = tarfile.TarInfo("ratings.csv")
            member.type, member.linkname = kind, "/etc/passwd"
            tar.addfile(member)
    with pytest.raises(UserError, match=r"'ratings\.csv' is a link or a device"):
        unpacked(path, ["ratings.csv"])


def test_the_size_limit_applies_to_all_files_together(archive: Path) -> None:
    write_archive(archive, {"a": bytes(600), "b": bytes(400)})
    unpacked(archive, "ab", 1000)
    with pytest.raises(UserError, match="max_unpacked_gib"):
        unpacked(archive, "ab", 999)


def test_listing_a_compressed_tar_archive_stops_at_the_limit(tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "a.tar.gz", {"filler": bytes(8 * MIB), "a": b"1"})
    with pytest.raises(UserError, match="max_unpacked_gib"):
        unpacked(archive, "a")


@pytest.mark.parametrize("declared", [32 * MIB, 10])
def test_unpacking_stops_at_the_limit_whatever_size_is_declared(
    declared: int, tmp_path: Path
) -> None:
    archive = write_archive(tmp_path / "a.zip", {"a": bytes(32 * MIB)})
    true, false = (size.to_bytes(4, "little") for size in (32 * MIB, declared))
    content = archive.read_bytes()
    assert content.count(true) == 2
    archive.write_bytes(content.replace(true, false))
    with pytest.raises(UserError, match="max_unpacked_gib" if declared > MIB else None):
        unpacked(archive, "a", 3 * MIB)
    assert (tmp_path / "inner" / "target" / "a").stat().st_size <= 3 * MIB


def test_a_truncated_archive_is_refused(archive: Path) -> None:
    write_archive(archive, {"a": bytes(i * i % 251 for i in range(50_000))})
    archive.write_bytes(archive.read_bytes()[: archive.stat().st_size // 2])
    with pytest.raises(UserError, match=rf"{archive.name} is no zip or tar archive, or damaged"):
        unpacked(archive, "a")


@pytest.mark.parametrize("content", [b"", b"PK", b"user,item\n1,2\n", b"\x1f\x8b\x08"])
def test_a_file_that_is_not_an_archive_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(UserError, match=r"x\.zip is no zip or tar archive"):
        unpacked(tmp_path / "x.zip", "a")


def test_an_encrypted_archive_is_refused(tmp_path: Path) -> None:
    content = bytearray(write_archive(tmp_path / "a.zip", {"a": b"1"}).read_bytes())
    for header, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        content[content.index(header) + flags] |= 1
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(UserError, match=r"a\.zip is no zip .*encrypted"):
        unpacked(tmp_path / "a.zip", "a")


def test_a_tar_archive_that_contains_a_zip_file_is_a_tar_archive(tmp_path: Path) -> None:
    inner = write_archive(tmp_path / "inner.zip", {"x": b"1"}).read_bytes()
    tar = write_archive(tmp_path / "a.tar", {"inner.zip": inner})
    assert unpacked(tar, ["inner.zip"]) == {"inner.zip": inner}


@pytest.mark.parametrize("kind", ["a.zip", "a.tar.gz", "a.tar.bz2", "a.tar.xz"])
@given(position=st.integers(0, 10_000), value=st.integers(0, 255))
@settings(max_examples=40, deadline=None)
def test_a_changed_byte_is_refused_or_harmless(
    kind: str, position: int, value: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    members = {"ratings.csv": b"1,2,3.5\n" * 20, "tags.csv": b"tag"}
    archive = write_archive(tmp_path_factory.mktemp("changed") / kind, members)
    content = bytearray(archive.read_bytes())
    content[position % len(content)] = value
    archive.write_bytes(content)
    with suppress(UserError):
        assert set(unpacked(archive, members).values()) <= set(members.values())
