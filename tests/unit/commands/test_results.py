import json

import pytest

from blendmf.commands.entry import main
from finished_run import ask, refused, write_run


@pytest.mark.usefixtures("run")
def test_the_models_and_the_answer_of_a_data_set(capsys):
    assert main(["results"]) == 0
    printed = capsys.readouterr()
    assert printed.err == "Yes: it helps.\n"
    lines = printed.out.splitlines()
    assert lines[0].split()[:2] == ["Model", "RMSE"]
    assert "NDCG@10, full" in lines[0]
    assert [line.split()[0] for line in lines[1:]] == ["gone", "bias", "mean"]
    for dataset in ("films", "results/films"):
        rows = json.loads(ask(capsys, f"results {dataset} --format json"))
        assert [row["rmse"] for row in rows] == [0.8, 0.9, 1.0]


def test_the_models_of_all_data_sets(capsys, tmp_path, run):
    assert run.is_dir()
    write_run(tmp_path / "results/other")
    rows = json.loads(ask(capsys, "results --format json"))
    assert [row["dataset"] for row in rows] == ["films"] * 3 + ["other"] * 3
    assert ask(capsys, "results").splitlines()[0].startswith("Data set")


@pytest.mark.usefixtures("run")
def test_an_unknown_data_set_is_refused_with_the_known_ones(capsys):
    assert "those with results: films" in refused(capsys, "results nope")
    assert "has no compared models" in refused(capsys, "results small-matrix")


def test_the_data_sets_that_can_be_fetched_and_those_that_are_here(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BLENDMF_DATA", str(tmp_path / "local"))
    (tmp_path / "local/ml-1m").mkdir(parents=True)
    (tmp_path / "results/ml-100k/data/raw").mkdir(parents=True)
    rows = {row["name"]: row for row in json.loads(ask(capsys, "datasets --format json"))}
    assert rows["ml-1m"]["here"] == "in BLENDMF_DATA"
    assert rows["ml-100k"]["here"] == "from a run"
    assert rows["ml-20m"]["here"] == "no"
    assert rows["synthetic"]["here"] == "generated"
    assert rows["ml-25m"]["ratings"] == 25_000_095
    assert all(row["licence"] and row["citation"] for row in rows.values())
    sizes = {name: row["download_mb"] for name, row in rows.items()}
    assert sizes.pop("synthetic") is None
    assert all(0 < size < 300 for size in sizes.values())
