from docutils.core import publish_doctree, publish_parts
from hypothesis import given, settings
from hypothesis import strategies as st

from blendmf.report.rst import escaped, free_text, list_table, literal, plain


@settings(deadline=None)
@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"]), min_size=1))
def test_docutils_shows_escaped_text_unchanged(text):
    assert publish_doctree(f"x {escaped(text)} x").astext() == f"x {text} x"
    assert publish_doctree(free_text(text)).astext() == text


def test_docutils_reads_a_list_table():
    text = list_table(["Model", "RMSE"], [["``mf``", "0.98"], ["``svd``", "1.01"]])
    strict = {"halt_level": 2}
    whole = publish_parts(text, writer="pseudoxml", settings_overrides=strict)["whole"]
    assert whole.count("<entry>") == 6
    assert whole.count("<thead>") == 1


@settings(deadline=None)
@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"]), min_size=1))
def test_plain_text_is_what_docutils_shows(text):
    assert plain(f"x {escaped(text)} x") == f"x {text} x"


def test_plain_text_has_no_markup():
    text = f"**Yes:** {literal('mf')} and *all*\nothers, d\\ :sub:`z` 0.2"
    assert plain(text) == "Yes: mf and all others, dz 0.2"
    assert plain(text) == " ".join(publish_doctree(text).astext().split())
