import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blendmf.common.errors import UserError
from blendmf.ingest import text_checks
from blendmf.ingest.text_checks import scanned
from blendmf.ingest.text_files import TextFile


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("text") / "a.csv"


@given(st.text(st.sampled_from('\r\n",a0xe-5\u0085\u00e9'), max_size=60), st.integers(1, 7))
@settings(deadline=None)
def test_a_scan_does_not_depend_on_its_chunks(file, text, chunk):
    file.write_text(text, encoding="utf-8", newline="")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_checks, "CHUNK", chunk)
        scan = scanned(TextFile(file))
    assert scan.n_lines == len(re.findall(r"\r\n|\r|\n|[^\r\n]+\Z", text))
    assert scan.n_quotes == text.count('"')
    assert scan.rare_numbers == bool(re.search(r"0x|[05,]e-[05]", text))
    assert scan.n_controls == text.count("\u0085")
    assert scan.n_others == text.count("\u0085") + text.count("\u00e9")


@given(st.text(st.sampled_from("\r\na\0"), max_size=40), st.integers(1, 7))
@settings(deadline=None)
def test_the_first_nul_is_named_with_its_line(file, text, chunk):
    file.write_text(text, encoding="utf-8", newline="")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_checks, "CHUNK", chunk)
        if "\0" not in text:
            scanned(TextFile(file))
            return
        line = len(re.findall(r"\r\n|\r|\n", text[: text.index("\0")])) + 1
        with pytest.raises(UserError, match=rf"line {line} has the character NUL"):
            scanned(TextFile(file))
