from importlib.resources import files
from pathlib import Path

import pytest
import yaml

from blendmf.report.pages import texts
from blendmf.report.pages.texts import explanation, html_of, sections_of

NAMES = sorted(
    path.name.removesuffix(".rst") for path in files(texts.__package__).joinpath("texts").iterdir()
)


@pytest.fixture(scope="module")
def config():
    return yaml.safe_load(Path("config.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_every_text_is_read_without_a_warning(name, config):
    html = explanation(name, config)
    assert "system-message" not in html
    assert "{{" not in html
    assert "mailto:" not in html


def test_files_and_raw_html_are_not_included(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    html = html_of(
        f".. include:: {secret}\n\n.. raw:: html\n\n   <script>1</script>\n\n<b>bold</b>"
    )
    assert "secret</" not in html
    assert "<script" not in html
    assert "&lt;b&gt;" in html


def test_sections_are_found_by_their_headings():
    text = "One\n---\n\nfirst\n\nTwo words\n---------\n\n* second\n"
    assert sections_of(text) == {"One": "first", "Two words": "* second"}
