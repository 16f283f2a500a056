from pathlib import Path

import pytest
import yaml

from finished_run import ask, refused

RATINGS_TEXT = "who,film,stars\n" + "".join(
    f"u{user},{item},{1 + (user + item) % 5}\n" for user in range(6) for item in range(5)
)
FILMS_TEXT = "film,title,genres\n" + "".join(f"{item},Film {item},Drama\n" for item in range(5))


@pytest.fixture
def own_files(tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "my films"
    folder.mkdir()
    (folder / "ratings.csv").write_text(RATINGS_TEXT)
    (folder / "films.csv").write_text(FILMS_TEXT)
    monkeypatch.chdir(tmp_path)
    return Path("my films")


@pytest.mark.usefixtures("own_files")
def test_a_configuration_of_own_files_is_written_and_its_use_is_shown(capsys):
    printed = ask(capsys, "init 'my films/ratings.csv' 'my films/films.csv'")
    assert "data     30 ratings by 6 users of 5 items, 1 to 5\n" in printed
    assert "joined   5 of 5 items are described\n" in printed
    assert "check    columns guessed from their values (user: who)\n" in printed
    assert printed.endswith("next     blendmf run my-films.yaml\n")
    dataset = yaml.safe_load(Path("my-films.yaml").read_text())["dataset"]
    assert dataset["path"] == "my films"
    assert dataset["csv"]["ratings"]["user"] == "who"


@pytest.mark.usefixtures("own_files")
@pytest.mark.parametrize("options", ["--name mine", "--name other --output mine.yaml"])
def test_an_existing_configuration_is_never_overwritten(capsys, options):
    Path("mine.yaml").write_text("mine\n")
    assert "mine.yaml exists already" in refused(capsys, f"init 'my films/ratings.csv' {options}")
    assert Path("mine.yaml").read_text() == "mine\n"


@pytest.mark.usefixtures("own_files")
def test_nothing_is_written_if_the_files_cannot_be_used(capsys):
    Path("my films/ratings.csv").write_text("user,film\n1,2\n")
    assert "no column may be the ratings" in refused(capsys, "init 'my films/ratings.csv'")
    assert not list(Path().glob("*.yaml"))


@pytest.mark.usefixtures("own_files")
def test_a_missing_folder_for_the_configuration_is_refused(capsys):
    command = "init 'my films/ratings.csv' --output nowhere/mine.yaml"
    assert "nowhere/mine.yaml: cannot be written: No such file" in refused(capsys, command)


def test_several_files_of_ratings_are_one_data_set(capsys, own_files):
    header, *rows = RATINGS_TEXT.splitlines()
    for name, part in (("ratings.csv", rows[:10]), ("later.csv", rows[10:])):
        (own_files / name).write_text("\n".join([header, *part]) + "\n")
    printed = ask(capsys, "init 'my films/ratings.csv' --more 'my films/later.csv' --name mine")
    assert "30 ratings by 6 users of 5 items, 1 to 5\n" in printed
    assert "ratings.csv and later.csv, user: who" in printed
    dataset = yaml.safe_load(Path("mine.yaml").read_text())["dataset"]
    assert dataset["csv"]["ratings"]["file"] == ["ratings.csv", "later.csv"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("my films/ratings.csv", "named twice"),
        ("elsewhere.csv", "different folders"),
        ("my films/none.csv", "no such file"),
        ("my films/films.csv", "who"),
    ],
)
@pytest.mark.usefixtures("own_files")
def test_a_further_file_must_be_another_one_of_the_same_form(capsys, more, message):
    Path("elsewhere.csv").write_text(RATINGS_TEXT)
    assert message in refused(capsys, f"init 'my films/ratings.csv' --more '{more}'")
    assert not list(Path().glob("*.yaml"))
