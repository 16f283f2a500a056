import io
import stat
import tarfile
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blendmf.common.errors import UserError
from blendmf.ingest.archives import member_names, unpack

MIB = 2**20
DANGEROUS = ["/etc/passwd", "../up.csv", "a/../../up.csv", "a\\..\\up.csv", "C:evil.csv", "c:/evil"]


def write_zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def write_tar(path: Path, members: dict[str, bytes]) -> Path:
    mode = {".gz": "w:gz", ".bz2": "w:bz2", ".xz": "w:xz"}.get(path.suffix, "w")
    with tarfile.open(path, mode) as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def write_archive(path: Path, members: dict[str, bytes]) -> Path:
    return (write_zip if path.suffix == ".zip" else write_tar)(path, members)


@pytest.fixture(params=["a.zip", "a.tar", "a.tar.gz", "a.tar.bz2", "a.tar.xz"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / request.param


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "inner" / "target"
    folder.mkdir(parents=True)
    return folder


def files_in(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def test_members_are_written_under_the_names_asked_for(archive: Path, folder: Path) -> None:
    write_archive(archive, {"set/ratings.csv": b"1,2\n" * 9, "set/more/x.csv": b"", "README": b"r"})
    assert member_names(archive, MIB) == ["set/ratings.csv", "set/more/x.csv", "README"]
    unpack(archive, {"ratings.csv": "set/ratings.csv", "y.csv": "set/more/x.csv"}, folder, MIB)
    assert files_in(folder) == {"ratings.csv": b"1,2\n" * 9, "y.csv": b""}


def test_folders_are_no_members(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "a.zip", {"set/": b"", "set/x": b"1"})
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        folder = tarfile.TarInfo("set")
        folder.type = tarfile.DIRTYPE
        tar.addfile(folder)
        tar.addfile(tarfile.TarInfo("set/x"))
    assert member_names(archive, MIB) == member_names(tmp_path / "a.tar", MIB) == ["set/x"]


@pytest.mark.parametrize("kind", ["a.zip", "a.tar.gz"])
@pytest.mark.parametrize("name", DANGEROUS)
def test_a_name_that_leads_out_of_the_folder_is_refused(
    name: str, kind: str, tmp_path: Path
) -> None:
    archive = write_archive(tmp_path / kind, {"ratings.csv": b"1", name: b"evil"})
    with pytest.raises(UserError) as refusal:
        member_names(archive, MIB)
    assert repr(name) in str(refusal.value)


def test_nothing_is_written_outside_even_if_the_caller_passes_a_dangerous_name(
    tmp_path: Path, folder: Path
) -> None:
    archive = write_zip(tmp_path / "a.zip", {"../up.csv": b"evil"})
    unpack(archive, {"../up.csv": "../up.csv"}, folder, MIB)
    assert files_in(tmp_path / "inner") == {"target/up.csv": b"evil"}


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_in_a_tar_archive_are_refused(kind: bytes, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        member = tarfile.TarInfo("ratings.csv")
        member.type, member.linkname = kind, "/etc/passwd"
        tar.addfile(member)
    with pytest.raises(UserError, match=r"'ratings\.csv' is a link or a device"):
        member_names(tmp_path / "a.tar", MIB)


def test_a_link_in_a_zip_archive_is_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("ratings.csv")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(UserError, match=r"'ratings\.csv' is a link or a device"):
        member_names(tmp_path / "a.zip", MIB)


def test_the_limit_counts_all_members_together(archive: Path, folder: Path) -> None:
    write_archive(archive, {"a": bytes(600), "b": bytes(400)})
    unpack(archive, {"a": "a", "b": "b"}, folder, 1000)
    with pytest.raises(UserError, match="max_unpacked_gib"):
        unpack(archive, {"a": "a", "b": "b"}, folder, 999)


def test_unpacking_stops_at_the_limit_however_much_follows(tmp_path: Path, folder: Path) -> None:
    archive = write_zip(tmp_path / "a.zip", {"a": bytes(32 * MIB)})
    with pytest.raises(UserError, match="max_unpacked_gib"):
        unpack(archive, {"a": "a"}, folder, 3 * MIB)
    assert (folder / "a").stat().st_size <= 3 * MIB


def test_listing_a_compressed_tar_archive_stops_at_the_limit(tmp_path: Path) -> None:
    archive = write_tar(tmp_path / "a.tar.gz", {"filler": bytes(8 * MIB), "ratings.csv": b"1"})
    with pytest.raises(UserError, match="max_unpacked_gib"):
        member_names(archive, MIB)


def test_a_declared_size_that_is_too_small_does_not_get_past_the_limit(
    tmp_path: Path, folder: Path
) -> None:
    archive = write_zip(tmp_path / "a.zip", {"a": bytes(4 * MIB)})
    true, false = (size.to_bytes(4, "little") for size in (4 * MIB, 10))
    content = archive.read_bytes()
    assert content.count(true) == 2
    archive.write_bytes(content.replace(true, false))
    with pytest.raises(UserError):
        unpack(archive, {"a": "a"}, folder, MIB)
    assert (folder / "a").stat().st_size <= MIB


def test_an_archive_that_is_cut_short_is_told(archive: Path, folder: Path) -> None:
    noise = bytes(i * i % 251 for i in range(50_000))
    write_archive(archive, {"a": noise})
    archive.write_bytes(archive.read_bytes()[: archive.stat().st_size // 2])
    with pytest.raises(UserError, match=rf"{archive.name} is no zip or tar archive, or damaged"):
        unpack(archive, dict.fromkeys(member_names(archive, MIB), "a"), folder, MIB)


@pytest.mark.parametrize("content", [b"", b"PK", b"user,item\n1,2\n", b"\x1f\x8b\x08"])
def test_a_file_that_is_no_archive_is_told(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(UserError, match=r"x\.zip is no zip or tar archive"):
        member_names(tmp_path / "x.zip", MIB)


def test_a_tar_archive_that_holds_a_zip_file_is_a_tar_archive(tmp_path: Path) -> None:
    inner = write_zip(tmp_path / "inner.zip", {"x": b"1"}).read_bytes()
    assert member_names(write_tar(tmp_path / "a.tar", {"inner.zip": inner}), MIB) == ["inner.zip"]


@pytest.mark.parametrize("kind", ["a.zip", "a.tar.gz", "a.tar.bz2", "a.tar.xz"])
@given(position=st.integers(0, 10_000), value=st.integers(0, 255))
@settings(max_examples=40, deadline=None)
def test_a_changed_byte_is_told_or_does_no_harm(
    kind: str, position: int, value: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    members = {"ratings.csv": b"1,2,3.5\n" * 20, "tags.csv": b"tag"}
    folder = tmp_path_factory.mktemp("changed")
    archive = write_archive(folder / kind, members)
    content = bytearray(archive.read_bytes())
    content[position % len(content)] = value
    archive.write_bytes(content)
    (folder / "target").mkdir()
    with suppress(UserError):
        names = member_names(archive, MIB)
        unpack(archive, {str(i): name for i, name in enumerate(names)}, folder / "target", MIB)
        assert set(files_in(folder / "target").values()) <= set(members.values())
