import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blendmf.ingest.ids import ORDINARY, plain


@given(st.text(max_size=12))
def test_what_people_see_is_read_again_as_the_same(text):
    seen = plain(text)
    assert plain(seen) == seen or not unicodedata.is_normalized("NFKC", seen)
    assert not any(unicodedata.category(c) in ("Cf", "Cc") for c in seen)
    assert seen == seen.strip()


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126)))
def test_visible_ascii_stays(text):
    assert ORDINARY.fullmatch(text)
    assert plain(text) == text


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        *((" a  b\t", "a b"), ("a\u00a0b", "a b"), ("a\u200bb", "ab"), ("\ufeffa", "a")),
        *(("\u0663\uff13\u0969", "333"), ("cafe\u0301", "caf\u00e9"), ("o\ufb01", "ofi")),
        *(
            ("\u2764\ufe0f", "\u2764"),
            ("a\x00b", "a b"),
            ("\u200b\u00a0", ""),
            ("\u0430", "\u0430"),
        ),
    ],
)
def test_known_looks(text, seen):
    assert plain(text) == seen
