"""Pages of the documentation that name what the code has."""

import re
from importlib import import_module

import blendmf
from configs import ROOT

DOCS = ROOT / "docs"


def text_of(path: str) -> str:
    return (DOCS / path).read_text(encoding="utf-8")


def test_the_python_reference_has_every_name_that_blendmf_hands_on() -> None:
    places = re.findall(r"^::: ([\w.]+)$", text_of("reference/python.md"), re.MULTILINE)
    found = {}
    for place in places:
        module, _, name = place.rpartition(".")
        found[name] = getattr(import_module(module), name)
    for name in blendmf.__all__:
        assert found[name] is getattr(blendmf, name)


def test_the_page_of_results_is_the_readme_of_the_results() -> None:
    (path,) = re.findall(r'--8<-- "(.+)"', text_of("reference/results.md"))
    readme = (ROOT / path).read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)]+)\)", readme)
    headings = {
        re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^#+ (.+)$", readme, re.MULTILINE)
    }
    # A link to a file would lead elsewhere from the page than from the folder.
    assert {link.removeprefix("#") for link in links} <= headings
    assert all(link.startswith("#") for link in links)


def test_the_glossary_has_each_term_once_in_order() -> None:
    rows = re.findall(r"^\| ([^|]+) \| (.+) \|$", text_of("glossary.md"), re.MULTILINE)[1:]
    terms = [term for term, _ in rows]
    assert terms == sorted(set(terms), key=str.lower)
    assert all(meaning.endswith(".") for _, meaning in rows)
    assert {"audit", "placebo", "RMSE", "training part"} <= set(terms)
