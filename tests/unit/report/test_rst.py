from docutils.core import publish_doctree, publish_parts
from hypothesis import given, settings
from hypothesis import strategies as st

from blendmf.common.wording import enumerated, p_value, share_of
from blendmf.report.rst import escaped, html_file, list_table


def test_pieces_of_text():
    assert enumerated(["a"]) == "a"
    assert enumerated(["a", "b", "c"]) == "a, b and c"
    assert share_of(5, 5) == "100.0 % (5 of 5)"
    assert p_value(0.0004) == "p < 0.001"
    assert p_value(0.0123) == "p = 0.012"


@settings(deadline=None)
@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"]), min_size=1))
def test_escaped_text_comes_out_of_docutils_as_it_went_in(text):
    assert publish_doctree(f"x {escaped(text)} x").astext() == f"x {text} x"


def test_list_table_is_one_that_docutils_reads():
    text = list_table(["Model", "RMSE"], [["``mf``", "0.98"], ["``svd``", "1.01"]])
    strict = {"halt_level": 2}
    whole = publish_parts(text, writer="pseudoxml", settings_overrides=strict)["whole"]
    assert whole.count("<entry>") == 6
    assert whole.count("<thead>") == 1


def test_a_file_of_html_is_taken_in_from_the_folder_of_the_text(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "piece.html").write_text("<p>as <b>it</b> is</p>")
    (tmp_path / "below" / "inner.rst").write_text(html_file("piece.html"))
    page = publish_parts(".. include:: below/inner.rst", writer="html")["body"]
    assert "<p>as <b>it</b> is</p>" in page
