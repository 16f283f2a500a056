"""Mistakes in the configuration and in one's own files, reported together before any job."""

import gzip
import io
import subprocess
import sys
from copy import deepcopy
from pathlib import Path

import pandas as pd
import pytest
import yaml

from blendmf.common.errors import UserError
from blendmf.ingest.precheck import SAMPLE_BYTES, checked

DEFAULT = yaml.safe_load((Path(__file__).parents[3] / "config.yaml").read_text())
HEADER = "user,film,stars,when\n"
RATINGS = HEADER + "".join(
    f"u{user},{film},{2 + 2 * (film == 'a')},130000{user}{number}00\n"
    for user in range(3)
    for number, film in enumerate("abcdefg")
)


def configured(folder: Path, ratings: str = RATINGS, **changes) -> dict:
    (folder / "ratings.csv").write_text(ratings)
    (folder / "films.csv").write_text("film,title,kinds\na,Heat,Crime\n")
    columns = {"user": "user", "item": "film", "rating": "stars", "timestamp": "when"}
    config = deepcopy(DEFAULT)
    config["dataset"] |= {
        "name": "own",
        "path": str(folder),
        "rating_range": [1, 5],
        "csv": {
            "ratings": {"file": "ratings.csv", **columns},
            "items": {"file": "films.csv", "item": "film", "title": "title", "genres": "kinds"},
        },
    } | changes
    return config


def test_a_right_configuration_is_returned_with_notes_on_what_is_limited(tmp_path):
    found, notes = checked(configured(tmp_path))
    assert found.dataset.name == "own"
    assert notes == [
        "note: the data have 3 users and 7 items, so that ranks go up to 2 only (models pure-svd, "
        "svd)"
    ]


@pytest.mark.parametrize(
    ("ratings", "message"),
    [
        (RATINGS.replace(",4,", ",2,"), "all 21 ratings are 2"),
        (RATINGS + "u1,a,3,1300100000\n", "an item that the same user has rated further up"),
        (
            HEADER + "u1,a,4,1\nu2,b,2,1\nu3,a,3,1\n",
            "the validation part has no ratings.*3 of 3 users have fewer than 5.*global-temporal",
        ),
        (RATINGS.replace(",a,", ",A,"), "none of the 7 rated items is described"),
    ],
    ids=["equal ratings", "rated twice", "one rating each", "no join"],
)
def test_small_files_are_imported_and_split_before_any_job(tmp_path, ratings, message):
    with pytest.raises(UserError, match=message):
        checked(configured(tmp_path, ratings))


def test_files_of_a_given_split_are_imported_too(tmp_path):
    config = configured(tmp_path)
    config["split"] |= {"scheme": "given", "test": "held.csv"}
    held = tmp_path / "held.csv"
    held.write_text(HEADER + "u0,h,4,1300000900\n")
    found, _ = checked(config)
    assert found.dataset.csv.ratings.files == ["ratings.csv", "held.csv"]
    held.write_text(HEADER + "u0,h,7,1300000900\n")
    with pytest.raises(UserError, match=r"held.csv: line 2 .u0, h, 7"):
        checked(config)
    held.unlink()
    with pytest.raises(UserError, match=r"lacks held\.csv"):
        checked(config)


def test_all_mistakes_are_reported_at_once(tmp_path):
    config = configured(tmp_path, rating_range=[1, 3])
    config["dataset"]["csv"]["items"]["title"] = "name"
    config["evaluation"] |= {"relevance_threshold": 7, "kk": 3}
    with pytest.raises(UserError) as refusal:
        checked(config)
    lines = str(refusal.value).splitlines()
    assert [line.split(": ")[0] for line in lines] == [
        "configuration key evaluation.kk",
        "configuration key evaluation.relevance_threshold",
        "ratings.csv",
        "films.csv",
    ]
    assert "3 rating(s) outside 1 to 3: line 2" in lines[2]
    assert "no column 'name' (for title)" in lines[3]


def test_parquet_may_be_compressed(tmp_path):
    config = configured(tmp_path)
    content = io.BytesIO()
    pd.read_csv(tmp_path / "ratings.csv").to_parquet(content)
    (tmp_path / "ratings.csv").write_bytes(gzip.compress(content.getvalue()))
    assert "3 users and 7 items" in checked(config)[1][0]


def test_damaged_parquet_is_refused_before_any_job(tmp_path):
    config = configured(tmp_path)
    config["dataset"]["csv"]["ratings"]["file"] = "ratings.parquet"
    (tmp_path / "ratings.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(UserError, match="cannot be read as Parquet"):
        checked(config)


def test_a_missing_file_names_those_that_are_there(tmp_path):
    config = configured(tmp_path)
    config["dataset"]["csv"]["items"]["file"] = "movies.csv"
    with pytest.raises(UserError, match=r"lacks movies\.csv.*it has films\.csv, ratings\.csv"):
        checked(config)


def test_an_unknown_data_set_and_a_missing_path_are_refused(tmp_path):
    with pytest.raises(UserError, match="'own' is not a known data set"):
        checked(configured(tmp_path, csv=None))
    with pytest.raises(UserError, match=r"dataset\.path: nowhere does not exist"):
        checked(configured(tmp_path, path="nowhere"))


def test_a_threshold_outside_the_range_of_a_known_data_set_is_refused():
    config = deepcopy(DEFAULT)
    config["evaluation"]["relevance_threshold"] = 1
    with pytest.raises(UserError, match="1 divides no ratings from 1 to 5"):
        checked(config)


def test_only_whole_rows_of_a_long_file_are_read(tmp_path):
    text = "user,film,stars,when\n" + "".join(
        f'u,"{n}\n{n}",4,1300000000\n' for n in range(SAMPLE_BYTES // 20)
    )
    assert len(text) > SAMPLE_BYTES
    assert checked(configured(tmp_path, text))[0].dataset.name == "own"


@pytest.mark.parametrize(("encoding", "end"), [("utf-16", "\n"), ("utf-8", "\r")])
def test_long_files_are_cut_between_rows(tmp_path, encoding, end):
    text = HEADER + "".join(f"u,{n},4,1300000000\n" for n in range(SAMPLE_BYTES // 15))
    config = configured(tmp_path)
    (tmp_path / "ratings.csv").write_bytes(text.replace("\n", end).encode(encoding))
    config["dataset"]["csv"]["ratings"]["encoding"] = encoding
    del config["dataset"]["csv"]["items"]
    assert checked(config)[0].dataset.name == "own"


@pytest.mark.parametrize("last", ["", "u,a,bad,1300000000\n"], ids=["right", "wrong"])
def test_a_mark_of_inches_in_the_first_row_hides_no_rows(tmp_path, last):
    rows = [f"u,{n},4,1300000000\n" for n in range(SAMPLE_BYTES // 15)]
    rows.insert(1000, last)
    config = configured(tmp_path, 'u,12" x,3,1300000000\n' + "".join(rows))
    columns = {"user": 0, "item": 1, "rating": 2, "timestamp": 3}
    config["dataset"]["csv"] = {"ratings": {"file": "ratings.csv", **columns}}
    if not last:
        assert checked(config)[0].dataset.name == "own"
        return
    with pytest.raises(UserError, match=r"line 1002 \(u, a, bad"):
        checked(config)


def test_models_that_learn_from_users_need_a_file_that_describes_them(tmp_path):
    config = configured(tmp_path)
    config["models"]["bayes"]["user_features"] = True
    with pytest.raises(UserError, match=r"models\.bayes\.user_features: true, but nothing"):
        checked(config)
    config["dataset"]["csv"]["users"] = {"file": "people.csv", "user": "id"}
    with pytest.raises(UserError, match=r"lacks people\.csv"):
        checked(config)
    (tmp_path / "people.csv").write_text("id,age\nu0,30\n")
    found, _ = checked(config)
    assert found.models["bayes"].uses_user_features
    config["models"]["mf"]["user_features"] = True
    with pytest.raises(UserError, match=r"mf\.user_features: true needs optimiser: bayes, not sgd"):
        checked(config)
    config["dataset"] |= {"csv": None, "format": "recbole"}
    del config["models"]["mf"]["user_features"]
    (tmp_path / "ratings.csv").rename(tmp_path / "x.inter")
    text = RATINGS.replace(HEADER, "").replace(",", "\t")
    header = "user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
    (tmp_path / "x.inter").write_text(header + text)
    with pytest.raises(UserError, match="nothing describes the users"):
        checked(config)


def test_checks_load_no_heavy_library() -> None:
    """Every start of Snakemake checks the configuration."""
    heavy = ("numba", "torch", "sklearn", "scipy.stats", "optuna", "matplotlib")
    code = f"import sys, blendmf.ingest.precheck; print(sorted(set({heavy}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_doubts_about_ids_are_told_before_the_run(tmp_path):
    text = HEADER + "u,a,4,1300000000\nu,b,3,1300000060\nu\u00a0,a,2,1300000120\n"
    text += "".join(f"v,{n},3,{1300000000 + n}\n" for n in range(9))
    config = configured(tmp_path, text)
    del config["dataset"]["csv"]["items"]
    [doubt, *_] = checked(config)[1]
    assert doubt.startswith("note: ratings.csv: 1 user_ids that look like others")
    assert "line 4" in doubt
