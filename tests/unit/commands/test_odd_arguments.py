"""Odd arguments of commands: a reply or one message, soon."""

import os
import time
from pathlib import Path

import pytest

from blendmf.commands.entry import main

pytestmark = pytest.mark.usefixtures("run")

TEXTS = [
    *("", "\u0665", "\uff15", "\u096b", "\u00b2", "-5", "+5", "5.0", "05", "1e400", "nan", "0x5"),
    *("9" * 400, "9" * 100_000, "x" * 100_000, "a " * 50_000, ", the" * 25_000, "(" * 100_000),
    *("\u0301" * 100_000, "\u00e9" * 50_000, "\u00df" * 30_000, "\ufdfa" * 20_000, "." * 1000),
    *("\x1b[31m", "\0", "\udcff", "=1+1", "5\u200b", "5\u00a0", "5\n", "<script>", "../..", "/"),
    *("a, the " * 140, ", the" * 200, "(a, the) " * 100, "\ufdfa" * 1000),
]


def ended(capsys, *arguments: str) -> int:
    """Exit code; what was printed is of bounded length and cannot act on the terminal."""
    start = time.monotonic()
    code = main(list(arguments))
    assert time.monotonic() - start < 5
    error = capsys.readouterr().err
    assert len(error) < 5000
    assert "\x1b[31m" not in error
    return code


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_ids_and_titles(capsys, text):
    pair = ("--user=5", "--item-id=20")
    assert ended(capsys, "predict", f"--user={text}", pair[1], "--model=bias") == 2
    assert ended(capsys, "predict", pair[0], f"--item-id={text}", "--model=bias") == 2
    assert ended(capsys, "predict", pair[0], f"--item={text}", "--model=bias") in (0, 2)


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_names_of_models_and_folders(capsys, text):
    known = ("predict", "--user=5", "--item-id=20")
    assert ended(capsys, *known, f"--model={text}") == 2
    assert ended(capsys, *known, f"--seed={text}") == 2
    assert ended(capsys, *known, "-n", text) in (0, 2)
    if text:
        assert ended(capsys, *known, f"--results={text}") == 2
        assert ended(capsys, "results", text) == 2
        assert ended(capsys, "compare", text, "bias") == 2
        assert ended(capsys, "check", text) == 2


@pytest.mark.parametrize("n", [10**6, 10**12, 2**63, 10**30])
@pytest.mark.parametrize(
    "command",
    [
        ["recommend", "--user=5", "--model=bias"],
        ["predict", "--user=5", "--item=toy"],
        ["similar", "--item-id=20", "--by=words"],
        ["export", "recommendations"],
    ],
)
def test_a_number_of_items_beyond_all_gives_all(capsys, command, n):
    codes = [ended(capsys, *command, "-n", str(number)) for number in (5, n)]
    assert codes[0] == codes[1]


HEAD = "item,rating\n"
FILES = {
    "other digits": "item,rating\n20,\u0665\n",
    "infinite": HEAD + "20,inf\n",
    "missing": HEAD + "20,\n",
    "large": HEAD + "20,1e39\n",
    "small": HEAD + "20,1e-50\n",
    "hexadecimal": HEAD + "20,0x3\n",
    "underscore": HEAD + "20,1_0\n",
    "outside": HEAD + "20,99\n",
    "negative zero": HEAD + "20,-0\n",
    "unknown": HEAD + "999,5\n",
    "text": HEAD + "abc,5\n",
    "a fraction": HEAD + "20.5,5\n",
    "a long id": HEAD + "9" * 30 + ",5\n",
    "twice": HEAD + "20,5\n20,4\n",
    "nothing": "",
    "a header": HEAD,
    "NUL": HEAD + "20\0,5\n",
    "random": b"\0\xff" + os.urandom(200),
    "an open quote": HEAD + '20,"5\n',
    "ragged": HEAD + "20,5,6\n20\n",
    "no title": "title,rating\n,5\n",
    "a long title": 'title,rating\n"' + "a, the " * 20_000 + '",5\n',
    "a formula": "title,rating\n=1+1,5\n",
    "a known user": "user,item,rating\n5,20,5\n",
    "no user": "user,item,rating\n,20,5\n",
    "now": "item,rating,timestamp\n20,5,now\n",
    "an infinite time": "item,rating,timestamp\n20,5,inf\n",
    "no time": "item,rating,timestamp\n20,5,\n",
    "a late time": "item,rating,timestamp\n20,5,1e30\n",
    "JSON": '[{"item": 20, "rating": 5}]',
    "a column twice": "item,item,rating\n20,20,5\n",
    "Parquet": b"PAR1xxxx",
}


@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
def test_odd_files_of_new_users_are_refused(capsys, tmp_path, content):
    (tmp_path / "r.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    assert ended(capsys, "recommend", f"--ratings={tmp_path / 'r.csv'}", "--model=bias") == 2


@pytest.mark.parametrize(
    "content",
    [
        *("item;rating\n20;5\n", '"item","rating"\n"20","5"\n', "\ufeffitem,rating\n20,5\n"),
        *("item,rating\r20,5\r", "item,rating\n20.0,5\n", "title,rating\nToy Story,5\n"),
        *((HEAD + "20,5\n").encode("utf-16"), "item,rating\n20,5\nabc,3\n"),
    ],
)
def test_files_of_new_users_in_many_forms_are_read(capsys, tmp_path, content):
    (tmp_path / "r.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    assert ended(capsys, "recommend", f"--ratings={tmp_path / 'r.csv'}", "--model=bias") == 0


@pytest.mark.parametrize("path", ["pipe", "folder", "/dev/zero", "/dev/null", "none", "x" * 300])
def test_what_is_no_file_is_refused(capsys, path):
    os.mkfifo("pipe")
    Path("folder").mkdir()
    assert ended(capsys, "recommend", f"--ratings={path}", "--model=bias") == 2
    assert ended(capsys, "init", path) == 2
    if path not in ("none", "/dev/null", "/dev/zero"):
        assert ended(capsys, "recommend", "--user=5", f"--output={path}", "--model=bias") == 2


def test_an_output_never_replaces_a_device(capsys):
    for device in ("/dev/null", "/dev/zero"):
        assert ended(capsys, "recommend", "--user=5", f"--output={device}", "--model=bias") == 2
        assert Path(device).is_char_device()


@pytest.mark.parametrize(
    "stray",
    [
        *(
            "models/mf/seed-x/model.npz",
            "models/mf/seed-\u0663/model.npz",
            "models/x/seed-/model.npz",
        ),
        *("models/final/y/model.npz", "../other/comparison/table.csv/file", "../a\nb/file"),
        "../other/models/x/model.npz/file",
    ],
)
def test_stray_folders_are_not_of_a_run(capsys, run, stray):
    (run / stray).parent.mkdir(parents=True)
    (run / stray).write_bytes(b"")
    assert ended(capsys, "predict", "--user=5", "--item-id=20") == 0
    assert ended(capsys, "results") == 0


@pytest.mark.parametrize(
    "content", [b"", b"\0\0", b"model,rmse\n\xff,1\n", b"a,b\n", b'model,rmse\n"x,1\n', b"\n\n"]
)
def test_damaged_tables_of_results_are_named(capsys, content):
    table = Path("results/other/comparison/table.csv")
    table.parent.mkdir(parents=True)
    table.write_bytes(content)
    assert main(["results", "other"]) == 2
    assert f"{table}: " in capsys.readouterr().err
    assert ended(capsys, "compare", "results/films", "results/other") == 2
