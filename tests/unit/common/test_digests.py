import subprocess
from pathlib import Path

import pytest

from blendmf.common import digests
from blendmf.common.errors import UserError
from blendmf.common.job_log import job
from script_jobs import ScriptJob

MODEL = "results/films/models/{}/seed-{}/model.npz"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path("results/films")


def written(*names: str, text: str = "some contents") -> list[Path]:
    """Files that a rule wrote, with their digests."""
    paths = [Path(name) for name in names]
    with digests.checked([], paths):
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{text} of {path}")
    return paths


def refused(*paths: Path, folder: Path | None = None) -> str:
    with pytest.raises(UserError) as error:
        digests.refuse_damage(paths, folder)
    return str(error.value)


@pytest.mark.usefixtures("folder")
def test_files_and_folders_as_they_were_written_are_accepted() -> None:
    paths = written("results/films/a.csv", "results/films/split/b.json")
    raw = Path("results/films/data/raw")
    with digests.checked(paths, [raw]):
        (raw / "deep").mkdir(parents=True)
        for name in ("u.data", "deep/odd\\na\nme \u2028 é", "deep/\udcff"):
            (raw / name).write_text(name, errors="surrogateescape")
    (raw / ".snakemake_timestamp").touch()
    assert digests.refuse_damage([*paths, raw]) == []
    assert digests.digest_file(raw) == Path("results/films/data/.raw.sha256")


def test_sha256sum_reads_the_digests(folder: Path) -> None:
    path, other = written("results/films/a.csv", "results/films/split/b\\c.json")
    command = [
        "sha256sum",
        "--check",
        *(f"films/{digests.digest_file(one).relative_to(folder)}" for one in (path, other)),
    ]
    subprocess.run(command, cwd="results", check=True)
    path.write_text("other")
    assert subprocess.run(command, cwd="results", check=False).returncode == 1


@pytest.mark.parametrize("change", ["flip", "truncated", "empty", "longer"])
@pytest.mark.usefixtures("folder")
def test_a_changed_file_is_refused_with_its_path_and_the_remedy(change: str) -> None:
    (path,) = written("results/films/a.csv")
    content = path.read_bytes()
    flipped = bytes([content[0] ^ 1]) + content[1:]
    path.write_bytes(
        {"flip": flipped, "truncated": content[:-1], "empty": b"", "longer": content + b"\n"}[
            change
        ]
    )
    assert refused(path) == (
        "results/films/a.csv: was changed after it was written; delete it and run snakemake again"
    )


@pytest.mark.usefixtures("folder")
def test_all_damaged_files_are_named_at_once() -> None:
    paths = written("results/films/a.csv", "results/films/b.csv", "results/films/c.csv")
    for path in paths[:2]:
        path.write_text("x")
    message = refused(*paths)
    assert message.startswith("2 results are not as they were written; delete them and run snakem")
    assert [line.strip().split(":")[0] for line in message.splitlines()[1:]] == [
        "results/films/a.csv",
        "results/films/b.csv",
    ]


@pytest.mark.parametrize("other", [("mf", 2), ("bias", 1)])
@pytest.mark.usefixtures("folder")
def test_the_file_of_another_model_or_seed_is_refused_also_with_its_digest(other) -> None:
    mine, others = written(MODEL.format("mf", 1), MODEL.format(*other))
    mine.write_bytes(others.read_bytes())
    assert "was changed after it was written" in refused(mine)
    digests.digest_file(mine).write_bytes(digests.digest_file(others).read_bytes())
    place = "/".join(others.parts[1:])
    assert f"{mine}: is {place}, in the place of another file" in refused(mine)


@pytest.mark.usefixtures("folder")
def test_the_folder_of_another_data_set_is_refused_in_a_run_but_may_be_renamed_for_people() -> None:
    written("results/films/models/mf/seed-1/model.npz")
    Path("results/films").rename("results/earlier")
    moved = Path("results/earlier/models/mf/seed-1/model.npz")
    assert "is films/models/mf/seed-1/model.npz, in the place" in refused(moved)
    assert digests.intact(moved, Path("results/earlier")) == moved
    # All results may lie elsewhere.
    Path("results").rename("archive")
    moved = Path("archive/earlier/models/mf/seed-1/model.npz")
    assert digests.refuse_damage([moved]) == []
    moved.write_text("x")
    assert "was changed" in refused(moved)
    assert "was changed" in refused(moved, folder=Path("archive/earlier"))


@pytest.mark.usefixtures("folder")
def test_the_name_of_a_result_is_not_its_place() -> None:
    index, other = written("results/index.html", "results/films/explorer/index.html")
    for mine, theirs in ((index, other), (other, index)):
        digests.digest_file(mine).write_bytes(digests.digest_file(theirs).read_bytes())
        mine.write_bytes(theirs.read_bytes())
        assert "in the place of another file" in refused(mine)
        written("results/index.html", "results/films/explorer/index.html")


@pytest.mark.usefixtures("folder")
def test_changes_below_a_folder_are_refused() -> None:
    raw = Path("results/films/data/raw")
    with digests.checked([], [raw]):
        raw.mkdir(parents=True)
        for name in ("a", "b"):
            (raw / name).write_text(name)
    (raw / "c").write_text("c")
    assert f"{raw}: has films/data/raw/c in addition" in refused(raw)
    (raw / "c").unlink()
    (raw / "b").write_text("c")
    assert f"{raw}: films/data/raw/b was changed after" in refused(raw)
    (raw / "b").unlink()
    assert f"{raw}: has lost films/data/raw/b" in refused(raw)


def test_a_file_that_cannot_be_read_is_named(folder: Path, monkeypatch) -> None:
    (path,) = written(str(folder / "a.csv"))

    def fail(broken: Path) -> str:
        raise OSError(5, "Input/output error", broken)

    monkeypatch.setattr(digests, "file_digest", fail)
    assert f"{path}: cannot be read (Input/output error); delete it" in refused(path)


@pytest.mark.parametrize("content", [b"", b"x", b"0" * 64, b"\xff\xfe", b"0" * 64 + b"  a.csv"])
@pytest.mark.usefixtures("folder")
def test_a_damaged_digest_is_refused(content: bytes) -> None:
    (path,) = written("results/films/a.csv")
    digests.digest_file(path).write_bytes(content)
    assert "its digest, .a.csv.sha256, is damaged" in refused(path)


@pytest.mark.usefixtures("folder")
def test_files_without_a_digest_are_not_checked_and_results_among_them_are_named() -> None:
    names = ("own.csv", "results/films/a.csv", "results/films/logs/a.log", "results/gone.csv")
    for path in map(Path, names[:3]):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert list(map(str, digests.refuse_damage(names))) == ["results/films/a.csv"]
    assert digests.refuse_damage([".", "..", "/", str(Path.cwd())]) == []


def test_a_job_checks_what_it_reads_and_seals_what_it_writes(folder: Path) -> None:
    source, target = folder / "source.csv", folder / "target.csv"
    written(str(source))
    made = ScriptJob(folder / "logs/made.log", [str(source)], [str(target)])
    with job(made):
        target.write_text("first")
    sealed = digests.digest_file(target).read_bytes()
    # A job that is killed or fails leaves no digest of an earlier file.
    target.write_text("second")
    with pytest.raises(SystemExit), job(made):
        raise UserError("no")
    assert not digests.digest_file(target).exists()
    with job(made):
        target.write_text("first")
    assert digests.digest_file(target).read_bytes() == sealed
    source.write_text("damaged")
    with pytest.raises(SystemExit, match="1"), job(made):
        raise AssertionError("a job with damaged inputs does not begin")
    assert made.path.read_text() == (
        f"error: {source}: was changed after it was written; delete it and run snakemake again\n"
    )


def test_files_of_a_storage_have_no_digests(folder: Path) -> None:
    target = folder / "target.csv"
    with job(ScriptJob(folder / "logs/a.log", [], [str(target)], {"stored": 1})):
        target.write_text("stored")
    assert not digests.digest_file(target).exists()


@pytest.mark.usefixtures("folder")
def test_results_that_are_not_checked_are_in_the_log() -> None:
    path = Path("results/films/put.csv")
    path.parent.mkdir(parents=True)
    path.touch()
    made = ScriptJob(Path("results/films/logs/a.log"), [str(path)])
    with job(made):
        pass
    assert made.path.read_text().startswith(
        "not checked, for lack of a digest: results/films/put.csv\n"
    )
