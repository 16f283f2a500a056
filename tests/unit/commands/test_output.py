import io
import json
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from blendmf.commands.entry import main
from blendmf.commands.output import Format, fitting_widths, note, show
from blendmf.common.errors import UserError
from finished_run import ask

THIRD = 1 / 3
TABLE = pd.DataFrame(
    {
        "title": ["=1+1", "[red]Toy", "Amélie\x1b[2J", "東京"],
        "rmse": [THIRD, np.nan, 1e-17, 2.0],
        "n_users": [1234567, 2, 3, 4],
        "year": pd.array([1999, None, 2001, 2002], dtype="Int64"),
        "rating": np.array([3.3, 4, 5, 1], dtype=np.float32),
    }
)


def printed(capsys, form, **options):
    show(TABLE, form, None, **options)
    return capsys.readouterr().out


def test_csv_and_json_and_parquet_have_all_digits(capsys, tmp_path):
    back = pd.read_csv(io.StringIO(printed(capsys, Format.CSV)))
    assert back["rmse"].tolist()[::3] == [THIRD, 2.0]
    records = json.loads(printed(capsys, Format.JSON))
    assert [record["rmse"] for record in records] == [THIRD, None, 1e-17, 2.0]
    assert records[1]["year"] is None
    show(TABLE, None, tmp_path / "table.parquet")
    assert pq.read_table(tmp_path / "table.parquet").column_names == list(TABLE)
    pd.testing.assert_series_equal(
        pd.read_parquet(tmp_path / "table.parquet")["rmse"], TABLE["rmse"]
    )


def test_formulas_are_texts_in_csv_alone(capsys):
    back = pd.read_csv(io.StringIO(printed(capsys, Format.CSV)))
    assert back["title"].tolist()[:2] == ["'=1+1", "[red]Toy"]
    assert json.loads(printed(capsys, Format.JSON))[0]["title"] == "=1+1"


def test_the_table_in_a_pipe_is_plain_aligned_and_whole(capsys):
    long = TABLE.assign(title=["x" * 300, *TABLE["title"][1:]])
    show(long, None, None)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["Title", "RMSE", "Users", "Year", "Rating"]
    assert "x" * 300 in lines[1]
    assert "1,234,567" in lines[1]
    assert "[red]Toy" in lines[2]
    assert lines[2].split()[1] == "\N{EN DASH}"
    assert "Amélie?[2J" in lines[3]
    assert len({line.rindex(" ") for line in lines[1:2] + lines[3:4]}) == 1


def test_people_see_the_shown_columns_and_others_see_all(capsys):
    assert "Users" not in printed(capsys, None, shown=["title", "rmse"])
    assert "n_users" in printed(capsys, Format.CSV, shown=["title", "rmse"])
    assert "0.33 " in printed(capsys, None, shown=["rmse", "title"], decimals=2)


def test_the_ending_of_the_file_decides_on_the_form(tmp_path, capsys):
    for name in ("table.csv", "table.json", "table.txt"):
        show(TABLE, None, tmp_path / name)
    assert (tmp_path / "table.csv").read_text().startswith("title,rmse")
    assert len(json.loads((tmp_path / "table.json").read_text())) == 4
    assert (tmp_path / "table.txt").read_text().startswith("Title")
    assert "4 rows" in capsys.readouterr().err


def test_a_file_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        show(TABLE, None, tmp_path / "file" / "table.csv")


def on_terminal(monkeypatch):
    """Make standard output a terminal of 60 columns; pytest has its own until the test runs."""

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("TERM", "xterm")
    return screen


def test_parquet_is_not_for_a_terminal(monkeypatch):
    screen = on_terminal(monkeypatch)
    with pytest.raises(UserError, match="--output"):
        show(TABLE, Format.PARQUET, None)
    assert screen.getvalue() == ""


def test_a_terminal_gets_a_table_that_fits_and_hides_no_number(monkeypatch):
    screen = on_terminal(monkeypatch)
    show(TABLE, None, None)
    lines = re.sub(r"\x1b\[[\d;]*m", "", screen.getvalue()).splitlines()
    assert max(map(len, lines)) <= 60
    assert len(lines) == 2 + len(TABLE)
    assert "[red]Toy" in screen.getvalue()
    assert "1,234,567" in screen.getvalue()
    assert "\x1b[2J" not in screen.getvalue()


def test_columns_that_do_not_fit_are_named(monkeypatch, capsys):
    screen = on_terminal(monkeypatch)
    monkeypatch.setenv("COLUMNS", "33")
    show(TABLE, None, None)
    assert "1,234,567" in screen.getvalue()
    assert "Too narrow for: Year, Rating" in capsys.readouterr().err


def test_columns_break_at_headers_then_texts_and_are_left_out_last():
    cells = (
        ["Name", "A long header", "B"],
        [False, True, True],
        [["a title of words", "1.25", "12345"]],
    )
    assert fitting_widths(cells, 80) == [16, 13, 5]
    assert fitting_widths(cells, 31) == [16, 6, 5]
    assert fitting_widths(cells, 22) == [7, 6, 5]
    assert fitting_widths(cells, 16) == [8, 6]
    assert fitting_widths(cells, 1) == [5]


def test_notes_go_to_stderr(capsys):
    note("for people")
    assert capsys.readouterr() == ("", "for people\n")


@pytest.mark.usefixtures("run")
def test_a_reader_that_stops_early_causes_no_message():
    command = [sys.executable, "-m", "blendmf.commands.entry", "export", "predictions"]
    asked = subprocess.Popen(
        [*command, "--model", "mean", "--format", "csv"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    asked.stdout.close()
    message = asked.stderr.read().decode()
    asked.stderr.close()
    assert asked.wait() == 0
    assert message == "Model mean, fitted on the training part, seed 1, of results/films\n"


@pytest.mark.usefixtures("run")
def test_parquet_in_a_pipe_is_written(capsysbinary):
    assert main(["results", "films", "--format", "parquet"]) == 0
    back = pd.read_parquet(io.BytesIO(capsysbinary.readouterr().out))
    assert back["model"].tolist() == ["gone", "bias", "mean"]


@pytest.mark.usefixtures("run")
def test_every_command_with_a_table_writes_it_to_a_file(capsys, tmp_path):
    for command in ("results", "datasets", "compare bias mean", "recommend --user 8"):
        ask(capsys, f"{command} --output {tmp_path}/table.json")
        assert json.loads((tmp_path / "table.json").read_text())
