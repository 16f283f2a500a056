import re
import shutil

import pandas as pd
import pytest

from benchmarks.docs_data import DATA, OF_VARIANTS, commands, read, refresh
from benchmarks.docs_figures import PAGES, TABLES, filled
from benchmarks.docs_tables import gap_of
from blendmf.common.errors import UserError
from blendmf.common.files import write_json
from configs import ROOT

STUDIES = sorted((ROOT / PAGES).glob("*.md"))


@pytest.fixture(autouse=True)
def _in_the_project(monkeypatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.fixture
def data(tmp_path):
    """A copy of the small files."""
    return shutil.copytree(ROOT / DATA, tmp_path / "data")


@pytest.mark.parametrize("page", STUDIES, ids=lambda page: page.stem)
def test_the_pages_have_the_tables_of_the_small_files(page) -> None:
    text = page.read_text(encoding="utf-8")
    assert filled(text, ROOT / DATA) == text, "run make docs-figures"


def test_every_table_of_a_page_ends_and_every_file_is_shown() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in STUDIES)
    assert text.count("<!-- table ") == text.count("<!-- end of table -->")
    files = {path.relative_to(ROOT / DATA).as_posix() for path in (ROOT / DATA).rglob("*.csv")}
    assert files <= commands().keys()


def test_a_table_between_the_marks_is_replaced(data) -> None:
    page = "# A\n\n<!-- table parts -->\nold\n<!-- end of table -->\nafter\n"
    table = pd.DataFrame({"variant": ["mf"], "data_set": ["a"], "rmse": [0.9], "sd": [0.01]})
    table.to_csv(data / "benchmarks/parts.csv", index=False)
    found = filled(page, data)
    assert "| variant | a |\n| --- | --- |\n| mf | 0.9000 ± 0.0100 |" in found
    assert "old" not in found
    assert found.endswith("<!-- end of table -->\nafter\n")
    assert filled(found, data) == found


def test_a_table_without_a_file_names_its_command_and_an_unknown_one_is_refused(data) -> None:
    (data / "ml-100k/audit.csv").unlink()
    page = "<!-- table {} -->\n<!-- end of table -->\n"
    assert "Not measured yet: `make audit`" in filled(page.format("audit, ml-100k"), data)
    with pytest.raises(UserError, match="no table is called 'other'"):
        filled(page.format("other"), data)


def test_differences_are_bold_if_the_interval_excludes_0() -> None:
    assert gap_of(-0.2, -0.3, -0.1) == "**-0.2000** (-0.3000 to -0.1000)"
    assert gap_of(0.2, -0.1, 0.3) == "+0.2000 (-0.1000 to +0.3000)"


def results_of_an_ablation(folder) -> None:
    rows = [
        ["full", "full", 0.9, None, None, None, None, False, False],
        ["no content", "no content", 0.95, 0.05, 0.04, 0.06, 0.001, True, False],
        ["without tags", "left out", 0.9, 0.0, 0.0, 0.0, None, False, True],
        ["placebo 1", "placebo", 0.96, 0.06, 0.05, 0.07, None, True, False],
    ]
    table = pd.DataFrame(rows, columns=OF_VARIANTS).assign(rmse_seed_1=0.9123456789)
    (folder / "ablation").mkdir(parents=True)
    table.to_csv(folder / "ablation/ablation.csv", index=False)
    of_placebos = {
        "n_placebos": 19,
        "mean": 0.96,
        "sd": 0.1,
        "lowest": 0.955,
        "highest": 0.97,
        "true_content": 0.9,
        "n_beaten": 19,
        "p_value": 0.05,
        "smallest_p_value": 0.05,
        "distance": 12.0,
        "difference": -0.06,
        "low": -0.07,
        "high": -0.05,
        "verdict": "true",
    }
    write_json(folder / "ablation/placebos.json", of_placebos)
    (folder / "ablation/ablation.svg").write_text("<svg/>")


def test_results_are_copied_with_their_pictures_and_become_tables(data, tmp_path) -> None:
    results_of_an_ablation(tmp_path / "results/ml-100k")
    before = read(data, "ml-100k/models.csv")
    copied = refresh(tmp_path / "results", data, tmp_path / "images")
    assert copied == ["ml-100k/ablation.csv", "ml-100k/ablation-placebos.csv"]
    assert "rmse_seed_1" not in read(data, "ml-100k/ablation.csv")
    pd.testing.assert_frame_equal(read(data, "ml-100k/models.csv"), before)
    assert (tmp_path / "images/ml-100k/ablation.svg").read_text() == "<svg/>"
    rows = list(TABLES["ablation, ml-100k"](data))
    assert rows[1:] == [
        ("full", "0.9000", "", ""),
        ("no content", "0.9500", "**+0.0500** (+0.0400 to +0.0600)", "0.0010"),
        (
            "without tags (the data have no such words)",
            "0.9000",
            "+0.0000 (+0.0000 to +0.0000)",
            "",
        ),
        ("placebos, mean of 19", "0.9600", "**+0.0600** (+0.0500 to +0.0700)", ""),
    ]


def test_the_effect_of_a_pair_is_turned_to_the_order_of_the_table(data) -> None:
    table = {row[0]: row[2] for row in TABLES["pairs, ml-100k"](data) if row[1] == "`mf`"}
    found = read(data, "ml-100k/differences.csv")
    pair = found[
        found["model_a"].isin(["mf", "mf-content"]) & found["model_b"].isin(["mf-content", "mf"])
    ]
    sign = 1 if pair["model_a"].item() == "mf-content" else -1
    assert float(re.findall(r"[-+][\d.]+", table["`mf-content`"])[0]) == pytest.approx(
        sign * pair["difference"].item(), abs=5e-5
    )
