import json
import os
import re

import pytest

from blendmf.report.pages.index import index_page


@pytest.fixture
def data_set(tmp_path):
    def make(name, day, answer="Yes.", pages=()):
        folder = tmp_path / name
        files = {
            "report.html": "",
            "comparison/table.csv": "model,rmse\nmf,0.9\n",
            "data/source.json": {"counts": {"ratings": 1000, "users": 3, "items_rated": 4}},
            "manifest.json": {"git": None},
            "comparison/summary.json": {
                "answer": answer,
                "cautions": ["One."],
                "best": [{"model": "mf", "rmse": 0.9, "low": None, "high": None}],
            },
        }
        for path, content in {**files, **dict.fromkeys(pages, "")}.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(content if isinstance(content, str) else json.dumps(content))
        os.utime(folder / "manifest.json", (86400 * day,) * 2)

    return make


def test_every_report_is_listed_the_newest_first(data_set, tmp_path):
    data_set("older", 1, pages=["audit/audit.html"])
    data_set("newer", 2, answer="No <b>.")
    (tmp_path / "unfinished").mkdir()
    html = index_page(tmp_path)
    assert re.findall("<h2[^>]*>(.*?)</h2>", html) == ["newer", "older"]
    assert re.findall('class="page" href="(.*?)"', html) == [
        *("newer/report.html", "older/report.html", "older/audit/audit.html"),
    ]
    assert "No &lt;b&gt;." in html
    assert "3 January 1970, 00:00 UTC" in html
    assert "mf: 0.9000</li>" in html
    assert "1,000 ratings by 3 users" in " ".join(html.split())


def test_without_reports_the_page_says_so(tmp_path):
    assert "No data set has a report." in index_page(tmp_path)
