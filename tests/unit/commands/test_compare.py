import json

import pytest

from blendmf.commands.compare import differing_settings
from blendmf.commands.entry import main
from blendmf.common.files import read_json, write_json
from finished_run import ask, refused, write_run


@pytest.mark.usefixtures("run")
def test_two_models_are_compared_in_both_directions(capsys):
    rows = json.loads(ask(capsys, "compare bias mean --format json"))
    assert [(row["metric"], row["difference"], row["finding"]) for row in rows] == [
        ("rmse", -0.1, "better"),
        ("rated_ndcg_at_k", 0.0, "not distinguishable"),
    ]
    [rmse, _] = json.loads(ask(capsys, "compare mean bias --format json"))
    assert (rmse["difference"], rmse["low"], rmse["high"]) == (0.1, 0.05, 0.2)
    assert (rmse["finding"], rmse["share_a_better"]) == ("worse", 0.25)
    shown = ask(capsys, "compare bias mean")
    assert "NDCG@10, rated" in shown
    assert "< 0.001" in shown


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("compare bias meen", "no such model in results/films; it has bias, mean; perhaps"),
        ("compare bias bias", "compared with itself"),
        ("compare results/films results/none", "results/none: no such folder"),
        ("compare results/films results/small-matrix", "has no compared models"),
        ("compare bias", "Missing argument"),
    ],
)
@pytest.mark.usefixtures("run")
def test_what_cannot_be_compared_is_refused(capsys, command, message):
    status = main(command.split())
    assert status == 2
    assert message in capsys.readouterr().err


def test_two_folders_are_compared_by_model_and_by_setting(capsys, run, tmp_path):
    other = tmp_path / "earlier"
    write_run(other)
    assert main(["compare", str(run), str(other)]) == 0
    assert "All settings are the same" in capsys.readouterr().err
    manifest = read_json(other / "manifest.json")
    manifest["configuration"]["split"]["scheme"] = "given"
    manifest["configuration"]["extra"] = None
    write_json(other / "manifest.json", manifest)
    table = other / "comparison/table.csv"
    table.write_text(table.read_text().replace("mean,1.0", "mean,0.75").replace("gone", "new"))
    rows = json.loads(ask(capsys, f"compare {run} {other} --format json"))
    found = {(row["model"], row["metric"]): (row["a"], row["b"]) for row in rows}
    assert found["mean", "rmse"] == (1.0, 0.75)
    assert {model for model, _ in found} == {"bias", "mean"}
    settings = json.loads(ask(capsys, f"compare {run} {other} --settings --format json"))
    assert settings == [
        {"setting": "split.scheme", "a": "random", "b": "given"},
        {"setting": "extra", "a": "\N{EN DASH}", "b": "None"},
    ]
    (other / "manifest.json").unlink()
    assert "no manifest.json" in refused(capsys, f"compare {run} {other} --settings")


def test_settings_are_compared_by_dotted_key():
    one = {"a": {"b": {"c": 1, "d": []}}, "e": {}}
    other = {"a": {"b": {"c": 2, "d": []}}, "e": {"f": None}}
    assert list(differing_settings(one, other)) == [
        ("a.b.c", "1", "2"),
        ("e", "{}", "\N{EN DASH}"),
        ("e.f", "\N{EN DASH}", "None"),
    ]
