import pytest

from blendmf.commands.reference import PAGE, page
from configs import ROOT


@pytest.fixture(scope="module")
def text() -> str:
    return page()


def test_the_page_matches_the_commands(text: str) -> None:
    remedy = "run python -m blendmf.commands.reference"
    assert (ROOT / PAGE).read_text(encoding="utf-8") == text, remedy


def test_every_command_has_a_section_with_examples(text: str) -> None:
    sections = text.split("\n## ")[1:]
    names = [section.splitlines()[0] for section in sections]
    assert names[0] == "blendmf init"
    assert names[-1] == "blendmf export"
    of_export = sections[-1].split("\n### ")[1:]
    for section in [*sections[:-1], *of_export]:
        assert "```bash\nblendmf " in section or "```bash\nBLENDMF_DATA" in section


def test_options_have_their_values_and_defaults(text: str) -> None:
    assert (
        "| `-n` | whole number | Most items if several titles match. [default: 10; x>=1] |" in text
    )
    assert "| `--user` | `ID` | Id of the user in the data. [required] |" in text
    assert "| `--format` | `table`, `csv`, `json`, `parquet` | Form of the table" in text
    assert "| `--dry-run` |  | Show what would be done" in text
    assert "| `A` | text | A model, or a results folder. [required] |" in text
